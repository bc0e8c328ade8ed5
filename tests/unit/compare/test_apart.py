"""The ratio between launches of two runs, which are no pairs."""

import math
import random

import pytest
from scipy import stats

from annt_prof.compare.apart import log_ratio_apart


def _logs(values: list[float]) -> list[float]:
    return [math.log(value) for value in values]


def test_it_is_welch_s_interval_of_the_logarithms() -> None:
    first, second = [10.0, 10.2, 9.9, 10.1, 10.4], [11.0, 11.9, 10.4, 11.3]
    centre, half = log_ratio_apart(first, second)
    test = stats.ttest_ind(_logs(second), _logs(first), equal_var=False)
    low, high = test.confidence_interval(0.95)
    assert half is not None
    assert (centre - half, centre + half) == pytest.approx((low, high))


@pytest.mark.parametrize("sides", [(2, 9), (9, 2), (1, 1)])
def test_fewer_than_three_launches_on_a_side_tell_no_interval(sides: tuple[int, int]) -> None:
    first, second = ([10.0 + n for n in range(number)] for number in sides)
    assert log_ratio_apart(first, second)[1] is None
    assert log_ratio_apart([*first, 10.0, 11.0], [*second, 10.0, 11.0])[1] is not None


def test_launches_that_do_not_differ_leave_nothing_open() -> None:
    assert log_ratio_apart([1.0] * 3, [2.0] * 4) == pytest.approx((math.log(2), 0.0))


@pytest.mark.simulation
def test_the_interval_holds_the_truth_where_the_two_spread_unequally() -> None:
    own, held = random.Random(1), 0
    for _ in range(1_000):
        first = [math.exp(own.gauss(0, 0.01)) for _ in range(5)]
        second = [1.1 * math.exp(own.gauss(0, 0.04)) for _ in range(8)]
        centre, half = log_ratio_apart(first, second)
        assert half is not None
        held += abs(centre - math.log(1.1)) <= half
    assert 930 <= held <= 970
