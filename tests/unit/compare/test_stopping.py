"""When more launches would not be worth their time, at the values where that turns."""

import math

import pytest

from annt_prof.compare.pairing import degrees_of_freedom, log_ratios, middle, precise_enough
from hand_made import variant


@pytest.mark.parametrize(
    ("launches", "trims", "degrees"),
    [(3, True, 2), (9, True, 8), (10, True, 5), (17, True, 10), (10, False, 9), (17, False, 16)],
)
def test_the_trimmed_launches_are_no_degrees_of_freedom(
    launches: int, trims: bool, degrees: int
) -> None:
    """Of ten launches the middle six count, of seventeen the middle eleven."""
    assert degrees_of_freedom(launches, trims=trims) == degrees


def test_an_interval_of_just_the_asked_precision_lets_a_run_stop() -> None:
    pair = variant("baseline", [100.0, 104, 97, 101, 98]), variant("amp", [50.0, 51, 50, 49, 50])
    _, half = middle(log_ratios(*pair), trims=True)
    assert half is not None
    assert precise_enough(pair, math.expm1(half), 5)
    assert not precise_enough(pair, math.expm1(half) - 1e-12, 5)


def test_all_are_compared_with_the_baseline_and_not_with_each_other() -> None:
    """One rises where the other falls, so between them is twice the spread."""
    spread = [0.02, -0.02, 0.01, -0.01, 0.0]
    baseline = variant("baseline", [100.0] * 5)
    up = variant("amp", [60 * math.exp(off) for off in spread])
    down = variant("tf32", [80 * math.exp(-off) for off in spread])
    assert precise_enough((baseline, up, down), 0.02, 5)
    assert precise_enough((up, baseline, down), 0.02, 5)


@pytest.mark.parametrize("uneven", [False, True])
def test_long_windows_count_where_launches_have_them_unequally(uneven: bool) -> None:
    """Medians over the rounds are 100, 101 and 99 ms, means 117, 101 and 80."""
    windows = [100.0, 151.0, 100.0, 101.0, 102.0, 100.0, 99.0, 99.0, 42.0]
    alone = variant("baseline", windows, rounds_per_launch=3, uneven=uneven)
    assert precise_enough((alone,), 0.03, 3) is not uneven
