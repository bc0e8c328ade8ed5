"""How many times as much of each figure one variant has as another, of one run or of two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec

from annt_prof.compare.apart import log_ratio_apart
from annt_prof.compare.between import between
from annt_prof.compare.figures import of_one_measure
from annt_prof.compare.launch_figures import Metric, by_launch, figure_of
from annt_prof.compare.pairing import middle
from annt_prof.compare.verdict import decide, floor_of, precision_of
from annt_prof.runs.record import Speedup
from annt_prof.runs.series import unlike_conditions
from annt_prof.runs.verdict import Verdict

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord


class FigureRatio(msgspec.Struct, frozen=True):
    """The second's figure over the first's.

    Attributes:
        metric: Of which figure; times are of an iteration, or of a sample where batches differ.
        ratio: Above 1 the second has more of it.
        low, high: 95 % interval over launches; None where too few are known.
        launches: Of the first and of the second; 0 where the figure is not known by launches.
        paired: Whether they are pairs, measured beside each other.
    """

    metric: Metric
    ratio: float
    low: float | None
    high: float | None
    launches: tuple[int, int]
    paired: bool


class SpeedupApart(msgspec.Struct, frozen=True):
    """What the second variant is worth against the first, of another run.

    Attributes:
        speedup: The first one's time per sample over the second one's, with its interval by
            Welch's t; its rounds and launches are those of the run with fewer of them.
        launches: Of the first and of the second.
        verdict: None where the two were measured on different machines or data.
    """

    speedup: Speedup
    launches: tuple[int, int]
    verdict: Verdict | None


class Ratios(msgspec.Struct, frozen=True):
    """All that can be told between two variants.

    Attributes:
        figures: Of each figure that both have.
        apart: The speedup, of two runs; None of one run, and without times of both.
        unlike: Of two runs, facts of machine and data that differ, so that there is no verdict.
    """

    figures: tuple[FigureRatio, ...]
    apart: SpeedupApart | None = None
    unlike: tuple[str, ...] = ()


def ratios_within(run: Run, first: VariantRecord, second: VariantRecord) -> Ratios:
    """Return the ratios between two variants of one run, from pairs of their launches.

    Of times and of throughput it is the speedup, whose pairs are rounds.
    """
    timed: tuple[FigureRatio, ...] = ()
    speedup = between(run, first, second).speedup
    if speedup is not None:
        pairs = (speedup.launches, speedup.launches)
        faster = FigureRatio(
            Metric.THROUGHPUT, speedup.ratio, speedup.low, speedup.high, pairs, paired=True
        )
        timed = (_inverse(faster, Metric.STEP_TIME), faster)
    others = (_paired(first, second, metric) for metric in _OTHERS)
    return Ratios((*timed, *(ratio for ratio in others if ratio is not None)))


def ratios_apart(runs: tuple[Run, Run], variants: tuple[VariantRecord, VariantRecord]) -> Ratios:
    """Return the ratios between variants of two runs, whose launches are independent.

    An interval counts as narrow by the looser of what the two scenarios call so.

    Args:
        runs: The first and the second.
        variants: One of each.
    """
    first, second = variants
    unlike = unlike_conditions(*runs)
    uneven = first.uneven or second.uneven  # of both by one measure
    alike = of_one_measure(first, second)
    faster = _apart(first, second, Metric.THROUGHPUT, uneven=uneven) if alike else None
    others = (_apart(first, second, metric) for metric in _OTHERS)
    figures = tuple(ratio for ratio in others if ratio is not None)
    if faster is None:
        return Ratios(figures, unlike=unlike)
    launches = min(faster.launches)
    speedup = Speedup(faster.ratio, faster.low, faster.high, rounds=launches, launches=launches)
    precision = max(precision_of(run) for run in runs)
    verdict = (
        None if unlike else decide(speedup, precision, max(floor_of(r.variants) for r in runs))
    )
    timed = (_inverse(faster, Metric.STEP_TIME), faster)
    return Ratios((*timed, *figures), SpeedupApart(speedup, faster.launches, verdict), unlike)


_OTHERS = (Metric.PEAK_MEMORY, Metric.ENERGY_PER_SAMPLE)


def _inverse(ratio: FigureRatio, metric: Metric) -> FigureRatio:
    return FigureRatio(
        metric,
        ratio=1 / ratio.ratio,
        low=None if ratio.high is None else 1 / ratio.high,
        high=None if ratio.low is None else 1 / ratio.low,
        launches=ratio.launches,
        paired=ratio.paired,
    )


def _paired(first: VariantRecord, second: VariantRecord, metric: Metric) -> FigureRatio | None:
    if figure_of(first, metric) is None or figure_of(second, metric) is None:
        return None
    here, there = by_launch(first, metric), by_launch(second, metric)
    common = sorted(here.keys() & there.keys())
    if not common or not _alike(first, second, metric):
        return _of_records(first, second, metric, paired=True)
    logs = [math.log(there[launch] / here[launch]) for launch in common]
    centre, half = middle(logs, trims=False)
    return _told(metric, centre, half, (len(common), len(common)), paired=True)


def _apart(
    first: VariantRecord, second: VariantRecord, metric: Metric, *, uneven: bool | None = None
) -> FigureRatio | None:
    if figure_of(first, metric) is None or figure_of(second, metric) is None:
        return None
    here, there = (by_launch(v, metric, uneven=uneven) for v in (first, second))
    if not (here and there) or not _alike(first, second, metric):
        return _of_records(first, second, metric, paired=False)
    centre, half = log_ratio_apart(tuple(here.values()), tuple(there.values()))
    return _told(metric, centre, half, (len(here), len(there)), paired=False)


def _of_records(
    first: VariantRecord, second: VariantRecord, metric: Metric, *, paired: bool
) -> FigureRatio | None:
    """Return the ratio of what the records hold, which tells no interval."""
    before, after = figure_of(first, metric), figure_of(second, metric)
    if not before or not after or not _alike(first, second, metric):
        return None
    return FigureRatio(metric, after / before, None, None, (0, 0), paired=paired)


def _alike(first: VariantRecord, second: VariantRecord, metric: Metric) -> bool:
    """Whether the figures are of one thing: a host's memory is not a device's."""
    return metric is not Metric.PEAK_MEMORY or first.peak_memory_of == second.peak_memory_of


def _told(
    metric: Metric, centre: float, half: float | None, launches: tuple[int, int], *, paired: bool
) -> FigureRatio:
    return FigureRatio(
        metric,
        ratio=math.exp(centre),
        low=None if half is None else math.exp(centre - half),
        high=None if half is None else math.exp(centre + half),
        launches=launches,
        paired=paired,
    )
