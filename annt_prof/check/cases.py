"""Each budget as a case: a question of statistics, something that is told at once, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.check import exact, subject
from annt_prof.check.fingerprint import matches
from annt_prof.check.launch_figures import figures, log_ratios, paired
from annt_prof.check.question import Question
from annt_prof.check.result import Estimate, Outcome, Reason
from annt_prof.check.stored import Stored, stored_figures
from annt_prof.machine import ceilings
from annt_prof.plan import BASELINE
from annt_prof.scenario.budget_metrics import (
    COMPILE_TIME,
    METRICS,
    NO_PITFALLS,
    PEAK_MEMORY,
    STEP_TIME,
    THROUGHPUT,
    Dimension,
)
from annt_prof.scenario.budgets import AgainstKind, LimitKind
from annt_prof.scenario.effective import Replaced

if TYPE_CHECKING:
    from annt_prof.check.figures_by_launch import LaunchFigures
    from annt_prof.check.terms import Terms
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.scenario.budgets import Budget

_OF_A_MACHINE = (Dimension.TIME, Dimension.RATE, Dimension.ENERGY)
_ANYWHERE = "no machine is named (budgets: on), so the limit is held on any"
_BY_ROUNDS = (STEP_TIME, THROUGHPUT)
_OF_DATA = (Replaced.DATA, Replaced.COPYING)
_NO_OTHERS = "a run against a reference has the scenario as it is written, and no other variants"


@dataclass(frozen=True)
class Case:
    """One budget, made ready to be decided.

    Attributes:
        budget: Which.
        variant: Name of the variant that is held to it.
        against: What it is compared with, for people; None of what stands alone.
        reference: The variant that it is compared with; None of any other comparison.
        stored: The baseline that it is compared with; None likewise.
        question: For statistics; None where none are needed, or nothing can be told.
        floor: Of a share: whether the time itself is over its floor; a failure needs both.
        outcome: Where there is no question.
        estimate: Likewise, of what was counted.
        reason: Likewise, of what was skipped.
        detail: What a reader must know of it.
    """

    budget: Budget
    variant: str
    against: str | None = None
    reference: VariantRecord | None = None
    stored: Stored | None = None
    question: Question | None = None
    floor: Question | None = None
    outcome: Outcome | None = None
    estimate: Estimate | None = None
    reason: Reason | None = None
    detail: str | None = None


def cases(run: Run, terms: Terms) -> tuple[Case, ...]:
    """Return one case for each budget, in order.

    Args:
        run: Finished, or so far.
        terms: What it is held to.

    Raises:
        UserError: A stored baseline cannot be read.
    """
    return tuple(_case(run, terms, budget) for budget in terms.budgets.limits)


def _case(run: Run, terms: Terms, budget: Budget) -> Case:
    name = budget.variant or subject.as_written(run)
    case = Case(budget, name)
    variant = subject.named(run, name)
    if variant is None:
        return _skipped(case, Reason.NO_VARIANT, _lacking(run, name))
    if subject.is_against_reference(run) and name != subject.as_written(run):
        return _skipped(case, Reason.NO_VARIANT, _NO_OTHERS)  # it is the reference
    if budget.metric == NO_PITFALLS:
        if variant.status != "measured":
            return _skipped(case, Reason.NOT_MEASURED, variant.reason or variant.status)
        return _told(case, exact.pitfalls(run, variant, budget))
    if budget.to is None:
        return _absolute(case, run, terms, variant)
    match budget.to.kind:
        case AgainstKind.BASELINE:
            return _against_stored(case, run, terms, variant)
        case AgainstKind.VARIANT:
            return _against_variant(case, run, budget.to.variant or BASELINE, variant)
        case AgainstKind.REFERENCE:
            return _against_reference(case, run, terms, variant)


def _absolute(case: Case, run: Run, terms: Terms, variant: VariantRecord) -> Case:
    """A limit in units: of one kind of machine, and of the scenario as it is written."""
    budget = case.budget
    unlike = () if terms.budgets.on is None else matches(terms.budgets.on, run.environment)
    if unlike:
        return _skipped(case, Reason.OTHER_MACHINE, "; ".join(unlike))
    other = _not_as_written(run, budget)
    if other is not None:
        return _skipped(case, Reason.OTHER_WORK, other)
    dimension = METRICS[budget.metric].dimension
    of_a_machine = budget.kind is not LimitKind.MAX_SHARE and dimension in _OF_A_MACHINE
    anywhere = _ANYWHERE if terms.budgets.on is None and of_a_machine else None
    share = budget.kind is LimitKind.MAX_SHARE
    found = figures(
        run, variant, budget.metric, share=share, ceilings=ceilings.recall(run.environment)
    )
    if not found.values:
        return _skipped(case, Reason.NOT_MEASURED, found.why_not or "nothing was measured")
    if found.exact:
        return _told(case, exact.count(found.values[0], budget))
    asked = Question(
        found.values,
        budget.limit,
        budget.kind.is_upper,
        in_logs=not (found.may_be_zero or share),
        trims=_trims(found, budget.metric, variant),
    )
    floor = None
    if budget.floor_ns:
        times = figures(run, variant, budget.metric, ceilings=ceilings.recall(run.environment))
        asked = replace(asked, passes_by_either=True)
        floor = replace(asked, checked=times.values, limit=budget.floor_ns)
    return replace(case, question=asked, floor=floor, detail=_joined(found.note, anywhere))


def _not_as_written(run: Run, budget: Budget) -> str | None:
    """Return why figures are not of the scenario that a limit was written for.

    A share of the step may be limited whatever the step is, but not how long other data loads.
    """
    replaced = [s for s in run.substitutions if s.replaced in _OF_DATA]
    if replaced:
        return f"{replaced[0].wanted}: {replaced[0].used} was measured instead"
    of_units = budget.kind is not LimitKind.MAX_SHARE
    if run.overrides_in_effect and of_units and not budget.under_when:
        return f"another step than the file's own: {run.overrides_in_effect[0]}"
    return None


def _against_variant(case: Case, run: Run, name: str, variant: VariantRecord) -> Case:
    other = subject.named(run, name)
    case = replace(case, against=f"variant {name}")
    if other is None:
        return _skipped(case, Reason.NO_VARIANT, _lacking(run, name))
    if subject.is_against_reference(run):
        return _skipped(case, Reason.NO_VARIANT, _NO_OTHERS)
    if other is variant:
        return _skipped(case, Reason.NO_VARIANT, f"{name} is what is checked: it is like itself")
    return _pairs(case, run, variant, other)


def _against_reference(case: Case, run: Run, terms: Terms, variant: VariantRecord) -> Case:
    case = replace(case, against=terms.reference or "reference")
    if not subject.is_against_reference(run):
        return _skipped(
            case,
            Reason.NO_REFERENCE,
            "name one with --reference, --reference-worktree or --reference-python",
        )
    return _pairs(case, run, variant, run.variants[0])


def _pairs(case: Case, run: Run, variant: VariantRecord, other: VariantRecord) -> Case:
    """A ratio to another variant of the run, launch by launch."""
    metric = case.budget.metric
    found, against = (
        figures(run, each, metric, ceilings=ceilings.recall(run.environment))
        for each in (variant, other)
    )
    for each, its in ((variant, found), (other, against)):
        if not its.values:
            return _skipped(case, Reason.NOT_MEASURED, f"{each.name}: {its.why_not}")
    if metric == PEAK_MEMORY and variant.peak_memory_of != other.peak_memory_of:
        unlike = f"{variant.peak_memory_of} against {other.peak_memory_of}"
        return _skipped(case, Reason.NOT_MEASURED, f"two measures: {unlike}")
    if found.exact:
        return _exact_ratio(case, run, variant, other)
    ours, theirs = _paired_figures(run, variant, other, metric)
    unlike_samples = None
    if _goes_with_samples(metric) and variant.samples_per_iteration != other.samples_per_iteration:
        scale = variant.samples_per_iteration / other.samples_per_iteration
        theirs = tuple(scale * each for each in theirs)
        unlike_samples = (
            f"per sample, as a step has {units.count(variant.samples_per_iteration, 'sample')} and "
            f"the other's {units.whole(other.samples_per_iteration)}"
        )
    beside = None
    if against.note not in (None, found.note):
        beside = f"{other.name}: {against.note}"
    return replace(
        case,
        reference=other,
        detail=_joined(found.note, beside, unlike_samples),
        question=Question(
            ours,
            case.budget.limit,
            case.budget.kind.is_upper,
            reference=theirs,
            paired=True,
            trims=_trims(found, metric, variant),
        ),
    )


def _paired_figures(
    run: Run, variant: VariantRecord, other: VariantRecord, metric: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return both sides' figures by launch.

    Of times the ratio of each launch is told from its rounds, so that what drifts within it
    cancels; it then stands over 1.
    """
    if metric in _BY_ROUNDS:
        logs = log_ratios(run, variant, other, metric, ceilings=ceilings.recall(run.environment))
        return tuple(math.exp(each) for each in logs), (1.0,) * len(logs)
    ours, theirs = paired(run, variant, other, metric, ceilings=ceilings.recall(run.environment))
    return tuple(ours), tuple(theirs)


def _exact_ratio(case: Case, run: Run, variant: VariantRecord, other: VariantRecord) -> Case:
    ours, theirs = (figures(run, each, case.budget.metric) for each in (variant, other))
    if not theirs.values[0]:
        return _skipped(case, Reason.NOT_MEASURED, f"{other.name} has none, so there is no ratio")
    return _told(case, exact.count(ours.values[0] / theirs.values[0], case.budget))


def _against_stored(case: Case, run: Run, terms: Terms, variant: VariantRecord) -> Case:
    """A ratio to a stored baseline: two independent groups of launches."""
    metric = case.budget.metric
    found = figures(run, variant, metric, ceilings=ceilings.recall(run.environment))
    stored = stored_figures(run, variant, metric, terms.baseline, terms.baselines)
    case = replace(case, against=stored.called)
    if stored.reason is not None:
        return _skipped(case, stored.reason, stored.detail)
    if not found.values:
        return _skipped(case, Reason.NOT_MEASURED, found.why_not or "nothing was measured")
    if found.exact:
        if not stored.values[0]:
            return _skipped(case, Reason.NOT_MEASURED, "the baseline has none: there is no ratio")
        return _told(case, exact.count(found.values[0] / stored.values[0], case.budget))
    return replace(
        case,
        stored=stored,
        detail=found.note,
        question=Question(
            found.values,
            case.budget.limit,
            case.budget.kind.is_upper,
            reference=stored.values,
            trims=_trims(found, metric, variant),
            noise=stored.noise,
        ),
    )


def _goes_with_samples(metric: str) -> bool:
    """Whether a step of more samples has more of it, so that ratios are of the same work."""
    return METRICS[metric].dimension is Dimension.TIME and metric != COMPILE_TIME


def _trims(found: LaunchFigures, metric: str, variant: VariantRecord) -> bool:
    """Whether launches far off may be left out: another program made them so.

    That takes cores from a program, and so time; it gives it no memory, and a part of the step that
    most launches do not have at all is no disturbance.
    """
    timed = METRICS[metric].dimension in (Dimension.TIME, Dimension.RATE, Dimension.ENERGY)
    return timed and not found.may_be_zero and not variant.uneven


def _joined(*notes: str | None) -> str | None:
    return "; ".join(note for note in notes if note) or None


def _told(case: Case, told: exact.Told) -> Case:
    outcome, estimate, reason, detail = told
    return replace(case, outcome=outcome, estimate=estimate, reason=reason, detail=detail)


def _skipped(case: Case, reason: Reason, detail: str | None) -> Case:
    return replace(case, outcome=Outcome.SKIPPED, reason=reason, detail=detail)


def _lacking(run: Run, name: str) -> str:
    names = ", ".join(variant.name for variant in run.variants)
    return f"the run has no variant {name}; it has {names}"
