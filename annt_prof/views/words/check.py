"""What is said of a check: its verdict, its reasons and what it could have seen, in sentences."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.check.result import Outcome, Reason
from annt_prof.scenario.budgets import AgainstKind, LimitKind
from annt_prof.views.budget_figures import NOTHING, written_limit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.check.result import Checked, CheckResult
    from annt_prof.views.budget_figures import BudgetFigures
    from annt_prof.views.check_view import BudgetRow, Cause

_REASONS = {
    Reason.NO_BASELINE: "there is no stored baseline of this scenario on this machine",
    Reason.OTHER_MACHINE: "this is not the machine that it holds for",
    Reason.OTHER_WORK: "the scenario or its data are not those that it holds for",
    Reason.NO_REFERENCE: "no reference was named",
    Reason.NO_VARIANT: "the run has no such variant",
    Reason.NOT_MEASURED: "the run did not measure it",
    Reason.TOO_FEW_LAUNCHES: "there are too few launches to tell",
    Reason.TOO_CLOSE: "the limit lies between the bounds: more launches may tell",
    Reason.CROSS_CHECK: "Student's t and Wilcoxon's test disagree",
}

BETTER = "better than its limit by more than noise explains"
_CAME_OUT = {
    Outcome.PASS: "held",
    Outcome.FAIL: "failed",
    Outcome.INCONCLUSIVE: "cannot be told",
    Outcome.SKIPPED: "skipped",
}


def verdict(outcome: Outcome, rows: Sequence[BudgetRow]) -> str:
    """Say in one sentence what came of all budgets."""
    if not rows:
        return "there are no budgets"
    numbers = Counter(row.outcome for row in rows)
    first = f"{units.whole(numbers[outcome])} of {units.count(len(rows), 'budget')}"
    others = [
        f"{units.whole(numbers[each])} {_CAME_OUT[each]}"
        for each in (Outcome.INCONCLUSIVE, Outcome.SKIPPED)
        if numbers[each] and each is not outcome
    ]
    return ", ".join([f"{first} {_CAME_OUT[outcome]}", *others])


def sentence(checked: Checked, figures: BudgetFigures, *, fails_as_win: bool) -> str:
    """Say of one budget what was measured, against what limit, and how far apart they are."""
    if checked.budget.kind is LimitKind.NONE_OF:
        return checked.detail or figures.measured
    if checked.estimate is None:
        return f"limit {figures.limit}"
    told = (BETTER if fails_as_win else None, checked.detail, _sessions(checked))
    rest = [text for text in told if text]
    margin = "" if figures.margin == NOTHING else f": {figures.margin}"
    return "; ".join([f"{figures.measured}, limit {figures.limit}{margin}", *rest])


def _sessions(checked: Checked) -> str | None:
    """Say of a figure beyond a stored one that it may be the day's; None of any other."""
    to = checked.budget.to
    if checked.outcome is not Outcome.FAIL or to is None or to.kind is not AgainstKind.BASELINE:
        return None
    if checked.noise is not None:
        return None
    return (
        "by how much this machine differs from one day to the next is not known, which takes a "
        "baseline of three runs (annt-prof baseline accept --again)"
    )


def why(checked: Checked) -> str | None:
    """Say why a budget was skipped or cannot be told; None of the others."""
    if checked.reason is None:
        return checked.detail
    return checked.detail or _REASONS[checked.reason]


def widened(checked: Checked) -> str | None:
    """Say that the limit in effect is not the one of the file; None where it is."""
    if checked.limit_in_effect in (None, checked.budget.limit):
        return None
    noise = "" if checked.noise is None else f" by {units.percent(checked.noise)}"
    return f"limit widened from {written_limit(checked)}: runs of the same code differ{noise} here"


def win(checked: Checked, directory: str) -> str:
    """Say that a budget is beaten, and how to keep what was won."""
    if checked.budget.to is not None and checked.budget.to.kind is AgainstKind.BASELINE:
        keep = f"annt-prof baseline accept {shlex.quote(directory)} keeps it"
    else:
        keep = "a tighter limit keeps it"
    return f"{BETTER}; {keep}"


def smallest_seen(rows: Sequence[BudgetRow]) -> str:
    """Say what this run would have found beyond its limit, of each budget held to an interval."""
    known: list[str] = []
    unknown: list[str] = []
    for row in rows:
        estimate = row.checked.estimate
        if estimate is None or row.checked.budget.kind is LimitKind.NONE_OF:
            continue
        if row.would_fail is None:
            unknown.append(row.label)
        else:
            known.append(f"{row.label} of {row.would_fail}")
    if not known and not unknown:
        return "not known: no budget was held to an interval"
    if not known:
        return "not known: too little was measured to tell"
    lacking = f"; not known of {', '.join(unknown)}" if unknown else ""
    return f"{', '.join(known)}, four times out of five{lacking}"


def facts(result: CheckResult, *, fail_on_win: bool) -> Iterator[tuple[str, str]]:
    """Yield a label and a sentence on how it was checked."""
    yield "checked", f"{result.scenario_name}, run {result.run_id}, on {result.device}"
    variants = tuple(dict.fromkeys(checked.variant for checked in result.checked))
    if variants:
        yield "variant" if len(variants) == 1 else "variants", ", ".join(variants)
    if result.reference is not None:
        yield "reference", result.reference
    yield "budgets", result.budgets_file
    looks = f", looked at {units.count(result.looks, 'time')}" if result.looks > 1 else ""
    yield "launches", f"{units.count(result.launches, 'launch', 'launches')}{looks}"
    may_win = fail_on_win and any(each.budget.to is not None for each in result.checked)
    wins = "; by --fail-on-win as many more" if may_win else ""
    yield "wrong alarms", f"{_wrong_alarms(result)}{wins}"


def _wrong_alarms(result: CheckResult) -> str:
    """Say how often unchanged code fails, and of which limits that holds."""
    level = units.limit_percent(result.level)
    held = [c.budget for c in result.checked if c.outcome is not Outcome.SKIPPED]
    across = [b for b in held if b.to is None or b.to.kind is AgainstKind.BASELINE]
    told = (
        f"at most {level} of checks of unchanged code, over all budgets and looks together, as far "
        "as launches differ by chance"
    )
    if not across:
        return told
    return (
        f"{told}; by how much this machine differs from one run to another is in no launch, so of "
        "limits in units and of stored baselines they may be more"
    )


def cause(told: Cause) -> Iterator[str]:
    """Yield where the time went line by line, for what has no tables."""
    growth = told.growth
    yield f"{growth.title.lower()}: {', '.join(told.about)}"
    if growth.parts is not None:
        yield growth.parts
    if growth.why_not is not None:
        yield f"what grew is not known: {growth.why_not}"
    for row in growth.rows:
        share = "" if row.share == NOTHING else f", {row.share} of the growth"
        yield f"{row.kind.value} {row.name}: {row.before} -> {row.after} ms ({row.by} ms{share})"
    if growth.rows:
        yield growth.note
    yield from new_mistakes(told)


def new_mistakes(told: Cause) -> Iterator[str]:
    """Yield a line for each mistake that the other side does not make."""
    yield from (f"new mistake: {pitfall}" for pitfall in told.growth.new_pitfalls)
