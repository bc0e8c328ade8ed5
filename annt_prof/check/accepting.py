"""What of a run is kept as a baseline."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from annt_prof import units
from annt_prof.check.baseline import BaselineRun, BaselineVariant
from annt_prof.check.launch_figures import figures
from annt_prof.check.timed_parts import by_name
from annt_prof.check.traced_figures import traced_launches
from annt_prof.errors import UserError
from annt_prof.scenario.budget_metrics import KERNELS, METRICS, STEP_TIME

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord

LEAST_LAUNCHES = 5
"""Of each variant: a spread of fewer is hardly known, and every later check stands on it."""

_MOST_WORK = 100  # names: one that is missing took less than any of them, next to nothing
_DIGITS = 6  # significant: finer than any clock here tells, and short enough to review


class Kept(NamedTuple):
    """What of a run is kept.

    Attributes:
        left_out: Variants that are not, each with the reason.
    """

    run: BaselineRun
    left_out: dict[str, str]


def kept_of(run: Run, only: Collection[str], ceilings: Ceilings | None) -> Kept:
    """Return what of a run is kept as a baseline.

    Args:
        run: Which.
        only: Metrics that are kept; empty for all that were measured.
        ceilings: Of its machine, for ``mfu``.

    Raises:
        UserError: It did not end, no variant has enough launches, or none has such a metric.
    """
    if not run.complete:
        raise UserError(
            f"is not a whole run: {run.stop}",
            where=run.run_id,
            hint="run the scenario to its end; what stops half-way may lack launches and traces",
        )
    left_out = {v.name: why for v in run.variants if (why := _why_not(run, v)) is not None}
    variants = {
        variant.name: _variant(run, variant, only or METRICS, ceilings)
        for variant in run.variants
        if variant.name not in left_out
    }
    if not variants:
        raise UserError(
            f"no variant can be a baseline: {_listed(left_out)}",
            where=run.run_id,
            hint=f"annt-prof run SCENARIO --set window.min_launches={LEAST_LAUNCHES} has enough "
            "launches, if its time budget lets it",
        )
    for name in only:
        if not any(name in variant.figures for variant in variants.values()):
            reasons = {
                v.name: figures(run, v, name, ceilings=ceilings).why_not or "nothing was measured"
                for v in run.variants
                if v.name in variants
            }
            raise UserError(f"has no {name}: {_listed(reasons)}", where=run.run_id)
    return Kept(BaselineRun(run.run_id, run.created, variants), left_out)


def _why_not(run: Run, variant: VariantRecord) -> str | None:
    found = figures(run, variant, STEP_TIME)
    if not found.values:
        return found.why_not
    if len(found.values) < LEAST_LAUNCHES:
        has = units.count(len(found.values), "launch", "launches")
        return f"it has {has}, and a baseline takes {LEAST_LAUNCHES} at least"
    return None


def _variant(
    run: Run, variant: VariantRecord, metrics: Iterable[str], ceilings: Ceilings | None
) -> BaselineVariant:
    # A class of which no launch has a kernel is one that the model does not use.
    measured = {name: figures(run, variant, name, ceilings=ceilings).values for name in metrics}
    traced = traced_launches(variant)
    told = {key for launch in traced for key in launch.pitfalls}
    told |= {remark.key for remark in variant.remarks if remark.key is not None}
    return BaselineVariant(
        launches=len(figures(run, variant, STEP_TIME).values),
        figures={
            name: tuple(map(_rounded, values))
            for name, values in measured.items()
            if any(values) or (values and not name.startswith(KERNELS))
        },
        breakdown_ns=_means([by_name(launch.breakdown) for launch in traced]),
        work_ns=_most(_means([{w.name: w.ns for w in launch.work} for launch in traced])),
        pitfalls=tuple(sorted(told)),
        uneven=variant.uneven,
    )


def _means(launches: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Return the mean of each part over launches; one that a launch lacks counts as 0 there."""
    totals: dict[str, int] = defaultdict(int)
    for launch in launches:
        for name, ns in launch.items():
            totals[name] += ns
    return {name: round(ns / len(launches)) for name, ns in totals.items()}


def _most(work: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(work.items(), key=lambda each: -each[1])[:_MOST_WORK])


def _rounded(value: float) -> float:
    """Return a figure to a few digits, without decimals where it has none."""
    if not value:
        return 0
    short = round(value, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    return int(short) if short == int(short) else short


def _listed(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or "there is none"
