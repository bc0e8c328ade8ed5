"""The curves of a variant over the rounds of its run, and the figures of the whole run."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.compare.figures import per_iteration_ns
from annt_prof.runs.record import Speedup
from annt_prof.units import NS_PER_S

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, TimedWindow, VariantRecord
    from annt_prof.telemetry.summary import TelemetrySummary


class RoundPoint(msgspec.Struct, frozen=True):
    """A timed window.

    Attributes:
        round: From 0.
        ended_s: Seconds since 1970.
        step_ns: Its whole time over its iterations, an epoch's start taken in where it counts.
        throughput: Samples per second.
    """

    round: int
    ended_s: float
    step_ns: float
    throughput: float


class SampledMean(msgspec.Struct, frozen=True):
    """What was sampled, the mean over the timed windows.

    Attributes:
        quantity: As ``TelemetrySummary`` names it.
        value: In the unit of that name.
    """

    quantity: str
    value: float


class Curves(msgspec.Struct, frozen=True, kw_only=True):
    """One variant; what was not measured of it is None or empty.

    Attributes:
        began_s: When the run began, seconds since 1970.
        last_round: Of the whole run, at least 1, so that a level has two ends.
        last_s: When its last window ended.
        rounds: In their order.
        peak_memory_of: What ``peak_memory_bytes`` is of.
        profiler_inflation: Traced over timed step time, minus 1.
        traced: The mean traced step.
        sampled: Every figure that is known.
    """

    began_s: float
    last_round: int
    last_s: float
    rounds: tuple[RoundPoint, ...]
    speedup: Speedup | None
    peak_memory_bytes: int | None
    peak_memory_of: str | None
    energy_per_sample_j: float | None
    profiler_inflation: float | None
    traced: MeanBreakdown | None
    sampled: tuple[SampledMean, ...]


def created_s(run: Run) -> float:
    """Return when a run began, in seconds since 1970."""
    return datetime.fromisoformat(run.created).timestamp()


def build_curves(run: Run, variant: VariantRecord) -> Curves:
    """Return the curves of one variant of a run."""
    ended = [(w.round, _ended_s(run, w)) for v in run.variants for w in v.windows]
    last, last_s = max(ended, default=(0, created_s(run)))
    return Curves(
        began_s=created_s(run),
        last_round=max(last, 1),
        last_s=last_s,
        rounds=_rounds(run, variant),
        speedup=variant.speedup,
        peak_memory_bytes=variant.peak_memory_bytes,
        peak_memory_of=variant.peak_memory_of,
        energy_per_sample_j=variant.energy_per_sample_j,
        profiler_inflation=variant.profiler_inflation,
        traced=variant.breakdown,
        sampled=() if variant.telemetry is None else _sampled(variant.telemetry),
    )


def _ended_s(run: Run, window: TimedWindow) -> float:
    """Return when a window ended: clocks of windows tell only how long after the first."""
    began_ns = min(w.started_ns for v in run.variants for w in v.windows)
    return created_s(run) + (window.ended_ns - began_ns) / NS_PER_S


def _rounds(run: Run, variant: VariantRecord) -> tuple[RoundPoint, ...]:
    step_ns = per_iteration_ns(variant)
    return tuple(
        RoundPoint(
            window.round,
            _ended_s(run, window),
            step_ns[window.round],
            variant.samples_per_iteration * NS_PER_S / step_ns[window.round],
        )
        for window in sorted(variant.windows, key=lambda window: window.round)
    )


def _sampled(summary: TelemetrySummary) -> tuple[SampledMean, ...]:
    known = ((name, getattr(summary, name)) for name in summary.__struct_fields__)
    return tuple(
        SampledMean(name, value)
        for name, value in known
        if name != "num_samples" and isinstance(value, int | float)
    )
