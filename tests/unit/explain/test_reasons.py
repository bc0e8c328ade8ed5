"""The sentence of each finding, whole: every figure in it is a different one."""

import pytest

from annt_prof.explain.attribution import Placed
from annt_prof.explain.explanation import Bounds, Worth
from annt_prof.explain.reasons import reason
from annt_prof.runs.record import Speedup

NOWHERE = Placed(None, 0, None)
FASTER = Speedup(1.25, 1.2, 1.34, 15, 5)
SLOWER = Speedup(0.8, 0.75, 0.86, 15, 5)
STILL = Speedup(1.01, 0.97, 1.04, 15, 5)
BASELINE_NS = 40_000_000
BOUNDS = Bounds(-1_000_000, 6_000_000, "the stripes")
AT_MOST = "6.000 ms of 40.00 ms per sample (15.0 %): the stripes"


def said(worth, speedup, placed=NOWHERE, bounds=None, *, too_much=False, decided=None):
    return reason(worth, speedup, placed, bounds, BASELINE_NS, too_much=too_much, decided=decided)


def test_what_helps_and_what_hurts():
    assert said(Worth.HELPS, FASTER) == (
        "saves 20.0 % of the time per sample "
        "(95 % interval 16.7 % to 25.4 %, 15 rounds in 5 launches)"
    )
    assert said(Worth.HURTS, SLOWER) == (
        "costs 25.0 % of the time per sample "
        "(95 % interval 16.3 % to 33.3 %, 15 rounds in 5 launches)"
    )


def test_an_end_that_one_decimal_would_hide_has_two():
    assert said(Worth.HELPS, Speedup(1.004, 1.0003, 1.008, 15, 5)) == (
        "saves 0.40 % of the time per sample "
        "(95 % interval 0.03 % to 0.79 %, 15 rounds in 5 launches)"
    )


def test_what_shows_nothing_says_what_it_could_have_saved():
    moved = (
        "the time per sample moved by -1.0 % "
        "(95 % interval -3.8 % to 3.1 %, 15 rounds in 5 launches)"
    )
    limit = f"; it could not have saved more than {AT_MOST}"
    assert said(Worth.NO_MEASURABLE_EFFECT, STILL) == f"no measurable effect: {moved}"
    assert said(Worth.NO_MEASURABLE_EFFECT, STILL, bounds=BOUNDS, decided="loading decides") == (
        f"no measurable effect: {moved}{limit}; loading decides"
    )
    assert said(Worth.INCONCLUSIVE, STILL, bounds=BOUNDS) == (
        f"inconclusive: {moved}; more launches could tell{limit}"
    )
    # What was measured beyond the bound is not explained by what hides it.
    assert said(
        Worth.INCONCLUSIVE, STILL, bounds=BOUNDS, too_much=True, decided="loading decides"
    ) == (
        f"inconclusive: {moved}; more launches could tell"
        f"; its mechanism accounts for less than that: {AT_MOST}"
    )


def test_a_saving_beyond_the_bound_is_suspected_and_one_within_is_not():
    plain = said(Worth.HELPS, FASTER)
    assert said(Worth.HELPS, FASTER, bounds=BOUNDS) == plain
    assert said(Worth.HELPS, FASTER, too_much=True) == plain
    assert said(Worth.HELPS, FASTER, bounds=BOUNDS, too_much=True) == (
        f"{plain}. That is more than its mechanism accounts for: suspect noise, or something else "
        f"that changed with it, and measure again. The mechanism: {AT_MOST}"
    )


def test_a_bound_below_zero_is_one_of_nothing():
    below = Bounds(-9, -5, "the stripes")
    assert said(Worth.NO_MEASURABLE_EFFECT, STILL, bounds=below).endswith(
        "; it could not have saved more than 0.000 ms of 40.00 ms per sample (0.0 %): the stripes"
    )
    timeless = reason(Worth.NO_MEASURABLE_EFFECT, STILL, NOWHERE, BOUNDS, 0, too_much=False)
    assert timeless.endswith(" per sample (0 %): the stripes")


@pytest.mark.parametrize("ends", [(1.2, None), (None, 1.34), (None, None)])
def test_without_an_interval_there_is_none(ends):
    few = Speedup(1.25, *ends, 6, 2)
    assert said(Worth.HELPS, few) == (
        "saves 20.0 % of the time per sample (no interval, 6 rounds in 2 launches)"
    )


@pytest.mark.parametrize(
    ("low", "printed"),
    [(1.0004, "0.04 % to 25.37 %"), (1.0006, "0.1 % to 25.4 %"), (0.9996, "-0.04 % to 25.37 %")],
)
def test_two_decimals_where_one_would_hide_the_side_of_zero(low, printed):
    assert f"95 % interval {printed}," in said(Worth.HELPS, Speedup(1.25, low, 1.34, 15, 5))


def test_the_three_largest_movements_are_named_and_no_small_one():
    moved = {
        "forward": 3_000_000,
        "backward": 5_000_000,
        "optimizer": 1_500_000,
        "sync": 1_400_000,
        "data_loading": -2_000_000,
    }
    placed = Placed(moved, 8_900_000, 8_900_000)
    assert said(Worth.HELPS, FASTER, placed).endswith(
        "; where it was saved, per sample: backward 5.000 ms, forward 3.000 ms, optimizer 1.500 ms"
    )
    tenth = {"forward": 9_000_000, "backward": 1_000_000, "optimizer": -500_000}
    assert said(Worth.HELPS, FASTER, Placed(tenth, 9_500_000, 9_500_000)).endswith(
        ": forward 9.000 ms, backward 1.000 ms"
    )
    less = tenth | {"backward": 990_000}
    assert said(Worth.HELPS, FASTER, Placed(less, 9_490_000, 9_490_000)).endswith(
        ": forward 9.000 ms"
    )


def test_what_was_lost_is_named_by_where_it_was_lost():
    moved = {"forward": -7_000_000, "backward": 1_000_000}
    placed = Placed(moved, -6_000_000, -6_000_000)
    assert said(Worth.HURTS, SLOWER, placed).endswith(
        "; where it was lost, per sample: forward 7.000 ms"
    )
    # Nothing that was saved says where something was lost.
    only_saved = Placed({"backward": 1_000_000}, -6_000_000, -6_000_000)
    assert said(Worth.HURTS, SLOWER, only_saved) == said(Worth.HURTS, SLOWER)


def test_what_did_not_move_is_not_where_anything_was_saved():
    still = Placed({"forward": 0, "backward": -1}, 0, 0)
    assert said(Worth.HELPS, FASTER, still) == said(Worth.HELPS, FASTER)


def test_traces_that_show_something_else_place_nothing():
    placed = Placed({"forward": 1_000_000}, 9_000_000, 2_000_000)
    assert said(Worth.HELPS, FASTER, placed).endswith(
        "; where is not told, as the traced windows differ by 2.000 ms and not by 9.000 ms"
    )
    untraced = Placed({"forward": 1_000_000}, 9_000_000, None)
    assert "differ by 0.000 ms and not by 9.000 ms" in said(Worth.HELPS, FASTER, untraced)


@pytest.mark.parametrize(
    ("traced_ns", "interval", "agrees"),
    [
        (1_500, None, True),
        (1_499, None, True),
        (500, None, True),
        (499, None, False),
        (1_501, None, False),
        (400, (400, 1_600), True),
        (1_600, (400, 1_600), True),
        (399, (400, 1_600), False),
        (1_601, (400, 1_600), False),
        (None, (400, 1_600), False),
    ],
)
def test_traces_agree_within_the_interval_or_half_of_the_saving(traced_ns, interval, agrees):
    placed = Placed({"forward": 300}, 1_000, traced_ns, interval)
    assert placed.agrees is agrees
    assert placed.unreconciled_ns == (None if traced_ns is None else 1_000 - traced_ns)
    assert placed.not_in_trace_ns == 700
    assert Placed(None, 1_000, traced_ns, interval).not_in_trace_ns is None
