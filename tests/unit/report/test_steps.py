"""What the answer says of how far a traced step may be trusted."""

import io

import pytest
from msgspec.structs import replace
from rich.console import Console

from annt_prof.report.steps import steps
from hand_made import breakdown, run, variant


@pytest.mark.parametrize(
    ("inflation", "expected"),
    [
        (0.05, "5.0 % longer than timed ones; the profiler slows the host, so read the shares"),
        (0.19, "so read the shares, not the sum"),
        (
            0.42,
            "42.0 % longer than timed ones; the profiler slows the host, and not every category",
        ),
        (-0.03, "the machine drifted in between, so read the shares"),
        (-0.3, "the machine drifted in between, and not every category alike: take the shares"),
    ],
)
def test_the_further_from_the_timed_step_the_less_its_shares_are_worth(inflation, expected):
    traced = variant("baseline", [100.0], breakdown=breakdown(100.0, forward=1.0))
    measured = run(traced)
    far = replace(measured.variants[0], profiler_inflation=inflation)
    measured = replace(measured, variants=(far,))
    console = Console(width=200, file=io.StringIO())
    console.print(steps(measured, 200))
    assert expected in " ".join(console.file.getvalue().split())
