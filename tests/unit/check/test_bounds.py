from __future__ import annotations

import math
import random
from statistics import fmean

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import mstats

from annt_prof.check.bounds import POWER, difference, mean_of
from annt_prof.compare.pairing import middle

LEVEL = 0.01


def figures(count: int, *, seed: int = 1, centre: float = 0.0, spread: float = 0.02) -> list[float]:
    rng = random.Random(seed)
    return [rng.gauss(centre, spread) for _ in range(count)]


SAMPLES = st.lists(st.integers(-(10**6), 10**6), min_size=5, max_size=30).map(
    lambda values: [value / 10**6 for value in values]
)
LEVELS = st.floats(1e-5, 0.4)


@pytest.mark.parametrize("count", [5, 9, 28])
def test_untrimmed_it_is_scipys_one_sample_t(count: int) -> None:
    values = figures(count)
    mean = mean_of(values, trims=False)
    assert mean is not None
    over = stats.ttest_1samp(values, 0.005, alternative="greater")
    under = stats.ttest_1samp(values, 0.005, alternative="less")
    assert mean.p_over(0.005) == pytest.approx(over.pvalue, rel=1e-9)
    assert mean.p_under(0.005) == pytest.approx(under.pvalue, rel=1e-9)
    assert mean.low(LEVEL) == pytest.approx(over.confidence_interval(1 - LEVEL).low, rel=1e-9)
    assert mean.high(LEVEL) == pytest.approx(under.confidence_interval(1 - LEVEL).high, rel=1e-9)


@pytest.mark.parametrize("count", [10, 14, 28])
def test_from_ten_launches_on_it_is_scipys_trimmed_mean(count: int) -> None:
    values = figures(count)
    mean = mean_of(values, trims=True)
    assert mean is not None
    theirs = mstats.trimmed_mean_ci(values, limits=(0.2, 0.2), alpha=2 * LEVEL)
    assert (mean.low(LEVEL), mean.high(LEVEL)) == pytest.approx(tuple(theirs), rel=1e-9)


@pytest.mark.parametrize("trims", [False, True])
@pytest.mark.parametrize("count", [5, 9, 10, 14, 28])
def test_its_interval_is_that_of_a_comparison(count: int, trims: bool) -> None:
    values = figures(count)
    mean = mean_of(values, trims=trims)
    assert mean is not None
    centre, half = middle(values, trims=trims)
    assert (mean.centre, mean.high(0.025) - mean.centre) == pytest.approx((centre, half), rel=1e-9)


@pytest.mark.parametrize("sizes", [(5, 5), (5, 9), (8, 6)])
def test_two_groups_are_scipys_welch(sizes: tuple[int, int]) -> None:
    one, other = figures(sizes[0], spread=0.05), figures(sizes[1], seed=2, centre=-0.03)
    first, second = mean_of(one, trims=True), mean_of(other, trims=True)
    assert first is not None
    assert second is not None
    apart = difference(first, second)
    theirs = stats.ttest_ind(one, other, equal_var=False, alternative="greater")
    assert apart.p_over(0) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert apart.low(LEVEL) == pytest.approx(theirs.confidence_interval(1 - LEVEL).low, rel=1e-9)


def test_two_groups_of_ten_are_yuens_trimmed_t() -> None:
    """Welch's rule, of the errors and degrees of freedom that trimmed means have."""
    one, other = figures(20, spread=0.05), figures(10, seed=2, centre=-0.03)
    first, second = mean_of(one, trims=True), mean_of(other, trims=True)
    assert first is not None
    assert second is not None
    a, b = first.error**2, second.error**2
    apart = difference(first, second)
    assert apart.error**2 == pytest.approx(a + b)
    assert apart.freedom == pytest.approx((a + b) ** 2 / (a**2 / 11 + b**2 / 5))


def test_a_factor_scales_the_second_mean() -> None:
    one, other = figures(6, centre=1.0), figures(6, seed=2, centre=1.0)
    first, second = mean_of(one, trims=True), mean_of(other, trims=True)
    scaled = mean_of([1.5 * each for each in other], trims=True)
    assert first is not None
    assert second is not None
    assert scaled is not None
    assert difference(first, second, 1.5).p_over(-0.5) == pytest.approx(
        difference(first, scaled).p_over(-0.5), rel=1e-9
    )


@given(SAMPLES, LEVELS, st.booleans())
def test_a_bound_is_beyond_a_limit_exactly_where_the_p_value_is_below_its_level(
    values: list[float], level: float, trims: bool
) -> None:
    mean = mean_of(values, trims=trims)
    assert mean is not None
    assume(mean.error > 1e-9)
    assert mean.low(level) <= mean.centre <= mean.high(level)
    assert mean.p_over(mean.low(level)) == pytest.approx(level, rel=1e-6)
    assert mean.p_under(mean.high(level)) == pytest.approx(level, rel=1e-6)


@given(SAMPLES, LEVELS, st.booleans())
def test_what_is_below_is_above_of_the_opposite(
    values: list[float], level: float, trims: bool
) -> None:
    mean, mirrored = mean_of(values, trims=trims), mean_of([-v for v in values], trims=trims)
    assert mean is not None
    assert mirrored is not None
    assert mean.low(level) == pytest.approx(-mirrored.high(level), rel=1e-9, abs=1e-12)


def test_a_launch_far_off_moves_no_bound_from_ten_on() -> None:
    quiet = figures(12)
    for disturbed in ([*quiet[:11], 3.0], [3.0, -3.0, *quiet[2:]]):
        mean = mean_of(disturbed, trims=True)
        assert mean is not None
        assert abs(mean.high(LEVEL)) < 0.06
        untrimmed = mean_of(disturbed, trims=False)
        assert untrimmed is not None
        assert untrimmed.high(LEVEL) > 0.9


def test_four_launches_tell_nothing() -> None:
    assert mean_of(figures(4), trims=True) is None
    assert mean_of(figures(5), trims=True) is not None


@pytest.mark.parametrize("count", [5, 7, 12])
def test_equal_launches_collapse_to_their_figure(count: int) -> None:
    mean = mean_of([0.1] * count, trims=True)
    assert mean is not None
    assert (mean.low(LEVEL), mean.centre, mean.high(LEVEL)) == (0.1, 0.1, 0.1)
    assert (mean.p_over(0.09), mean.p_over(0.1), mean.p_over(0.11)) == (0, 1, 1)
    assert (mean.p_under(0.09), mean.p_under(0.1), mean.p_under(0.11)) == (1, 1, 0)
    assert mean.smallest_seen(LEVEL) is None
    both = difference(mean, mean)
    assert (both.low(LEVEL), both.high(LEVEL)) == (0, 0)
    assert (both.p_over(0), both.p_over(-0.01)) == (1, 0)


def test_what_differs_by_arithmetic_alone_is_equal() -> None:
    values = [0.3, 0.1 + 0.2, 0.3, 0.1 + 0.2, 0.3]  # 0.1 + 0.2 is 0.30000000000000004
    mean = mean_of(values, trims=True, rounding=1e-12)
    assert mean is not None
    assert (mean.error, mean.p_over(0.3), mean.p_under(0.3)) == (0, 1, 1)
    exact = mean_of(values, trims=True)
    assert exact is not None
    assert exact.error > 0


@pytest.mark.parametrize("level", [0.05, 0.01, 0.01 / 6, 1e-5])
@pytest.mark.parametrize("count", [5, 10, 28])
def test_the_smallest_change_seen_has_its_power(count: int, level: float) -> None:
    mean = mean_of(figures(count), trims=False)
    assert mean is not None
    seen = mean.smallest_seen(level)
    assert seen is not None
    quantile = stats.t.ppf(1 - level, count - 1)
    assert stats.nct.sf(quantile, count - 1, seen / mean.error) == pytest.approx(POWER, rel=1e-4)


@pytest.mark.simulation
def test_a_change_of_the_smallest_size_is_found_four_times_out_of_five() -> None:
    """The size is told from the true spread here, so that it is the same in all runs."""
    rng, n, spread = random.Random(3), 8, 0.02
    quantile = stats.t.ppf(1 - LEVEL, n - 1)
    known = mean_of(figures(n), trims=False)
    assert known is not None
    shift = known.smallest_seen(LEVEL) / known.error * spread / math.sqrt(n)
    found = []
    for _ in range(2000):
        mean = mean_of([rng.gauss(shift, spread) for _ in range(n)], trims=False)
        found.append(mean.centre > quantile * mean.error)
    assert fmean(found) == pytest.approx(POWER, abs=0.03)
