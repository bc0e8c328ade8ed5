"""A window's figure is its whole time over its iterations, epochs' starts taken in."""

import msgspec
import pytest

from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.compare.figures import middle_ns, of_launches, per_iteration_ns
from annt_prof.explain.agreement import agreement
from annt_prof.explain.profiler_overhead import deflated
from annt_prof.runs.record import Epochs, EpochStart, TimedWindow, VariantRecord
from hand_made import MS, breakdown, variant


def burst(number: int) -> TimedWindow:
    """Every fourth step waits for four batches."""
    steps = (370 * MS, 10 * MS, 10 * MS, 10 * MS) * 5
    return TimedWindow(number, 0, 0, 2000 * MS, steps, 20, 320, sum(steps), launch=number)


def bursting() -> VariantRecord:
    windows = tuple(burst(number) for number in range(5))
    return VariantRecord("baseline", (), "measured", samples_per_iteration=16, windows=windows)


def test_no_step_is_left_out() -> None:
    (found,) = summarise((bursting(),))
    assert found.step_time.mean_ns == 100 * MS
    assert found.throughput == pytest.approx(160)
    assert (found.step_time.p05_ns, found.step_time.p95_ns) == (10 * MS, 370 * MS)


def test_a_disturbed_window_moves_no_launch() -> None:
    values = {0: 10.0, 1: 10.0, 2: 100.0, 3: 20.0, 4: 200.0, 5: 20.0}
    launches = {0: 0, 1: 0, 2: 0, 3: 1, 4: 1, 5: 1}
    assert of_launches(values, launches) == [10, 20]
    assert middle_ns(values, launches) == 15


def test_a_few_disturbed_launches_of_many_move_the_middle_little() -> None:
    values = dict(enumerate([10.0] * 8 + [100.0, 200.0]))
    assert middle_ns(values, {n: n for n in values}) == 10
    assert middle_ns({0: 10.0, 1: 10.0, 2: 100.0}, {0: 0, 1: 1, 2: 2}) == 40


def epochs(*costs_ms: float, iterations: int = 100, counted: bool = True) -> Epochs:
    starts = tuple(EpochStart(launch, round(ms * MS)) for launch, ms in enumerate(costs_ms))
    return Epochs(iterations, starts=starts, counted=counted)


def test_an_epochs_start_is_spread_over_its_iterations() -> None:
    made = variant("baseline", [10, 10, 10], epochs=epochs(1000, 2000))
    assert made.epochs is not None
    assert made.epochs.start_share(10 * MS) == pytest.approx(1500 / 2500)
    assert per_iteration_ns(made) == {0: 25 * MS, 1: 25 * MS, 2: 25 * MS}
    (found,) = summarise((made,))
    assert found.step_time is not None
    assert (found.step_time.mean_ns, found.step_time.epoch_start_ns) == (25 * MS, 15 * MS)
    assert found.step_time.within_epoch_ns == 10 * MS


def test_a_start_that_does_not_count_is_left_out() -> None:
    made = variant("baseline", [10, 10, 10], epochs=epochs(1000, counted=False))
    assert per_iteration_ns(made) == {0: 10 * MS, 1: 10 * MS, 2: 10 * MS}


def test_noise_counts_in_both_directions() -> None:
    """Were it cut off below zero, of variants that start for nothing some would be charged."""
    made = variant("baseline", [10, 10, 10], epochs=epochs(-30))
    assert per_iteration_ns(made)[0] == 9.7 * MS


def test_nothing_is_added_where_windows_hold_whole_epochs() -> None:
    held = msgspec.structs.replace(epochs(), in_windows=True)
    made = variant("baseline", [10, 10, 10], epochs=held)
    assert per_iteration_ns(made)[0] == 10 * MS


def traced(cost_ms: float) -> VariantRecord:
    """A step of 10 ms in mid-epoch, traced alike, and epochs of 100 with a start."""
    (found,) = summarise(
        (
            variant(
                "baseline",
                [10, 10, 10],
                epochs=epochs(cost_ms),
                breakdown=breakdown(10, data_loading=0.1, forward=0.9),
            ),
        )
    )
    return found


def test_a_trace_within_an_epoch_is_held_against_windows_within_one() -> None:
    found = traced(1000)
    assert found.profiler_inflation == 0
    compared = agreement(found)
    assert compared is not None
    assert (compared.finding, compared.inflation) == ("agree", 0)


def test_an_epochs_start_is_waiting_for_data() -> None:
    found = traced(1000)
    assert found.step_time is not None
    parts = deflated(found, "cpu")
    assert parts is not None
    assert parts.by_category_ns[Category.DATA_LOADING] == 1 * MS + 10 * MS
    assert parts.not_in_trace_ns == 0
    assert sum(parts.by_category_ns.values()) == found.step_time.mean_ns == 20 * MS
