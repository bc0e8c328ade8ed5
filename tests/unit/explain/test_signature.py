"""What a technique moved: what is not told from noise is not said to have stayed."""

import pytest

from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.explain.signature import movements
from annt_prof.techniques.technique import Signature
from hand_made import MS, breakdown, variant

EXPECTED = Signature(
    falls=(Category.DATA_LOADING,), may_rise=(), stays_flat=(Category.FORWARD,), bound=""
)


def seen(loading_ms, *, noise_ms, timed_ms=100.0):
    """The baseline loads for 10 of 100 ms; of the variant as given."""
    before = breakdown(100.0, forward=0.6, data_loading=0.1)
    after = breakdown(100.0, forward=0.6, data_loading=loading_ms / 100)
    base, other = summarise(
        (
            variant("baseline", [100.0] * 3, breakdown=before),
            variant("amp", [timed_ms] * 3, breakdown=after),
        )
    )
    found = movements(EXPECTED, base, other, "cpu", noise_ms * MS / 8)
    return [(each.seen, each.as_expected) for each in found]


@pytest.mark.parametrize(
    ("loading_ms", "noise_ms", "loading"),
    [
        (5.0, 1.0, ("fell", True)),
        (9.5, 0.1, ("flat", False)),
        (9.5, 20.0, ("flat", False)),  # nothing that loads for 10 ms is hidden by so much alone
        (9.5, 3.0, ("unclear", None)),  # a fall of 3 of its 10 ms could not be seen
        (8.0, 3.0, ("unclear", None)),
    ],
)
def test_that_something_did_not_fall_is_told_only_where_it_could_be_seen(
    loading_ms, noise_ms, loading
):
    assert seen(loading_ms, noise_ms=noise_ms)[0] == loading


def test_what_a_trace_lacks_may_be_of_any_mover():
    assert seen(9.5, noise_ms=0.1)[1] == ("flat", True)
    assert seen(9.5, noise_ms=0.1, timed_ms=130.0) == [("unclear", None), ("unclear", None)]
