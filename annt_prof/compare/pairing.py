"""Ratios between variants, from the paired windows of their rounds.

The windows of one round run within seconds of each other, so what drifts slowly (clocks, heat,
other processes) multiplies them all alike and cancels in their ratio. Only the ratio of each
round enters the statistics; the windows' own spread, which the drift is part of, does not.

What does not cancel are the processes: memory layout, page placement and the like are drawn once
per process and shift all of its windows. So the unit of every interval is a launch: a fresh
process of each variant. It counts with the median of its rounds, and the interval is over
launches.
"""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from annt_prof.compare.figures import (
    TRIMMED,
    TRIMMED_FROM,
    launch_of_rounds,
    log_ratios_of_launches,
    of_launches,
    of_one_measure,
    per_sample_ns,
)
from annt_prof.plan import BASELINE, LEAST_LAUNCHES
from annt_prof.runs.record import Speedup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runs.record import VariantRecord

CONFIDENCE = 0.95


def speedup(baseline: VariantRecord, variant: VariantRecord) -> Speedup | None:
    """Return the baseline's time per sample over the variant's, or None without a common round.

    There is none either where epochs' starts are part of the figures of one of them alone.

    The ratio is the geometric mean over launches; the interval is Student's t on the logarithms
    of the launches' ratios, and there is none below three launches. From ten launches on both
    are of the middle three fifths of them (trimmed mean, Tukey and McLaughlin's interval): another
    program that takes a core for a while makes a few ratios far off, which would widen the
    interval of all. Logarithms because a ratio and its inverse must be judged alike. Student's t
    rather than a percentile bootstrap because launches are few: with n of them the bootstrap has
    the spread of n - 1 in n of the variance and normal instead of t tails, so at 5 its 95 %
    interval holds the truth less than 90 % of the time.

    Source: T. Hesterberg, What Teachers Should Know About the Bootstrap, The American
    Statistician 69(4), 2015, section 4 (percentile intervals in small samples); T. Kalibera and
    R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013 (repetition at the highest level
    that varies, which is the process; effects as ratios with intervals).
    """
    logs = log_ratios(baseline, variant) if of_one_measure(baseline, variant) else []
    if not logs:
        return None
    launches = launch_of_rounds(baseline, variant)
    # What launches have unequally is no disturbance.
    centre, half = middle(logs, trims=not baseline.uneven)
    return Speedup(
        ratio=math.exp(centre),
        low=None if half is None else math.exp(centre - half),
        high=None if half is None else math.exp(centre + half),
        rounds=len(launches),
        launches=len(logs),
    )


def middle(logs: Sequence[float], *, trims: bool) -> tuple[float, float | None]:
    """Return the centre of logarithms and half of its 95 % interval, None below three of them.

    Source: J. Tukey and D. McLaughlin, Less Vulnerable Confidence and Significance Procedures for
    Location Based on a Single Sample, Sankhya A 25, 1963; scipy.stats.mstats.trimmed_mean_ci.
    """
    if len(logs) < TRIMMED_FROM or not trims:
        return fmean(logs), half_width(logs)
    from scipy.stats import mstats  # slow to import, and few runs are so long

    limits = (TRIMMED, TRIMMED)
    low, high = mstats.trimmed_mean_ci(list(logs), limits=limits, alpha=1 - CONFIDENCE)
    return (float(low) + float(high)) / 2, (float(high) - float(low)) / 2


def degrees_of_freedom(launches: int, *, trims: bool) -> int:
    """Return those of the interval that ``middle`` gives for so many launches."""
    trimmed = int(TRIMMED * launches) if launches >= TRIMMED_FROM and trims else 0
    return launches - 2 * trimmed - 1


def precise_enough(
    variants: tuple[VariantRecord, ...], precision: float, min_launches: int
) -> bool:
    """Whether more launches would not be worth their time.

    Every measured variant's interval must lie within ``precision`` (a fraction) of its ratio, at
    ``min_launches`` pairs or more. Where there is nothing to pair (the baseline stands alone, or
    was lost), the same is asked of the mean of each variant's own windows. Nothing is asked of
    variants that were skipped, as no launch of theirs is to come.

    Stopping as soon as the interval is narrow favours samples that happen to spread little, so
    the intervals of runs that stop early hold the truth a little less often than 95 % of the
    time: 94 to 95 % with three variants beside the baseline, 92 to 95 % with one (simulated with
    normal noise, 5 launches at least; tests/unit/compare/test_pairing.py holds it).
    """
    measured = [v for v in variants if v.status == "measured" and not v.skipped]
    baseline = next((v for v in measured if v.name == BASELINE), None)
    others = [v for v in measured if v is not baseline]
    if baseline is not None and others:
        logs = [log_ratios(baseline, v) for v in others]
    else:
        logs = [_log_times(v) for v in measured]
    trims = not any(v.uneven for v in measured)
    return bool(logs) and all(_narrow(log, precision, min_launches, trims=trims) for log in logs)


def half_width(logs: Sequence[float]) -> float | None:
    """Return half of the 95 % t-interval of the mean of logarithms, or None below three of them."""
    n = len(logs)
    if n < LEAST_LAUNCHES:
        return None
    quantile = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    return quantile * stdev(logs) / math.sqrt(n)


def _narrow(logs: Sequence[float], precision: float, min_launches: int, *, trims: bool) -> bool:
    half = middle(logs, trims=trims)[1] if logs else None
    # The upper side is the wider one: exp(h) - 1 > 1 - exp(-h).
    return half is not None and len(logs) >= min_launches and math.expm1(half) <= precision


def log_ratios(baseline: VariantRecord, variant: VariantRecord) -> list[float]:
    """Return log(baseline / variant) of the time per sample for each launch that both have."""
    base, other = per_sample_ns(baseline), per_sample_ns(variant)
    launches = launch_of_rounds(baseline, variant)
    return log_ratios_of_launches(base, other, launches, uneven=baseline.uneven)


def _log_times(variant: VariantRecord) -> list[float]:
    """Return the logarithm of the time per sample for each launch."""
    launches = launch_of_rounds(variant)
    times_ns = of_launches(per_sample_ns(variant), launches, uneven=variant.uneven)
    return [math.log(ns) for ns in times_ns]
