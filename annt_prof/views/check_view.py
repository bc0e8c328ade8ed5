"""What ``annt-prof check`` shows: the verdict, where the time went, and each budget."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.check.result import Outcome
from annt_prof.views.budget_figures import as_written, figures_of
from annt_prof.views.budget_labels import labels
from annt_prof.views.growth import Growth, growth_of
from annt_prof.views.words import check as words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.check.result import Checked, CheckResult, Where


class Severity(StrEnum):
    """How loudly a row is told, worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    NONE = "none"


class Place(NamedTuple):
    """Where a budget stands; lines and columns from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True)
class BudgetRow:
    """One budget.

    Attributes:
        written: As its file has it, on one line.
        label: The metric, with as much as tells it from other budgets.
        variant: Which was held to it.
        against: What it was compared with; None where it stands alone.
        measured: With its one-sided bound, in the metric's unit.
        limit: In the same unit.
        margin: How far the one is from the other.
        excess: The same as a number to sort by, above 0 beyond the limit; None where nothing was
            measured.
        would_fail: The figure nearest to the limit that would have been told to break it; None
            where that is not known.
        sentence: All of these in a sentence.
        unit: Of the raw figures.
        outcome: Of the budget; ``fail`` too of a win where a win is to fail.
        word: The outcome for people; a failure stands out without colours.
        severity: How loudly it is told.
        is_win: Whether it is better than its limit by more than noise explains.
        reason: Why it was skipped or cannot be told; what else is to be said of it.
        notes: What else is to be known of it, as sentences.
        place: Where it stands; None where it comes from no file.
        checked: The raw figures.
    """

    written: str
    label: str
    variant: str
    against: str | None
    measured: str
    limit: str
    margin: str
    excess: float | None
    would_fail: str | None
    sentence: str
    unit: str
    outcome: Outcome
    word: str
    severity: Severity
    is_win: bool
    reason: str | None
    notes: tuple[str, ...]
    place: Place | None
    checked: Checked


@dataclass(frozen=True)
class Cause:
    """Where the time went, of the budgets that a variant broke.

    Attributes:
        labels: Of those budgets, the worst first.
        variant: Which broke them.
        against: What it was compared with.
        about: Whose time, of which budgets, and the timed step on both sides: phrases.
        growth: What grew.
    """

    labels: tuple[str, ...]
    variant: str
    against: str | None
    about: tuple[str, ...]
    growth: Growth


@dataclass(frozen=True)
class Notice:
    """Something to be told of a budget that did not fail.

    Attributes:
        severity: How loudly.
        label: Of the budget.
        text: What there is to tell.
    """

    severity: Severity
    label: str
    text: str


@dataclass(frozen=True)
class CheckView:
    """A check, ready to be laid out.

    Attributes:
        scenario_name: Of the scenario.
        outcome: Of all budgets together.
        word: The same for people.
        verdict: A sentence.
        rows: In the order of the file.
        failures: Those that failed, the worst first.
        causes: Where the time went, in the order of the failures.
        notices: Budgets that cannot be told, that were skipped or beaten, and limits that were
            widened; in this order.
        smallest_seen: What this run would have told to be too much; there always.
        conditions: What is not as the scenario asks.
        remarks: What a reader must know.
        facts: Labels and sentences on how it was checked.
        reproduce: The command that does the same again.
        directory: The run's.
        result: The raw figures.
    """

    scenario_name: str
    outcome: Outcome
    word: str
    verdict: str
    rows: tuple[BudgetRow, ...]
    failures: tuple[BudgetRow, ...]
    causes: tuple[Cause, ...]
    notices: tuple[Notice, ...]
    smallest_seen: str
    conditions: tuple[str, ...]
    remarks: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    reproduce: str
    directory: str
    result: CheckResult

    def cause_of(self, row: BudgetRow) -> Cause | None:
        """Return where the time went of a failure; None where that was not asked."""
        return next((cause for cause in self.causes if row.label in cause.labels), None)


_WORDS = {
    Outcome.PASS: "pass",
    Outcome.FAIL: "FAIL",
    Outcome.INCONCLUSIVE: "inconclusive",
    Outcome.SKIPPED: "skipped",
}
_SEVERITIES = {
    Outcome.PASS: Severity.NONE,
    Outcome.FAIL: Severity.ERROR,
    Outcome.INCONCLUSIVE: Severity.WARNING,
    Outcome.SKIPPED: Severity.WARNING,
}
NOTHING_CHECKED = "nothing checked"
WON = "better"


def build_check_view(result: CheckResult, *, fail_on_win: bool = False) -> CheckView:
    """Return what is shown of a check.

    Args:
        result: Of the check.
        fail_on_win: Whether a budget that is beaten is a failure.
    """
    rows = tuple(
        _row(checked, label, result.directory, fail_on_win=fail_on_win)
        for checked, label in zip(result.checked, labels(result.checked), strict=True)
    )
    failures = tuple(
        sorted((r for r in rows if r.outcome is Outcome.FAIL), key=_excess, reverse=True)
    )
    outcome = Outcome.FAIL if failures else result.outcome
    return CheckView(
        scenario_name=result.scenario_name,
        outcome=outcome,
        word=NOTHING_CHECKED if outcome is Outcome.SKIPPED else _WORDS[outcome],
        verdict=words.verdict(outcome, rows),
        rows=rows,
        failures=failures,
        causes=_causes(failures),
        notices=tuple(_notices(rows)),
        smallest_seen=words.smallest_seen(rows),
        conditions=result.conditions,
        remarks=result.remarks,
        facts=tuple(words.facts(result, fail_on_win=fail_on_win)),
        reproduce=result.reproduce,
        directory=result.directory,
        result=result,
    )


def _row(checked: Checked, label: str, directory: str, *, fail_on_win: bool) -> BudgetRow:
    figures = figures_of(checked)
    fails_as_win = checked.is_win and fail_on_win
    is_won = checked.is_win and not fail_on_win and checked.outcome is Outcome.PASS
    outcome = Outcome.FAIL if fails_as_win else checked.outcome
    notes = (words.win(checked, directory) if is_won else None, words.widened(checked))
    return BudgetRow(
        written=as_written(checked.budget),
        label=label,
        variant=checked.variant,
        against=checked.against,
        measured=figures.measured,
        limit=figures.limit,
        margin=figures.margin,
        excess=figures.excess,
        would_fail=figures.would_fail,
        sentence=words.sentence(checked, figures, fails_as_win=fails_as_win),
        unit=figures.unit,
        outcome=outcome,
        word=WON if is_won else _WORDS[outcome],
        severity=Severity.NOTICE if is_won else _SEVERITIES[outcome],
        is_win=checked.is_win,
        reason=words.why(checked),
        notes=tuple(note for note in notes if note is not None),
        place=_place(checked.budget.place),
        checked=checked,
    )


def _place(place: str | None) -> Place | None:
    """Take a place apart; a file's name may have colons of its own."""
    if place is None:
        return None
    file, line, column = place.rsplit(":", 2)
    return Place(file, int(line), int(column))


def _excess(row: BudgetRow) -> float:
    return float("-inf") if row.excess is None else row.excess


def _causes(failures: Sequence[BudgetRow]) -> tuple[Cause, ...]:
    """Return where the time went, once for budgets of the same variant and comparison."""
    labels: dict[tuple[str, str | None, Where], list[str]] = {}
    for row in failures:
        if row.checked.where is not None:
            labels.setdefault((row.variant, row.against, row.checked.where), []).append(row.label)
    alone = len(labels) == 1
    return tuple(_cause(*key, tuple(those), alone=alone) for key, those in labels.items())


def _cause(
    variant: str, against: str | None, where: Where, labels: tuple[str, ...], *, alone: bool
) -> Cause:
    growth = growth_of(where)
    whose = f"variant {variant}" + (f" against {against}" if against is not None else "")
    of = () if alone else (" and ".join(labels),)
    about = (*of, whose, *([growth.step] if growth.step else []))
    return Cause(labels, variant, against, about, growth)


def _notices(rows: Sequence[BudgetRow]) -> list[Notice]:
    """Return what is to be told beside the failures, what needs somebody first."""
    order = (Outcome.INCONCLUSIVE, Outcome.SKIPPED, Outcome.PASS, Outcome.FAIL)
    return [
        Notice(row.severity, row.label, text)
        for outcome in order
        for row in rows
        if row.outcome is outcome
        for text in _told_of(row)
    ]


def _told_of(row: BudgetRow) -> list[str]:
    reason = [] if row.outcome is Outcome.FAIL or row.reason is None else [row.reason]
    return [*reason, *row.notes]
