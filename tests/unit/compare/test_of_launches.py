"""Which windows, rounds and launches a figure is made of."""

import math

import msgspec
import pytest

from annt_prof.compare.comparison import summarise
from annt_prof.compare.figures import (
    launch_of_rounds,
    log_ratios_of_launches,
    middle_ns,
    per_sample_ns,
    waited_ns,
    waited_share,
)
from annt_prof.compare.pairing import log_ratios, middle, speedup
from annt_prof.runs.record import Speedup
from hand_made import MS, variant

BASE = {0: 10.0, 1: 12.0, 2: 70.0, 3: 14.0}
OTHER = {0: 5.0, 1: 4.0, 2: 9.0, 3: 2.0}
LAUNCHES = {0: 0, 1: 0, 2: 0, 3: 1}


def test_windows_are_compared_with_those_of_their_own_round() -> None:
    """Ratios are 2, 3 and 7.8 in the first launch, and 7 in the second."""
    found = log_ratios_of_launches(BASE, OTHER, LAUNCHES)
    assert found == pytest.approx([math.log(3), math.log(7)])
    assert log_ratios_of_launches(BASE, OTHER, LAUNCHES, uneven=False) == found


def test_where_launches_have_long_steps_unequally_their_whole_times_are_compared() -> None:
    found = log_ratios_of_launches(BASE, OTHER, LAUNCHES, uneven=True)
    assert found == pytest.approx([math.log(92 / 18), math.log(7)])


def test_the_baseline_need_not_come_first() -> None:
    amp, baseline = summarise((variant("amp", [50.0, 52]), variant("baseline", [100.0, 104])))
    assert amp.speedup is not None
    assert amp.speedup.ratio == pytest.approx(2)
    assert baseline.speedup == Speedup(1.0, 1.0, 1.0, 2, 2)
    assert (amp.verdict is None, baseline.verdict) == (False, None)


def test_what_was_lost_is_not_judged_by_what_it_had() -> None:
    had = Speedup(1.5, 1.4, 1.6, 7, 3)
    crashed = variant("amp", [50.0], status="crashed", reason="killed", speedup=had)
    assert summarise((variant("baseline", [100.0]), crashed))[1] == crashed


@pytest.mark.parametrize(("uneven", "mean_ms"), [(False, 103), (True, 118)])
def test_the_mean_step_has_long_windows_only_where_they_are_no_disturbance(
    uneven: bool, mean_ms: int
) -> None:
    made = variant("baseline", [100.0, 103.0, 151.0], rounds_per_launch=3, uneven=uneven)
    (found,) = summarise((made,))
    assert found.step_time is not None
    assert found.step_time.mean_ns == mean_ms * MS


def test_rounds_that_only_one_of_two_has_count_for_neither() -> None:
    few, many = [100.0, 104.0], [50.0, 40.0, 20.0]
    assert launch_of_rounds(variant("baseline", few), variant("amp", many)) == {0: 0, 1: 1}
    logs = [math.log(100 / 50), math.log(104 / 40)]
    there = speedup(variant("baseline", few), variant("amp", many))
    back = speedup(variant("baseline", many), variant("amp", few))
    assert there is not None
    assert back is not None
    assert (there.rounds, there.launches) == (back.rounds, back.launches) == (2, 2)
    assert log_ratios(variant("baseline", few), variant("amp", many)) == pytest.approx(logs)
    assert math.log(back.ratio) == pytest.approx(-sum(logs) / 2)


def test_from_ten_launches_on_the_middle_ones_count() -> None:
    """The ends of scipy's interval, written out: winsorised variance, five degrees of freedom."""
    logs = [0.9, 0.10, 0.13, 0.11, -0.7, 0.14, 0.12, 0.16, 0.15, 0.17]
    centre, half = middle(logs, trims=True)
    assert centre == pytest.approx((0.11 + 0.12 + 0.13 + 0.14 + 0.15 + 0.16) / 6)
    ends = [0.11] * 3 + [0.12, 0.13, 0.14, 0.15] + [0.16] * 3
    mean = sum(ends) / 10
    spread = math.sqrt(sum((each - mean) ** 2 for each in ends) / 9)
    assert half == pytest.approx(2.570582 * spread / (0.6 * math.sqrt(10)), rel=1e-5)
    assert middle(logs, trims=False)[0] == pytest.approx(sum(logs) / 10)
    assert middle(logs[:9], trims=True)[0] == pytest.approx(sum(logs[:9]) / 9)


def test_waits_are_a_share_of_the_wall_and_that_of_the_step() -> None:
    """Of 500 and 700 ms 30 and 90 were waited, a tenth; so of a step of 120 ms it is 12."""
    (made,) = summarise((variant("baseline", [100.0, 140.0]),))
    assert (waited_share(made), waited_ns(made)) == (None, None)
    assert per_sample_ns(made) == {0: 12.5 * MS, 1: 17.5 * MS}
    waited = zip(made.windows, (30 * MS, 90 * MS), strict=True)
    windows = tuple(msgspec.structs.replace(window, waited_ns=ns) for window, ns in waited)
    waiting = msgspec.structs.replace(made, windows=windows)
    assert waited_share(waiting) == pytest.approx(0.1)
    assert waited_ns(waiting) == 12 * MS
    assert waited_ns(msgspec.structs.replace(waiting, step_time=None)) is None


def test_a_wait_is_of_the_rounds_that_the_step_is_of() -> None:
    """Of three rounds one stalls for 50 ms an iteration: neither the step nor the wait has it."""
    (made,) = summarise((variant("baseline", [10.0, 60.0, 10.0], rounds_per_launch=3),))
    waited = zip(made.windows, (2 * MS, 5 * 51 * MS, 5 * MS), strict=True)
    windows = tuple(msgspec.structs.replace(window, waited_ns=ns) for window, ns in waited)
    waiting = msgspec.structs.replace(made, windows=windows)
    assert made.step_time is not None
    assert made.step_time.within_epoch_ns == 10 * MS
    assert waited_ns(waiting) == MS
    assert waited_share(waiting) == 0.1


@pytest.mark.parametrize(
    ("count", "uneven", "mean"),
    [(5, False, 20), (5, True, 20), (9, False, 180 / 9), (10, False, 10), (10, True, 20)],
)
def test_of_fewer_than_ten_launches_and_of_uneven_ones_all_count(
    count: int, uneven: bool, mean: float
) -> None:
    values = dict.fromkeys(range(count - 1), 10.0) | {count - 1: 10.0 + 10 * count}
    launches = {number: number for number in values}
    assert middle_ns(values, launches, uneven=uneven) == pytest.approx(mean)


@pytest.mark.parametrize(("uneven", "mean"), [(False, 12), (True, 92 / 3)])
def test_a_launch_is_the_median_of_its_rounds_unless_uneven(uneven: bool, mean: float) -> None:
    found = middle_ns(BASE, dict.fromkeys(range(3), 0), uneven=uneven)
    assert found == pytest.approx(mean)
    assert middle_ns(BASE, dict.fromkeys(range(3), 0)) == 12
