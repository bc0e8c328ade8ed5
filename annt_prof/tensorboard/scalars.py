"""Which curves a variant gets. The ends of the tags' names are the units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.tensorboard.events import Scalar
from annt_prof.units import MB, MIB, NS_PER_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.views.curves import Curves, RoundPoint, SampledMean


def scalars(curves: Curves) -> tuple[Scalar, ...]:
    """Return every curve of one variant; empty where nothing was measured of it.

    A figure of the whole run is a level line from the first round to the last: of lone points
    TensorBoard's older tab takes the lowest and the highest for outliers and shows neither.
    """
    ends = ((0, curves.began_s), (curves.last_round, curves.last_s))
    level = [
        *_comparison(curves),
        *([] if curves.traced is None else _breakdown(curves.traced)),
        *_telemetry(curves.sampled),
    ]
    return (
        *_windows(curves.rounds),
        *(
            Scalar(tag, value, step, at_s, f"{about} One figure for the whole run.")
            for tag, value, about in level
            for step, at_s in ends
        ),
    )


def _windows(rounds: Iterable[RoundPoint]) -> Iterator[Scalar]:
    """Yield one point per round, at the time it was measured."""
    for point in rounds:
        yield Scalar(
            "timed/step_time_ms",
            point.step_ns / NS_PER_MS,
            point.round,
            point.ended_s,
            "Wall time of each round's window over its iterations, no profiler running.",
        )
        yield Scalar(
            "timed/throughput_samples_per_s",
            point.throughput,
            point.round,
            point.ended_s,
            "Samples per second of wall time in each round's window.",
        )


def _comparison(curves: Curves) -> Iterator[tuple[str, float, str]]:
    speedup = curves.speedup
    if speedup is not None:
        about = "Baseline time per sample over this variant's; above 1 it is faster."
        yield "speedup/ratio", speedup.ratio, about
        if speedup.low is not None and speedup.high is not None:
            yield "speedup/low_95", speedup.low, f"{about} Lower end of the 95 % interval."
            yield "speedup/high_95", speedup.high, f"{about} Upper end of the 95 % interval."
    if curves.peak_memory_bytes is not None:
        about = f"Highest over the timed windows: {curves.peak_memory_of or 'not told of what'}."
        yield "memory/peak_mib", curves.peak_memory_bytes / MIB, about
    if curves.energy_per_sample_j is not None:
        yield "energy/per_sample_j", curves.energy_per_sample_j, "Over the timed windows."
    if curves.profiler_inflation is not None:
        about = "How much longer a traced step takes than a timed one."
        yield "traced/profiler_inflation_percent", curves.profiler_inflation * 100, about


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


def _telemetry(sampled: Iterable[SampledMean]) -> Iterator[tuple[str, float, str]]:
    for mean in sampled:
        name, shown = mean.quantity, mean.value
        if name.endswith("_bytes_per_s"):
            name, shown = name.replace("_bytes_per_s", "_mb_per_s"), shown / MB
        elif name.endswith("_bytes"):
            name, shown = name.replace("_bytes", "_mib"), shown / MIB
        yield f"telemetry/{name}", shown, "Mean over the timed windows."
