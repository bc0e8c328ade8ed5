"""What is said of windows that are not as long as the scenario asks."""

import pytest

from annt_prof.runner.preparation import _rounded
from annt_prof.runner.spans import Span
from annt_prof.scenario.schema import WindowChoice


@pytest.mark.parametrize(
    ("iterations", "at_epoch", "said"),
    [
        (12, False, True),
        (10, False, False),
        (13, True, False),  # whole epochs
        (16, False, False),  # a turn of loader processes, or what else comes round
        (8, False, False),  # cut to the budget
    ],
)
def test_accumulation_is_blamed_for_what_it_did_alone(iterations, at_epoch, said):
    span = Span(iterations, 1, 4, at_epoch, 1.0)
    assert (_rounded(WindowChoice(iterations=10), span, 4) is not None) is said
