"""One figure of one run as a point of a series, and where the level of a series changes."""

from __future__ import annotations

import itertools
import math
from statistics import fmean
from typing import TYPE_CHECKING

import msgspec
from scipy.special import stdtrit

from annt_prof.compare.launch_figures import Metric, by_launch, figure_of
from annt_prof.compare.pairing import CONFIDENCE, degrees_of_freedom, middle
from annt_prof.compare.verdict import relative_half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runs.record import VariantRecord

LEAST_RUNS = 6
"""Of fewer no change of level is told."""

PENALTY = 4.0
"""Times log(n), in units of the noise's variance: what a change of level must explain.

By theory 2 to 3 (BIC counts a place and a level for each change); 4 because the noise is told from
the same few runs. Of series of pure noise that launches tell in full, 1 to 2 % have a change, be
they of 6, 10 or 20 runs; where runs differ by more than their launches tell, so that the noise is
told from the runs alone, 3 % of those of 20 runs, 4 % of 10 and 7 % of 6 (simulated, 300 series
each; tests/unit/compare/test_over_time.py holds it at 20).
"""

_LEAST_PER_LEVEL = 2  # runs: a single one that is off is an outlier
_LEAST_NOISE = 0.001
"""A fraction: figures that repeat to the last digit, as memory does, still change by more."""


class RunFigure(msgspec.Struct, frozen=True):
    """A variant's figure in one run.

    Attributes:
        value: As the record has it: ns per iteration, samples/s, bytes.
        low, high: 95 % interval over launches; None with fewer than three, and of peaks, which
            are the highest of all and no mean.
        launches: Of the run.
        error: Standard error of the value's logarithm over launches; None with fewer than three.
    """

    value: float
    low: float | None
    high: float | None
    launches: int
    error: float | None

    @property
    def half_width(self) -> float | None:
        """Of the interval, as a fraction; None without one."""
        if self.low is None or self.high is None:
            return None
        return relative_half_width(self.low, self.high)


class LevelChange(msgspec.Struct, frozen=True):
    """Where a series goes to another level.

    Attributes:
        place: Of the first run of the new level, from 0.
        fraction: The (geometric) mean of the new level over that of the one before, less 1.
    """

    place: int
    fraction: float


def run_figure(variant: VariantRecord, metric: Metric) -> RunFigure | None:
    """Return a variant's figure with what its launches tell of it; None where it has none."""
    value = figure_of(variant, metric)
    if value is None or value <= 0 or not variant.windows:
        return None
    logs = [math.log(each) for each in by_launch(variant, metric).values()]
    launches = len({window.launch for window in variant.windows})
    trims = not variant.uneven
    centre, half = middle(logs, trims=trims) if logs else (math.log(value), None)
    if half is None:
        return RunFigure(value, None, None, launches, None)
    freedom = degrees_of_freedom(len(logs), trims=trims)
    error = half / float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
    if metric is Metric.PEAK_MEMORY:
        return RunFigure(value, None, None, launches, error)
    return RunFigure(value, math.exp(centre - half), math.exp(centre + half), launches, error)


def level_changes(figures: Sequence[RunFigure]) -> tuple[LevelChange, ...]:
    """Return where the level of a series changes, in order; nothing below ``LEAST_RUNS``.

    A piecewise constant fit to the logarithms of the figures, by least squares, in which each
    change must explain ``PENALTY`` times log(n) variances of the noise. No level is of fewer than
    two runs, nor of two that lie further apart than it lies from its neighbour: then one of them is
    off, and whether that lasts is told by the next run. Takes a second to import.

    Args:
        figures: Of the runs, oldest first.

    Source: R. Killick, P. Fearnhead and I. Eckley, Optimal Detection of Changepoints with a Linear
    Computational Cost, JASA 107, 2012 (PELT); Y.-C. Yao, Estimating the Number of Change-Points
    via Schwarz' Criterion, Statistics & Probability Letters 6, 1988 (the penalty); ruptures.
    """
    if len(figures) < LEAST_RUNS:
        return ()
    import numpy as np
    import ruptures

    logs = [math.log(figure.value) for figure in figures]
    scaled = np.asarray(logs).reshape(-1, 1) / _noise(logs, figures)
    fit = ruptures.Pelt(model="l2", min_size=_LEAST_PER_LEVEL, jump=1).fit(scaled)
    ends: list[int] = fit.predict(pen=PENALTY * math.log(len(logs)))
    levels = [logs[start:end] for start, end in itertools.pairwise((0, *ends))]
    return tuple(
        LevelChange(place, math.expm1(fmean(after) - fmean(before)))
        for place, (before, after) in zip(ends[:-1], itertools.pairwise(levels), strict=True)
        if _are_levels(before, after)
    )


def _are_levels(before: Sequence[float], after: Sequence[float]) -> bool:
    step = abs(fmean(after) - fmean(before))
    pairs = (runs for runs in (before, after) if len(runs) == _LEAST_PER_LEVEL)
    return all(max(runs) - min(runs) < step for runs in pairs)


def _noise(logs: Sequence[float], figures: Sequence[RunFigure]) -> float:
    """Return the standard deviation of a run's log figure about its level.

    At least what launches tell of it. Runs differ by more than that where machines are shared, so
    it is also at least what neighbouring runs differ by, to which a change of level adds little.

    Source of the latter: J. von Neumann et al., The Mean Square Successive Difference, Annals of
    Mathematical Statistics 12, 1941.
    """
    errors = [figure.error for figure in figures if figure.error is not None]
    within = math.sqrt(fmean(e**2 for e in errors)) if errors else 0.0
    steps = (after - before for before, after in itertools.pairwise(logs))
    between = math.sqrt(fmean(step**2 for step in steps) / 2)
    return max(within, between, _LEAST_NOISE)
