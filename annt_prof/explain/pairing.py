"""Ratios between variants, from the paired windows of their rounds.

The windows of one round run within seconds of each other, so what drifts slowly (clocks, heat,
other processes) multiplies them all alike and cancels in their ratio. Only the ratio of each
round enters the statistics; the windows' own spread, which the drift is part of, does not.
"""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from annt_prof.plan import BASELINE
from annt_prof.runs.record import Speedup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runs.record import VariantRecord

CONFIDENCE = 0.95
TRIMMED = 0.2  # at each end
TRIMMED_FROM = 10  # rounds: of fewer, trimming leaves too little to tell a spread from


def speedup(baseline: VariantRecord, variant: VariantRecord) -> Speedup | None:
    """Return the baseline's time per sample over the variant's, or None without a common round.

    The ratio is the geometric mean over the rounds that both have; the interval is Student's t on
    the logarithms of the rounds' ratios. From ten rounds on both are of the middle three fifths
    of the rounds (trimmed mean, Tukey and McLaughlin's interval): another process that takes a
    core for some rounds makes a few ratios far off, which would widen the interval of all.
    Logarithms because a ratio and its inverse must be judged alike. Student's t rather than a
    percentile bootstrap because rounds are few: with n pairs the bootstrap has the spread of n -
    1 in n of the variance and normal instead of t tails, so at 5 rounds its 95 % interval holds
    the truth less than 90 % of the time.

    Source: T. Hesterberg, What Teachers Should Know About the Bootstrap, The American
    Statistician 69(4), 2015, section 4 (percentile intervals in small samples); T. Kalibera and
    R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013 (a run, not an iteration, is
    the unit; effects as ratios with intervals).
    """
    logs = log_ratios(baseline, variant)
    if not logs:
        return None
    centre, half = middle(logs)
    return Speedup(
        ratio=math.exp(centre),
        low=None if half is None else math.exp(centre - half),
        high=None if half is None else math.exp(centre + half),
        rounds=len(logs),
    )


def middle(logs: Sequence[float]) -> tuple[float, float | None]:
    """Return the centre of logarithms and half of its 95 % interval, None below two of them.

    Source: J. Tukey and D. McLaughlin, Less Vulnerable Confidence and Significance Procedures for
    Location Based on a Single Sample, Sankhya A 25, 1963; scipy.stats.mstats.trimmed_mean_ci.
    """
    if len(logs) < TRIMMED_FROM:
        return fmean(logs), half_width(logs)
    from scipy.stats import mstats  # slow to import, and few runs are so long

    limits = (TRIMMED, TRIMMED)
    low, high = mstats.trimmed_mean_ci(list(logs), limits=limits, alpha=1 - CONFIDENCE)
    return (float(low) + float(high)) / 2, (float(high) - float(low)) / 2


def degrees_of_freedom(rounds: int) -> int:
    """Return those of the interval that ``middle`` gives for so many rounds."""
    trimmed = int(TRIMMED * rounds) if rounds >= TRIMMED_FROM else 0
    return rounds - 2 * trimmed - 1


def precise_enough(variants: tuple[VariantRecord, ...], precision: float, min_rounds: int) -> bool:
    """Whether more rounds would not be worth their time.

    Every measured variant's interval must lie within ``precision`` (a fraction) of its ratio, at
    ``min_rounds`` pairs or more. Where there is nothing to pair (the baseline stands alone, or
    was lost), the same is asked of the mean of each variant's own windows.

    Stopping as soon as the interval is narrow favours samples that happen to spread little, so
    the intervals of runs that stop early hold the truth a little less often than 95 % of the
    time: 94 to 95 % with three variants beside the baseline, 92 to 95 % with one (simulated with
    normal noise, 5 rounds at least; tests/unit/explain/test_pairing.py holds it).
    """
    measured = [v for v in variants if v.status == "measured"]
    baseline = next((v for v in measured if v.name == BASELINE), None)
    others = [v for v in measured if v is not baseline]
    if baseline is not None and others:
        logs = [log_ratios(baseline, v) for v in others]
    else:
        logs = [list(_log_times(v).values()) for v in measured]
    return bool(logs) and all(_narrow(each, precision, min_rounds) for each in logs)


def half_width(logs: Sequence[float]) -> float | None:
    """Return half of the 95 % t-interval of the mean of logarithms, or None below two of them."""
    n = len(logs)
    if n < 2:
        return None
    quantile = float(stdtrit(n - 1, (1 + CONFIDENCE) / 2))
    return quantile * stdev(logs) / math.sqrt(n)


def _narrow(logs: Sequence[float], precision: float, min_rounds: int) -> bool:
    half = middle(logs)[1] if logs else None
    # The upper side is the wider one: exp(h) - 1 > 1 - exp(-h).
    return half is not None and len(logs) >= min_rounds and math.expm1(half) <= precision


def log_ratios(baseline: VariantRecord, variant: VariantRecord) -> list[float]:
    """Return log(baseline / variant) of the time per sample for each round that both have."""
    base, other = _log_times(baseline), _log_times(variant)
    return [base[number] - other[number] for number in sorted(base.keys() & other.keys())]


def _log_times(variant: VariantRecord) -> dict[int, float]:
    """Return the logarithm of each round's nanoseconds per sample."""
    samples = variant.samples_per_iteration
    return {w.round: math.log(w.median_ns / samples) for w in variant.windows}
