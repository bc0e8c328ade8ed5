"""What a run's budgets came to, in a table: the short form of what ``check`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.check.result import Outcome
from annt_prof.views.budget_figures import NOTHING
from annt_prof.views.page import Cell, Column, Row, Sheet, Tone
from annt_prof.views.words.check import new_mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.check_view import BudgetRow, Cause, CheckView

KEY, TITLE = "budgets", "Budgets"
_COLUMNS = (
    Column("budget", "budget", "The metric, and as much as tells it from others.", False, True),
    Column("outcome", "outcome", "What the bounds of the figure allow one to say.", False),
    Column("measured", "measured", "With the bound that it was told by, over launches."),
    Column("limit", "limit", "The one that was held: no narrower than what noise allows."),
    Column("margin", "margin", "How far the figure is from the limit, as a fraction of it."),
)
_TONES = {
    Outcome.PASS: Tone.GOOD,
    Outcome.FAIL: Tone.BAD,
    Outcome.INCONCLUSIVE: Tone.UNSURE,
    Outcome.SKIPPED: Tone.UNSURE,
}


def build_budgets_sheet(view: CheckView) -> Sheet:
    """Return the verdict, each budget, and of failures what grew most."""
    return Sheet(
        key=KEY,
        title=f"{TITLE}: {view.word}, {view.verdict}",
        columns=_COLUMNS,
        rows=tuple(_row(number, row) for number, row in enumerate(view.rows)),
        notes=tuple(_notes(view)),
        empty="" if view.rows else view.verdict,
    )


def _row(number: int, row: BudgetRow) -> Row:
    estimate = row.checked.estimate
    value = None if estimate is None else estimate.value
    return Row(
        f"{number} {row.label}",
        (
            Cell(row.label, row.label, Tone.STRONG),
            Cell(row.word, row.outcome.value, _TONES[row.outcome]),
            _figure(row.measured, value),
            _figure(row.limit, row.checked.limit_in_effect),
            _figure(row.margin, row.excess),
        ),
    )


def _figure(text: str, value: float | None) -> Cell:
    """Return a figure in the unit of its metric, of which a check's own document has the name."""
    return Cell(text, value, Tone.QUIET if text == NOTHING else Tone.PLAIN)


def _notes(view: CheckView) -> Iterator[str]:
    for row in view.failures:
        if row.reason is not None:
            yield f"{row.label}: {row.reason}"
    for cause in view.causes:
        yield _cause(cause)
        yield from new_mistakes(cause)
    for notice in view.notices:
        yield f"{notice.label}: {notice.text}"


def _cause(cause: Cause) -> str:
    of, growth = ", ".join(cause.labels), cause.growth
    if growth.parts is not None:
        return f"{of}: the step goes to {growth.parts}"
    if growth.most is None:
        return f"{of}: where the time went is not known: {growth.why_not}"
    return f"{of}: most grew {growth.most}"
