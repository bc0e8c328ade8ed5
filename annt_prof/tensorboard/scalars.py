"""Which curves a variant gets. The ends of the tags' names are the units."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from annt_prof.compare.figures import per_iteration_ns
from annt_prof.tensorboard.events import Scalar
from annt_prof.units import MIB, NS_PER_MS, NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.breakdown import MeanBreakdown
    from annt_prof.runs.record import Run, TimedWindow, VariantRecord
    from annt_prof.telemetry.summary import TelemetrySummary


def created_s(run: Run) -> float:
    """Return when the run began, in seconds since 1970."""
    return datetime.fromisoformat(run.created).timestamp()


def scalars(run: Run, variant: VariantRecord) -> tuple[Scalar, ...]:
    """Return every curve of one variant; empty where nothing was measured of it.

    A figure of the whole run is a level line from the first round to the last: of lone points
    TensorBoard's older tab takes the lowest and the highest for outliers and shows neither.
    """
    rounds = {w.round: _ended_s(run, w) for v in run.variants for w in v.windows}
    last = max(rounds, default=0)
    ends = ((0, created_s(run)), (max(last, 1), rounds.get(last, created_s(run))))
    level = [
        *_comparison(variant),
        *([] if variant.breakdown is None else _breakdown(variant.breakdown)),
        *([] if variant.telemetry is None else _telemetry(variant.telemetry)),
    ]
    return (
        *_windows(run, variant),
        *(
            Scalar(tag, value, step, at_s, f"{about} One figure for the whole run.")
            for tag, value, about in level
            for step, at_s in ends
        ),
    )


def _ended_s(run: Run, window: TimedWindow) -> float:
    began_ns = min(w.started_ns for v in run.variants for w in v.windows)
    return created_s(run) + (window.ended_ns - began_ns) / NS_PER_S


def _windows(run: Run, variant: VariantRecord) -> Iterator[Scalar]:
    """Yield one point per round, at the time it was measured."""
    figures = per_iteration_ns(variant)
    for window in sorted(variant.windows, key=lambda window: window.round):
        at_s = _ended_s(run, window)
        step_ns = figures[window.round]
        yield Scalar(
            "timed/step_time_ms",
            step_ns / NS_PER_MS,
            window.round,
            at_s,
            "Wall time of each round's window over its iterations, no profiler running.",
        )
        yield Scalar(
            "timed/throughput_samples_per_s",
            variant.samples_per_iteration * NS_PER_S / step_ns,
            window.round,
            at_s,
            "Samples per second of wall time in each round's window.",
        )


def _comparison(variant: VariantRecord) -> Iterator[tuple[str, float, str]]:
    speedup = variant.speedup
    if speedup is not None:
        about = "Baseline time per sample over this variant's; above 1 it is faster."
        yield "speedup/ratio", speedup.ratio, about
        if speedup.low is not None and speedup.high is not None:
            yield "speedup/low_95", speedup.low, f"{about} Lower end of the 95 % interval."
            yield "speedup/high_95", speedup.high, f"{about} Upper end of the 95 % interval."
    if variant.peak_memory_bytes is not None:
        about = f"Highest over the timed windows: {variant.peak_memory_of or 'not told of what'}."
        yield "memory/peak_mib", variant.peak_memory_bytes / MIB, about
    if variant.energy_per_sample_j is not None:
        yield "energy/per_sample_j", variant.energy_per_sample_j, "Over the timed windows."
    if variant.profiler_inflation is not None:
        about = "How much longer a traced step takes than a timed one."
        yield "traced/profiler_inflation_percent", variant.profiler_inflation * 100, about


def _breakdown(mean: MeanBreakdown) -> Iterator[tuple[str, float, str]]:
    about = f"Mean wall time per traced step over {mean.num_steps} steps; the parts sum to it."
    yield "traced/step_time_ms", mean.step_ns / NS_PER_MS, "Mean wall time of a traced step."
    for category, duration_ns in mean.by_category_ns.items():
        yield f"breakdown_ms/{category}", duration_ns / NS_PER_MS, about
    for category, duration_ns in mean.hidden_ns.items():
        about = "Ran under other work, so it cost no wall time. Mean per traced step."
        yield f"hidden_ms/{category}", duration_ns / NS_PER_MS, about
    for kernel_class, duration_ns in mean.kernel_ns.items():
        about = "Device time of kernels of this class. Mean per traced step."
        yield f"kernels_ms/{kernel_class}", duration_ns / NS_PER_MS, about


def _telemetry(summary: TelemetrySummary) -> Iterator[tuple[str, float, str]]:
    for field in summary.__struct_fields__:
        value = getattr(summary, field)
        if field == "num_samples" or not isinstance(value, int | float):
            continue
        in_mib = field.replace("_bytes", "_mib")
        shown = value / MIB if in_mib != field else value
        yield f"telemetry/{in_mib}", shown, "Mean over the timed windows."
