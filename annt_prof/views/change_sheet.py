"""What grew and what shrank, as a table: the largest change first, and what it all comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.changes import direction, relative, signed
from annt_prof.views.page import Cell, Column, Row, Sheet, Tone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annt_prof.views.changes import Change

_NONE = "-"


@dataclass(frozen=True)
class Labels:
    """What a table of changes is called and is of.

    Attributes:
        key: Of the sheet.
        title: Above it, without the unit of work.
        of: What a row is of, such as ``category``.
        meaning: Of that column.
    """

    key: str
    title: str
    of: str
    meaning: str


def build_change_sheet(
    labels: Labels,
    changes: Sequence[Change],
    *,
    names: Mapping[str, str] | None = None,
    notes: tuple[str, ...] = (),
    empty: str = "",
) -> Sheet:
    """Return the table.

    Nothing in it is good or bad: it is of one traced window each, without an interval.

    Args:
        labels: What it is called.
        changes: The largest first.
        names: A shorter one for each, where theirs are long.
        notes: Below what the changes come to.
        empty: Why there are none.
    """
    places = units.duration_decimals(
        ns for change in changes for ns in (change.before_ns or 0, change.after_ns or 0)
    )
    return Sheet(
        key=labels.key,
        title=labels.title,
        columns=(
            Column(labels.of, labels.of, labels.meaning, False, True),
            Column("before_ns", "first ms", "Of the first variant's mean traced step."),
            Column("after_ns", "second ms", "Of the second variant's mean traced step."),
            Column("change_ns", "change ms", "The second less the first."),
            Column(
                "fraction",
                "of first",
                "The change as a share of the first's time; 12x: 12 times as much.",
            ),
            Column(
                "direction",
                "it",
                "Which way it went: new and gone are in one of the two alone; the same where "
                "both read the same.",
                False,
            ),
        ),
        rows=tuple(_row(change, places, names or {}) for change in changes),
        notes=(*((_sum(changes, places),) if changes else ()), *notes) if changes else (),
        empty="" if changes else empty,
    )


def _row(change: Change, places: int, names: Mapping[str, str]) -> Row:
    before, after = _time(change.before_ns, places), _time(change.after_ns, places)
    moved = signed(units.milliseconds(change.change_ns, places), change.change_ns)
    first, second = (
        units.milliseconds(ns or 0, places) for ns in (change.before_ns, change.after_ns)
    )
    way = direction(first, second, change.change_ns)
    tone = Tone.QUIET if way == "same" else Tone.PLAIN
    word: str = way
    if change.before_ns is None:
        word = "new"
    elif change.after_ns is None:
        word = "gone"
    fraction = None if way == "same" else change.fraction
    of_first = Cell(_NONE, None, Tone.QUIET)
    if fraction is not None:
        of_first = Cell(relative(fraction), fraction, tone)
    return Row(
        change.name,
        (
            Cell(names.get(change.name, change.name), change.name),
            before,
            after,
            Cell("0" if way == "same" else moved, change.change_ns, tone),
            of_first,
            Cell(word, word, tone),
        ),
    )


def _time(ns: int | None, places: int) -> Cell:
    if ns is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(units.milliseconds(ns, places), ns)


def _sum(changes: Sequence[Change], places: int) -> str:
    before_ns = sum(change.before_ns or 0 for change in changes)
    after_ns = sum(change.after_ns or 0 for change in changes)
    change_ns = sum(change.change_ns for change in changes)
    moved = signed(units.milliseconds(change_ns, places), change_ns)
    return (
        f"all rows together: {units.milliseconds(before_ns, places)} ms, then "
        f"{units.milliseconds(after_ns, places)} ms: {moved} ms"
    )
