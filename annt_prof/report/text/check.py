"""A check, for a terminal, a pipe or the log of a pipeline.

What failed, by how much and what grew stand in the first lines: a log is read from where it turned
red.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from annt_prof.check.result import GrownKind, Outcome
from annt_prof.report.text.lines import (
    INDENT,
    LABEL_WIDTH,
    Hanging,
    bullets,
    heading,
    indented,
    labelled,
    left,
    plain,
)
from annt_prof.report.text.tables import Column, KernelName, Table, names, words
from annt_prof.views.check_view import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, RenderableType

    from annt_prof.views.check_view import BudgetRow, Cause, CheckView, Notice

_STYLES = {
    Outcome.PASS: "bold green",
    Outcome.FAIL: "bold red",
    Outcome.INCONCLUSIVE: "bold yellow",
    Outcome.SKIPPED: "bold yellow",
}
_MARKS = {
    Severity.ERROR: "!",
    Severity.WARNING: "!",
    Severity.NOTICE: "+",
    Severity.NONE: "-",
}
_GROWN = (
    names("what grew"), words("kind"), Column("before ms"), Column("after ms"), Column("by ms"),
    Column("of the growth"), Column("95 % ms"),
)  # fmt: skip
_OUTCOME_WIDTH = 15


def render_check(view: CheckView, console: Console) -> None:
    """Print the verdict, where the time went, every budget, and how it was checked."""
    for part in _failures(view):
        console.print(part, highlight=False)
    if view.failures:
        _print_whole("again", view.reproduce, console)
    for part in _everything(view):
        console.print(part, highlight=False)
    _print_whole("run", view.directory, console)
    if not view.failures:
        _print_whole("again", view.reproduce, console)


def _print_whole(label: str, value: str, console: Console) -> None:
    """Print a line that is never broken by us, so that it can be copied."""
    line = Text.assemble((left(label, LABEL_WIDTH), "dim"), plain(value))
    console.print(line, soft_wrap=True, highlight=False)


def _failures(view: CheckView) -> Iterator[RenderableType]:
    word = plain(f"{view.word}: ", _STYLES[view.outcome])
    yield Text.assemble(word, plain(view.verdict, "bold"))
    yield bullets("!", [f"{row.label}: {row.sentence}" for row in view.failures])
    for cause in view.causes:
        yield Text()
        yield from _cause(cause)


def _everything(view: CheckView) -> Iterator[RenderableType]:
    if view.rows:
        yield Text()
        yield _budgets(view.rows)
    yield from _notices(view.notices)
    yield Text()
    if view.conditions:
        yield plain("Not as the scenario asks", "bold yellow")
        yield bullets("!", view.conditions)
    if view.remarks:
        yield plain("To know before reading on", "bold")
        yield bullets("-", view.remarks)
    if view.conditions or view.remarks:
        yield Text()
    yield labelled((*view.facts, ("would fail", view.smallest_seen)))


def _cause(cause: Cause) -> Iterator[RenderableType]:
    """Yield where the time went, then the mistakes that are new."""
    growth = cause.growth
    yield heading(growth.title, ", ".join(cause.about))
    if growth.parts is not None:
        yield indented(plain(growth.parts))
    if growth.why_not is not None:
        yield indented(plain(f"what grew is not known: {growth.why_not}"))
    if growth.rows:
        rows = tuple(
            (
                KernelName(row.name) if row.kind is GrownKind.KERNEL else row.name,
                row.kind.value, row.before, row.after, row.by, row.share, row.interval,
            )
            for row in growth.rows
        )  # fmt: skip
        yield Table(_GROWN, rows, num_keys=2, below=growth.note, narrow="leave_out")
    if growth.new_pitfalls:
        yield plain("New mistakes", "bold")
        yield bullets("!", growth.new_pitfalls)


def _budgets(rows: Sequence[BudgetRow]) -> RenderableType:
    """Return two lines for each budget: as it is written, and what was measured.

    No table, since each has a unit of its own, and as it is written it takes half of a line.
    """
    several = len({row.variant for row in rows}) > 1
    return Group(*(line for row in rows for line in _budget(row, several=several)))


def _budget(row: BudgetRow, *, several: bool) -> Iterator[RenderableType]:
    unsaid = several and row.checked.budget.variant is None
    whose = f", of {row.variant}" if unsaid else ""
    style = _STYLES[row.outcome] if row.outcome is not Outcome.PASS else ""
    word = Text.assemble(" " * INDENT, plain(row.word, style))
    yield Hanging(word, plain(f"{row.written}{whose}"), _OUTCOME_WIDTH)
    yield Hanging(Text(), plain(row.sentence, "dim"), _OUTCOME_WIDTH)


def _notices(notices: Sequence[Notice]) -> Iterator[RenderableType]:
    for notice in notices:
        yield bullets(_MARKS[notice.severity], [f"{notice.label}: {notice.text}"])
