"""What is said of a run while it goes on."""

import io

import pytest
from rich.console import Console

from annt_prof.report.text.progress import RunProgress
from annt_prof.runs.events import Started


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ("sampled", "plan: sampled (sets along a few random orders, not all of them), 2 variants"),
        ("factorial", "plan: factorial, 2 variants"),
    ],
)
def test_the_plan_says_where_not_all_sets_are_measured(design, said):
    screen = io.StringIO()
    with RunProgress(Console(file=screen, force_terminal=True, width=200)) as progress:
        progress(Started(("baseline", "amp"), 10, 60.0, design))
    assert said in screen.getvalue()
