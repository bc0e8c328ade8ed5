"""A stored baseline: what somebody accepted of runs of one code, on one machine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from statistics import fmean

import msgspec

from annt_prof.check.fingerprint import Fingerprint
from annt_prof.check.work import Settings, Training, Work

SCHEMA_VERSION = 1
ACCEPT_A_CHECK = "a check of a scenario with such a budget has one of each launch; accept its run"
"""What is said where a baseline has too few figures of a metric."""


class BaselineVariant(msgspec.Struct, frozen=True):
    """What a run showed of one variant.

    Attributes:
        launches: Timed.
        figures: By metric, one for each launch that has one, in the unit of its dimension.
        breakdown_ns: Of a traced step by category, the mean over traced launches; the categories
            sum to that step. Empty where it was not traced.
        work_ns: Of the same, by kernel, or without a device by operator, those of the most time.
        pitfalls: Keys of mistakes that it makes.
        uneven: Whether a launch's figure is the mean of its windows and not their median; the two
            do not compare.
    """

    launches: int
    figures: Mapping[str, tuple[float, ...]]
    breakdown_ns: Mapping[str, int] = {}
    work_ns: Mapping[str, int] = {}
    pitfalls: tuple[str, ...] = ()
    uneven: bool = False


class BaselineRun(msgspec.Struct, frozen=True):
    """A run that was accepted.

    Attributes:
        created: Of the run, ISO 8601, UTC.
        variants: By name.
    """

    run_id: str
    created: str
    variants: Mapping[str, BaselineVariant]


class Baseline(msgspec.Struct, frozen=True):
    """What later runs are held to.

    Attributes:
        schema_version: Of its file.
        name: That it was accepted under, such as ``main``.
        scenario_name: Of its runs.
        fingerprint: Of the machine and the software that they ran on.
        settings: Of their training, all variants' alike.
        trainings: What each variant has of its own, by name.
        runs: At least one. Further ones are of the same code: they show how far apart runs are
            that nothing tells from one another.
    """

    schema_version: int
    name: str
    scenario_name: str
    fingerprint: Fingerprint
    settings: Settings
    trainings: Mapping[str, Training]
    runs: tuple[BaselineRun, ...]

    def work_of(self, variant: str) -> Work | None:
        """Return what a variant trains; None where there is none of that name."""
        training = self.trainings.get(variant)
        return None if training is None else Work(self.settings, training)


def figures_of(baseline: Baseline, variant: str, metric: str) -> tuple[float, ...]:
    """Return the figures of every launch of all runs; empty where the baseline has none."""
    return tuple(value for values in _by_run(baseline, variant, metric) for value in values)


def history(baseline: Baseline, variant: str, metric: str) -> tuple[float, ...]:
    """Return by how much the runs of a baseline differ: |log(a / b)| of the middles of each pair.

    All pairs, not neighbours alone as where a history goes on with changed code (rustc-perf takes
    each commit's change from the one before): these runs are of one code, and what is checked
    against them comes at any distance in time. Pairs share runs, so that there are more of them
    than independent values; what is told from them is a limit, not an interval.

    Returns:
        Nothing with fewer than two runs, and of what may be 0 and is.
    """
    by_run = _by_run(baseline, variant, metric)
    if not all(value > 0 for values in by_run for value in values):
        return ()
    middles = [fmean(map(math.log, values)) for values in by_run]
    return tuple(abs(a - b) for a, b in combinations(middles, 2))


def _by_run(baseline: Baseline, variant: str, metric: str) -> list[tuple[float, ...]]:
    """Return the figures of each run that has any."""
    found = (
        run.variants[variant].figures.get(metric, ())
        for run in baseline.runs
        if variant in run.variants
    )
    return [values for values in found if values]
