"""What happens during a run, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.notices import (
    EndedNotice,
    EstimateNotice,
    InapplicableNotice,
    LeftOutNotice,
    LostNotice,
    PlanNotice,
    SkippedNotice,
    WarningNotice,
    WindowsNotice,
    WithheldNotice,
)
from annt_prof.views.progress import MeasuringLeft, Position

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.views.notices import BudgetView, Notice
    from annt_prof.views.progress import RunState

_DOING = {
    "starting": "starting: importing torch",
    "observing": "running one batch, to see what there is to act on",
    "preparing": "preparing",
    "warming": "warming up",
    "timing": "timing",
    "timing_epochs": "timing the start of an epoch of",
    "tracing": "tracing",
    "analysing": "analysing",
    "writing": "writing what was measured",
}


def doing(state: RunState) -> str:
    """Say what goes on; empty where nothing does."""
    if state.ended is not None:
        return "writing the answer"
    if state.paused:
        return "paused until it is resumed"
    if state.doing is None:
        return ""
    said = _DOING[state.doing.kind]
    if state.doing.variant:
        said = f"{said} {state.doing.variant}"
    if state.doing.round_number is not None:
        said = f"{said}, round {state.doing.round_number} of at most {state.max_rounds}"
    return said


def left(state: RunState) -> str:
    """Say what is left to do; empty where nothing tells."""
    match state.left:
        case Position(number, of):
            return f"variant {number} of {of}, then measuring"
        case MeasuringLeft(at_most_s):
            return f"at most {units.seconds_alone(at_most_s)} of measuring left"
        case None:
            return ""


def sentence(notice: Notice) -> str:
    """Say what there was to tell."""
    match notice:
        case PlanNotice():
            return _plan(notice)
        case EstimateNotice():
            return (
                f"a step of the first variant takes {units.short_or_long(notice.step_ns)}; about "
                f"{units.seconds(notice.total_s)} to go{_budget(notice.budget)}"
            )
        case WindowsNotice():
            what = "whole epochs, " if notice.whole_epochs else ""
            return (
                f"each window is {what}{units.count(notice.iterations, 'iteration')}; a round of "
                f"all variants takes {units.short_or_long(notice.round_ns)}{_budget(notice.budget)}"
            )
        case WarningNotice():
            return f"warning: {notice.text}"
        case LostNotice():
            return f"{notice.variant} is lost: {notice.reason}"
        case InapplicableNotice():
            return f"{notice.variant} is not applicable: {notice.reason}"
        case LeftOutNotice(technique, variants, reason):
            go = "goes" if len(variants) == 1 else "go"
            return f"{_listed(variants)} {go} on without {technique}: {reason}"
        case WithheldNotice(variants, reason):
            are = "is" if len(variants) == 1 else "are"
            return f"{_listed(variants)} {are} not measured: {reason}"
        case SkippedNotice(variant, rounds):
            return f"{variant} is skipped after {units.count(rounds, 'round')}"
        case EndedNotice():
            return f"measuring ended: {notice.stop}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _plan(plan: PlanNotice) -> str:
    some = " (sets along a few random orders, not all of them)" if plan.partial else ""
    return (
        f"plan: {plan.design}{some}, {units.count(plan.num_variants, 'variant')}, at most "
        f"{units.count(plan.max_rounds, 'round')} or {units.whole(plan.max_windows)} windows; "
        f"measuring ends before a round that would exceed {units.seconds(plan.time_budget_s)}, but "
        "not before the first one is done"
    )


def _budget(budget: BudgetView) -> str:
    """Say what the time budget buys, and which one would buy enough."""
    held = units.count(budget.launches, "launch", "launches")
    said = f"; the time budget holds about {held}"
    if budget.suffices:
        return said
    return (
        f"{said}, where narrow intervals need {budget.needed}: "
        f"window.time_budget_s={budget.enough_s} would hold them"
    )
