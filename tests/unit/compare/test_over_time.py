"""Points of a history, and where its level changes."""

import math
import random

import msgspec
import pytest

from annt_prof.compare.launch_figures import Metric
from annt_prof.compare.over_time import LEAST_RUNS, RunFigure, level_changes, run_figure
from annt_prof.compare.pairing import half_width
from annt_prof.runs.record import VariantRecord
from hand_made import lost, run, variant

NOISE = 0.01
LAUNCHES = 5


def made(own: random.Random, levels: list[float], *, told: bool = True) -> list[RunFigure]:
    """Runs of these levels with 1 % of noise each.

    Args:
        own: Makes the noise.
        levels: One for each run.
        told: Whether the noise is that of launches; otherwise runs differ and their launches
            hardly do.
    """
    spread = NOISE * math.sqrt(LAUNCHES) if told else 1e-5
    figures = []
    for level in levels:
        own_level = level if told else level * math.exp(own.gauss(0, NOISE))
        means = [own_level * math.exp(own.gauss(0, spread)) for _ in range(LAUNCHES)]
        (record,) = run(variant("baseline", means)).variants
        figure = run_figure(record, Metric.STEP_TIME)
        assert figure is not None
        figures.append(figure)
    return figures


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("place", [5, 10, 16])
@pytest.mark.parametrize("step", [1.05, 1 / 1.05])
def test_a_step_is_found_within_one_run(place: int, step: float, told: bool) -> None:
    own = random.Random(place)
    (change,) = level_changes(made(own, [20.0] * place + [20.0 * step] * (20 - place), told=told))
    assert abs(change.place - place) <= 1
    assert change.fraction == pytest.approx(step - 1, abs=0.015)


def test_two_steps_are_two_changes() -> None:
    levels = [20.0] * 7 + [22.0] * 7 + [20.0] * 6
    found = level_changes(made(random.Random(1), levels))
    assert [change.place for change in found] == [7, 14]
    assert [change.fraction > 0 for change in found] == [True, False]


@pytest.mark.parametrize("place", [0, 10, 19])
def test_one_run_that_is_off_is_no_new_level(place: int) -> None:
    levels = [20.0] * 20
    levels[place] = 23.0
    assert level_changes(made(random.Random(1), levels)) == ()


def test_below_six_runs_nothing_is_told() -> None:
    levels = [20.0] * 3 + [40.0] * 3
    own = random.Random(1)
    assert len(level_changes(made(own, levels))) == 1
    assert len(levels) == LEAST_RUNS
    assert level_changes(made(own, levels[:5])) == ()
    assert level_changes([]) == ()


def test_figures_that_repeat_exactly_change_where_they_do() -> None:
    same = [RunFigure(value, None, None, 1, None) for value in [100.0] * 5 + [101.0] * 5]
    assert [change.place for change in level_changes(same)] == [5]
    nearly = [RunFigure(value, None, None, 1, None) for value in [100.0] * 5 + [100.01] * 5]
    assert level_changes(nearly) == ()


@pytest.mark.simulation
@pytest.mark.parametrize(("told", "most"), [(True, 4), (False, 10)])
def test_pure_noise_hardly_ever_has_a_change(told: bool, most: int) -> None:
    own = random.Random(1)
    false = sum(bool(level_changes(made(own, [20.0] * 20, told=told))) for _ in range(200))
    assert false <= most


def _measured(means_ms: list[float], **changes: object) -> VariantRecord:
    (record,) = run(variant("baseline", means_ms, **changes)).variants
    return record


def test_a_point_has_the_record_s_figure_and_the_launches_interval() -> None:
    record = _measured([20.0, 21.0, 20.5, 20.2])
    figure = run_figure(record, Metric.STEP_TIME)
    assert figure is not None
    assert record.step_time is not None
    logs = [math.log(ms * 1e6) for ms in (20.0, 21.0, 20.5, 20.2)]
    half = half_width(logs)
    assert half is not None
    centre = sum(logs) / 4
    assert figure.value == record.step_time.mean_ns
    assert (figure.low, figure.high) == pytest.approx(
        (math.exp(centre - half), math.exp(centre + half))
    )
    assert figure.half_width == pytest.approx(math.expm1(half))
    assert figure.launches == 4


def test_throughput_is_the_step_s_inverse() -> None:
    record = _measured([20.0, 21.0, 20.5, 20.2])
    step, rate = (run_figure(record, m) for m in (Metric.STEP_TIME, Metric.THROUGHPUT))
    assert step is not None
    assert rate is not None
    assert step.low is not None
    assert rate.high == pytest.approx(8 * 1e9 / step.low)
    assert rate.error == pytest.approx(step.error)


def test_two_launches_have_no_interval_and_a_peak_never_has() -> None:
    figure = run_figure(_measured([20.0, 21.0]), Metric.STEP_TIME)
    assert figure is not None
    assert (figure.low, figure.half_width, figure.error) == (None, None, None)
    record = _measured([20.0] * 3)
    windows = tuple(
        msgspec.structs.replace(w, peak_memory_bytes=100 + w.launch) for w in record.windows
    )
    peak = run_figure(msgspec.structs.replace(record, windows=windows), Metric.PEAK_MEMORY)
    assert peak is not None
    assert (peak.value, peak.low) == (record.peak_memory_bytes, None)
    assert peak.error is not None


def test_what_was_lost_has_no_point() -> None:
    assert run_figure(lost("amp", "crashed", "killed"), Metric.STEP_TIME) is None
