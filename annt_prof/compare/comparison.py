"""What follows from the windows: throughput, step time, speedup, verdict, profiler inflation."""

from __future__ import annotations

import msgspec
import numpy as np

from annt_prof import units
from annt_prof.compare.figures import (
    epoch_start_ns,
    launch_of_rounds,
    middle_ns,
    per_iteration_ns,
)
from annt_prof.compare.pairing import precise_enough, speedup
from annt_prof.compare.verdict import DEFAULT_PRECISION, decide, floor_of
from annt_prof.plan import BASELINE
from annt_prof.runs.record import Speedup, StepTime, VariantRecord

__all__ = ["precise_enough", "summarise"]  # all that a run needs of the statistics


def summarise(
    variants: tuple[VariantRecord, ...], precision: float = DEFAULT_PRECISION
) -> tuple[VariantRecord, ...]:
    """Return the variants with every figure and verdict that follows from their windows filled in.

    Only measured variants get figures: one that crashed half-way keeps its windows in the record,
    but is not compared. Without a measured baseline no variant has a speedup.

    Args:
        variants: Of one run.
        precision: Fraction up to which the scenario counts an interval as narrow.
    """
    baseline = next((v for v in variants if v.name == BASELINE and _has_windows(v)), None)
    compared = tuple(_summary(v, baseline) if _has_windows(v) else v for v in variants)
    floor = floor_of(compared)
    return tuple(_judged(v, precision, floor) if _has_windows(v) else v for v in compared)


def _has_windows(variant: VariantRecord) -> bool:
    return variant.status == "measured" and bool(variant.windows)


def _summary(variant: VariantRecord, baseline: VariantRecord | None) -> VariantRecord:
    times = _step_time(variant)
    return msgspec.structs.replace(
        variant,
        step_time=times,
        throughput=variant.samples_per_iteration * units.NS_PER_S / times.mean_ns,
        speedup=_speedup(variant, baseline),
        profiler_inflation=_inflation(variant, times),
    )


def _judged(variant: VariantRecord, precision: float, floor: float) -> VariantRecord:
    """Return a variant with its verdict; the baseline is not judged against itself."""
    told = variant.name != BASELINE and variant.speedup is not None
    verdict = decide(variant.speedup, precision, floor) if told and variant.speedup else None
    return msgspec.structs.replace(variant, verdict=verdict)


def _step_time(variant: VariantRecord) -> StepTime:
    """Return the mean of the windows' figures, and quantiles of single steps.

    Source: R. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, The American
    Statistician 50(4), 1996, definition 7 (numpy's default).
    """
    steps = np.concatenate([np.asarray(window.step_ns) for window in variant.windows])
    low, high = (round(q) for q in np.percentile(steps, [5, 95]).tolist())
    launches = launch_of_rounds(variant)
    return StepTime(
        mean_ns=round(middle_ns(per_iteration_ns(variant), launches, uneven=variant.uneven)),
        p05_ns=low,
        p95_ns=high,
        n=len(variant.windows),
        epoch_start_ns=round(epoch_start_ns(variant)),
    )


def _speedup(variant: VariantRecord, baseline: VariantRecord | None) -> Speedup | None:
    if baseline is None:
        return None
    if variant.name == baseline.name:
        rounds = len(baseline.windows)
        launches = len({window.launch for window in baseline.windows})
        # Against itself the ratio is 1 by definition, with nothing left to be uncertain of.
        return Speedup(ratio=1.0, low=1.0, high=1.0, rounds=rounds, launches=launches)
    return speedup(baseline, variant)


def _inflation(variant: VariantRecord, times: StepTime) -> float | None:
    """Return how much longer a traced step is than a timed one, as a fraction of the timed one."""
    if variant.breakdown is None:
        return None
    return variant.breakdown.step_ns / times.within_epoch_ns - 1
