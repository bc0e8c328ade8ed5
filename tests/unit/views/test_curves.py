"""The curves of a variant, from rounds of which no two figures are equal."""

from pathlib import Path

import msgspec
import pytest

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.runs.record import Epochs, EpochStart, Run, Speedup, TimedWindow, VariantRecord
from annt_prof.telemetry.summary import TelemetrySummary
from annt_prof.views.curves import RoundPoint, SampledMean, build_curves, created_s
from annt_prof.views.reading_progress import ReadingState, reading_state
from hand_made import MS, run

S = 1_000 * MS
CREATED_S = 1784989812.0  # 2026-07-25T14:30:12Z


def window(number: int, started_s: int, took_s: int, step_ms: int) -> TimedWindow:
    return TimedWindow(
        round=number,
        position=0,
        started_ns=started_s * S,
        ended_ns=(started_s + took_s) * S,
        step_ns=(step_ms * MS,) * 4,
        iterations=4,
        samples=32,
        wall_ns=4 * step_ms * MS,
    )


TRACED = MeanBreakdown(
    step_ns=9,
    num_steps=2,
    by_category_ns={Category.FORWARD: 9},
    hidden_ns={},
    not_measured={},
    kernel_ns={},
)
BASELINE = VariantRecord(
    name="baseline",
    factors=(),
    status="measured",
    samples_per_iteration=8,
    windows=(window(1, 120, 7, 50), window(0, 100, 3, 40)),
    epochs=Epochs(iterations=10, starts=(EpochStart(0, 30 * MS),), counted=True),
)
AMP = VariantRecord(
    name="amp",
    factors=("amp",),
    status="measured",
    samples_per_iteration=16,
    windows=(window(0, 104, 5, 20), window(2, 140, 6, 25)),
    speedup=Speedup(1.9, 1.8, 2.0, 1, 1),
    peak_memory_bytes=77,
    peak_memory_of="host process",
    energy_per_sample_j=0.31,
    profiler_inflation=0.061,
    breakdown=TRACED,
    telemetry=TelemetrySummary(
        gpu_power_w=310.5,
        gpu_memory_bytes=1_234,
        gpu_throttle_reasons=("sw_power_cap",),
        host_cpu_percent=0.0,
        num_samples=50,
    ),
)


def whole(*variants: VariantRecord) -> Run:
    return msgspec.structs.replace(run(), variants=variants)


def test_a_point_for_each_round_where_and_when_it_was_measured() -> None:
    made = whole(BASELINE, AMP)
    assert created_s(made) == CREATED_S
    assert build_curves(made, BASELINE).rounds == (
        RoundPoint(0, CREATED_S + 3, 43 * MS, pytest.approx(8 / 0.043)),
        RoundPoint(1, CREATED_S + 27, 53 * MS, pytest.approx(8 / 0.053)),
    )
    assert build_curves(made, AMP).rounds == (
        RoundPoint(0, CREATED_S + 9, 20 * MS, 800.0),
        RoundPoint(2, CREATED_S + 46, 25 * MS, 640.0),
    )


def test_levels_reach_to_the_last_round_of_any_variant() -> None:
    shown = build_curves(whole(BASELINE, AMP), BASELINE)
    assert (shown.began_s, shown.last_round, shown.last_s) == (CREATED_S, 2, CREATED_S + 46)
    # Both have a window in the last round; which of them is listed last does not matter.
    again = msgspec.structs.replace(BASELINE, windows=(window(0, 100, 3, 40), window(2, 130, 7, 5)))
    for listed in ((again, AMP), (AMP, again)):
        assert build_curves(whole(*listed), again).last_s == CREATED_S + 46
    bare = msgspec.structs.replace(BASELINE, windows=())
    shown = build_curves(whole(bare), bare)
    assert (shown.last_round, shown.last_s, shown.rounds) == (1, CREATED_S, ())


def test_the_figures_of_the_whole_run() -> None:
    shown = build_curves(whole(BASELINE, AMP), AMP)
    assert shown.speedup == AMP.speedup
    assert (shown.peak_memory_bytes, shown.peak_memory_of) == (77, "host process")
    assert (shown.energy_per_sample_j, shown.profiler_inflation) == (0.31, 0.061)
    assert shown.traced == TRACED
    assert shown.sampled == (
        SampledMean("gpu_memory_bytes", 1_234),
        SampledMean("gpu_power_w", 310.5),
        SampledMean("host_cpu_percent", 0.0),
    )
    assert build_curves(whole(BASELINE, AMP), BASELINE).sampled == ()


@pytest.mark.parametrize(("num_read", "doing"), [(0, "reading"), (6, "reading"), (7, "analysing")])
def test_a_file_is_read_until_all_of_it_is(num_read: int, doing: str) -> None:
    state = reading_state(Path("some/where/trace.json"), num_read, 7)
    assert state == ReadingState("trace.json", doing, num_read, 7)
