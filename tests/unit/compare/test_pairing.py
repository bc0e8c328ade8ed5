import math
import random
from statistics import fmean, median, stdev

import pytest
from scipy import stats

from annt_prof.compare.pairing import half_width, precise_enough, speedup
from annt_prof.runs.record import Speedup
from hand_made import drifting, lost, variant

RUNS = 2000


def simulated(rng: random.Random, ratio: float, rounds: int, noise: float) -> Speedup:
    """The speedup of a variant ``ratio`` times as fast, over rounds that drift by half."""
    drift = [1 + 0.5 * math.sin(number) ** 2 for number in range(rounds)]
    baseline = variant("baseline", [100 * d * math.exp(rng.gauss(0, noise)) for d in drift])
    other = variant("amp", [100 / ratio * d * math.exp(rng.gauss(0, noise)) for d in drift])
    found = speedup(baseline, other)
    assert found is not None
    return found


@pytest.mark.simulation
@pytest.mark.parametrize("rounds", [3, 5, 12])
def test_the_interval_holds_the_truth_95_times_in_100(rounds: int) -> None:
    rng = random.Random(rounds)
    found = [simulated(rng, 1.3, rounds, 0.02) for _ in range(RUNS)]
    held = fmean(s.low <= 1.3 <= s.high for s in found)
    assert held == pytest.approx(0.95, abs=0.02)


@pytest.mark.simulation
def test_a_variant_against_itself_shows_an_effect_5_times_in_100() -> None:
    rng = random.Random(7)
    found = [simulated(rng, 1.0, 8, 0.02) for _ in range(RUNS)]
    assert fmean(s.low > 1 or s.high < 1 for s in found) == pytest.approx(0.05, abs=0.015)


def test_a_drift_common_to_the_rounds_cancels() -> None:
    drift = [1, 2, 5, 3]
    baseline = variant("baseline", [100.0 * d for d in drift])
    found = speedup(baseline, variant("amp", [80.0 * d for d in drift]))
    assert found is not None
    assert found.ratio == pytest.approx(1.25, rel=1e-9)
    assert found.high - found.low < 1e-6


def test_the_interval_is_students_t_on_logarithms() -> None:
    base, other = drifting(100, 6, noise=0.02, seed=1), drifting(90, 6, noise=0.02, seed=2)
    found = speedup(variant("baseline", base), variant("amp", other))
    logs = [math.log(round(b * 1e6) / round(o * 1e6)) for b, o in zip(base, other, strict=True)]
    low, high = stats.t.interval(0.95, 5, fmean(logs), stats.sem(logs))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)), rel=1e-12)
    assert found.ratio == pytest.approx(math.exp(fmean(logs)), rel=1e-12)


def test_a_ratio_and_its_inverse_are_judged_alike() -> None:
    a = variant("baseline", drifting(100, 6, noise=0.05, seed=1))
    b = variant("amp", drifting(90, 6, noise=0.05, seed=2))
    there, back = speedup(a, b), speedup(b, a)
    assert there is not None
    assert back is not None
    assert there.ratio * back.ratio == pytest.approx(1)
    assert there.low * back.high == pytest.approx(1)


def test_time_is_per_sample() -> None:
    """Twice the batch in twice the time is no effect."""
    found = speedup(
        variant("baseline", [100, 110, 120]),
        variant("larger_batch", [200, 220, 240], samples_per_iteration=16),
    )
    assert found is not None
    assert found.ratio == pytest.approx(1)


def test_only_rounds_that_both_have_are_paired() -> None:
    full = variant("baseline", [100.0, 200.0, 300.0])
    late = variant("amp", [50.0, 100.0, 150.0])
    late = variant("amp", [], windows=late.windows[1:])
    found = speedup(full, late)
    assert found is not None
    assert (found.rounds, found.ratio) == (2, pytest.approx(2))


def test_a_single_launch_has_a_ratio_and_no_interval() -> None:
    baseline = variant("baseline", [100, 102, 101], rounds_per_launch=3)
    tuned = variant("amp", [50, 51, 50.5], rounds_per_launch=3)
    assert speedup(baseline, tuned) == Speedup(
        ratio=pytest.approx(2), low=None, high=None, rounds=3, launches=1
    )


def test_the_rounds_of_a_launch_count_once() -> None:
    """Rounds of the same processes add no evidence about how processes differ."""
    baseline = variant("baseline", [100.0] * 8, rounds_per_launch=4)
    tuned = variant("amp", [90.0] * 4 + [80.0] * 4, rounds_per_launch=4)
    few = speedup(variant("baseline", [100.0] * 2), variant("amp", [90.0, 80.0]))
    found = speedup(baseline, tuned)
    assert found is not None
    assert few is not None
    assert (found.low, found.high) == pytest.approx((few.low, few.high))
    assert (found.rounds, found.launches) == (8, 2)


@pytest.mark.simulation
def test_processes_that_differ_do_not_pass_for_an_effect() -> None:
    """With offsets per process, the same code shows an effect no more often than it should."""
    rng = random.Random(11)

    def of_process(launches: int) -> list[float]:
        offsets = [rng.gauss(0, 0.02) for _ in range(launches)]
        return [100 * math.exp(o + rng.gauss(0, 0.005)) for o in offsets for _ in range(4)]

    found = [
        speedup(
            variant("baseline", of_process(6), rounds_per_launch=4),
            variant("amp", of_process(6), rounds_per_launch=4),
        )
        for _ in range(RUNS)
    ]
    assert fmean(s.low > 1 or s.high < 1 for s in found) == pytest.approx(0.05, abs=0.015)


def test_no_common_round_has_no_speedup() -> None:
    assert speedup(variant("baseline", [100]), variant("amp", [])) is None


def test_half_width_needs_three_figures() -> None:
    assert half_width([0.1]) is None
    assert half_width([0.0, 0.1]) is None
    found = half_width([0.0, 0.1, 0.05])
    assert found == pytest.approx(4.30265273 * stdev([0, 0.1, 0.05]) / math.sqrt(3))


class TestPreciseEnough:
    def test_needs_every_ratio_to_be_narrow(self) -> None:
        baseline = variant("baseline", [100.0] * 5)
        quiet = variant("amp", [90.0, 90.1, 90.0, 90.1, 90.0])
        noisy = variant("pin_memory", [90.0, 70.0, 110.0, 80.0, 90.0])
        assert precise_enough((baseline, quiet), 0.02, 5)
        assert not precise_enough((baseline, quiet, noisy), 0.02, 5)

    def test_needs_the_rounds(self) -> None:
        pair = (variant("baseline", [100.0] * 4), variant("amp", [90.0] * 4))
        assert precise_enough(pair, 0.02, 4)
        assert not precise_enough(pair, 0.02, 5)

    def test_one_round_is_never_enough(self) -> None:
        pair = (variant("baseline", [100.0]), variant("amp", [90.0]))
        assert not precise_enough(pair, 0.02, 1)

    def test_drift_costs_no_precision(self) -> None:
        pair = (variant("baseline", [100.0, 150, 200]), variant("amp", [50.0, 75, 100]))
        assert precise_enough(pair, 0.02, 3)

    def test_a_lost_variant_holds_nothing_up(self) -> None:
        pair = (variant("baseline", [100.0] * 5), variant("amp", [90.0] * 5))
        assert precise_enough((*pair, lost("all", "crashed", "killed")), 0.02, 5)

    def test_a_skipped_variant_holds_nothing_up(self) -> None:
        pair = (variant("baseline", [100.0] * 5), variant("amp", [90.0] * 5))
        skipped = variant("all", [90.0, 70.0], skipped=True)
        assert precise_enough((*pair, skipped), 0.02, 5)
        noisy = variant("pin_memory", [90.0, 70.0, 110.0, 80.0, 90.0])
        assert not precise_enough((*pair, noisy, skipped), 0.02, 5)

    def test_a_lone_baseline_is_judged_by_its_own_windows(self) -> None:
        assert precise_enough((variant("baseline", [100, 101, 100, 99, 100]),), 0.02, 5)
        assert not precise_enough((variant("baseline", [100, 150, 90, 99, 100]),), 0.02, 5)

    def test_without_a_baseline_each_is_judged_by_its_own_windows(self) -> None:
        gone = lost("baseline", "crashed", "killed")
        assert precise_enough((gone, variant("amp", [100.0] * 5)), 0.02, 5)

    def test_nothing_measured_is_not_precise(self) -> None:
        assert not precise_enough((lost("baseline", "crashed", "killed"),), 0.02, 1)

    def test_the_bound_is_on_the_wider_side(self) -> None:
        logs = [0.0, 0.03, -0.03, 0.01, -0.01]
        pair = (
            variant("baseline", [100 * math.exp(x) for x in logs]),
            variant("amp", [100.0] * 5),
        )
        found = speedup(*pair)
        assert found is not None
        upper = found.high / found.ratio - 1
        assert precise_enough(pair, upper * 1.001, 5)
        assert not precise_enough(pair, upper * 0.999, 5)


@pytest.mark.simulation
@pytest.mark.parametrize(("others", "least"), [(1, 0.915), (3, 0.93)])
def test_stopping_early_costs_little_coverage(others: int, least: float) -> None:
    rng = random.Random(11)
    held = []
    for _ in range(400):
        windows: list[list[float]] = [[] for _ in range(others + 1)]
        while True:
            for medians in windows:
                medians.append(100 * math.exp(rng.gauss(0, 0.018)))
            baseline, *rest = (
                variant("baseline" if i == 0 else f"v{i}", m) for i, m in enumerate(windows)
            )
            rounds = len(windows[0])
            if rounds == 30 or precise_enough((baseline, *rest), 0.02, 5):
                break
        for other in rest:
            found = speedup(baseline, other)
            held.append(found.low <= 1 <= found.high)
    assert fmean(held) > least - 0.02  # two standard errors of the simulation


def test_a_few_disturbed_rounds_widen_no_interval() -> None:
    """Another process takes the core for two of twelve rounds, in windows of one variant."""
    quiet = [100 * (1 + 0.001 * (number % 3)) for number in range(12)]
    disturbed = [ms * (3 if number in (4, 7) else 1) for number, ms in enumerate(quiet)]
    found = speedup(variant("baseline", disturbed), variant("amp", [ms / 2 for ms in quiet]))
    assert found is not None
    assert found.low == pytest.approx(2, rel=0.01)
    assert found.high == pytest.approx(2, rel=0.01)


def launches_of(rng: random.Random, count: int, hiccups: float) -> list[float]:
    """Figures of windows of one variant, four to a launch.

    Launches and windows differ by 1 % (standard deviation) each; a share of the windows takes
    twice its time, as when another program holds the core for as long as they last.
    """
    figures = []
    for _ in range(count):
        offset = rng.gauss(0, 0.01)
        for _ in range(4):
            twice = 2 if rng.random() < hiccups else 1
            figures.append(100 * math.exp(offset + rng.gauss(0, 0.01)) * twice)
    return figures


def against_itself(count: int, hiccups: float, runs: int) -> list[Speedup]:
    rng = random.Random(count)
    found = [
        speedup(
            variant("baseline", launches_of(rng, count, hiccups), rounds_per_launch=4),
            variant("amp", launches_of(rng, count, hiccups), rounds_per_launch=4),
        )
        for _ in range(runs)
    ]
    assert all(each.launches == count for each in found)
    return found


@pytest.mark.simulation
@pytest.mark.parametrize("hiccups", [0, 0.05])
@pytest.mark.parametrize("launches", [3, 5, 8, 10, 20])
def test_hiccups_make_no_effect_of_nothing(launches: int, hiccups: float) -> None:
    """The trimmed mean from ten launches on leaves the truth out 6 times in 100 instead of 5."""
    found = against_itself(launches, hiccups, 600)
    left_out = fmean(each.low > 1 or each.high < 1 for each in found)
    assert left_out < 0.06 + 3 * math.sqrt(0.06 * 0.94 / 600)  # three errors of the simulation


@pytest.mark.simulation
@pytest.mark.parametrize(("launches", "most"), [(3, 0.04), (5, 0.022), (8, 0.016), (10, 0.016)])
def test_a_hiccup_in_a_round_widens_no_launch(launches: int, most: float) -> None:
    """One window of twenty is twice as long, and half of all intervals stay as narrow as these.

    Without any they are ± 3.4, 1.8, 1.3 and 1.3 % here, of means and of medians over the rounds.
    """
    found = against_itself(launches, 0.05, 600)
    assert median(each.high / each.ratio - 1 for each in found) < most


def test_two_launches_have_a_ratio_and_no_interval() -> None:
    """Student's t of a single difference is 12.7 times its error: a number that tells nothing."""
    found = speedup(variant("baseline", [100.0, 101.0]), variant("amp", [50.0, 51.0]))
    assert found is not None
    assert (found.low, found.high, found.launches) == (None, None, 2)


def test_narrow_enough_is_asked_of_the_interval_that_is_printed() -> None:
    """What launches have unequally is trimmed away neither in the table nor before stopping."""
    own = [100.0] * 8 + [110.0] * 4
    for uneven in (False, True):
        both = (
            variant("baseline", [100.0] * 12, uneven=uneven),
            variant("amp", own, uneven=uneven),
        )
        found = speedup(*both)
        assert found is not None
        assert found.low is not None
        printed = math.log(found.high / found.low) / 2
        assert precise_enough(both, math.expm1(printed) + 1e-9, 5)
        assert not precise_enough(both, math.expm1(printed) - 1e-4, 5)
