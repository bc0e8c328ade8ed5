"""A screen's page, for a terminal or a pipe."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import bullets, heading, indented, labelled, left, plain, right
from annt_prof.report.text.tables import Column as TableColumn
from annt_prof.report.text.tables import Table, names
from annt_prof.text import printable
from annt_prof.views.page import Bars, Chart, Lines, Page, Sheet, Strips, Tracks
from annt_prof.views.palette import LOOKS, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.page import Bar, Column

_WIDEST_BAR = 60
_NARROWEST_BAR = 16
_WIDEST_NAME = 24


def render_page(page: Page, console: Console) -> None:
    """Print every block of a page."""
    console.print(heading(page.screen.capitalize(), page.title), highlight=False)
    for block in page.blocks:
        console.print(Text())
        match block:
            case Lines():
                parts = _lines(block)
            case Sheet():
                parts = _sheet(block)
            case Bars():
                parts = _bars(block, console.width)
            case Chart():
                parts = _chart(block)
            case Strips():
                parts = _strips(block)
            case Tracks():
                parts = _tracks(block)
        for part in parts:
            console.print(part, highlight=False)


def _lines(block: Lines) -> Iterator[RenderableType]:
    if block.title:
        yield heading(block.title)
    for line in block.lines:
        if block.verbatim:
            yield plain(line.text)
            continue
        yield labelled([(line.label, line.text)]) if line.label else bullets("-", [line.text])


def _sheet(block: Sheet) -> Iterator[RenderableType]:
    yield heading(block.title)
    if block.rows:
        columns = tuple(_column(column) for column in block.columns)
        rows = tuple(tuple(cell.text for cell in row.cells) for row in block.rows)
        yield Table(columns, rows)
    else:
        yield indented(plain(block.empty, "dim"))
    if block.num_more:
        yield indented(plain(f"{units.count(block.num_more, 'more row')}", "dim"))
    yield from _notes(block.notes)


def _column(column: Column) -> TableColumn:
    if column.name:
        return names(column.title)
    return TableColumn(column.title, "right" if column.numeric else "left")


def _bars(block: Bars, width: int) -> Iterator[RenderableType]:
    yield heading(block.title)
    if block.empty:
        yield indented(plain(block.empty, "dim"))
    label = min(_WIDEST_NAME, max((cell_len(printable(b.name)) for b in block.bars), default=0))
    figures = [printable(bar.text) for bar in block.bars]
    figure = max(map(cell_len, figures), default=0)
    room = max(_NARROWEST_BAR, min(_WIDEST_BAR, width - label - figure - 6))
    for bar, text in zip(block.bars, figures, strict=True):
        name = plain(bar.name)
        name.truncate(label, overflow="ellipsis")
        before = left(name.plain, label)
        yield Text.assemble(
            f"  {before}  {right(text, figure)}  ", _drawn(bar, block, room), no_wrap=True
        )
        yield labelled([("", ", ".join(f"{part.name} {part.text}" for part in bar.parts))])
    yield from _notes(block.notes)


def _drawn(bar: Bar, block: Bars, room: int) -> Text:
    span = (block.full - block.least) or 1.0
    used = round(room * (bar.start - block.least) / span)
    drawn, end = Text(" " * used), bar.start
    for part in bar.parts:
        end += part.value
        upto = round(room * (end - block.least) / span)
        look = LOOKS.get(part.name, UNKNOWN)
        style = Style(color=look.ink, bgcolor=look.colour)
        drawn.append(look.glyph * max(0, upto - used), style)
        used = max(used, upto)
    return drawn


def _chart(block: Chart) -> Iterator[RenderableType]:
    yield heading(block.title, f"{block.y_title} over {block.x_title}")
    if block.empty:
        yield indented(plain(block.empty, "dim"))
    for curve in block.curves:
        last = f", the last {curve.last}" if curve.last else ""
        points = units.count(len(curve.xs), "point")
        yield indented(plain(f"{curve.name}: {points}{last}"))
    yield from _notes(block.notes)


def _strips(block: Strips) -> Iterator[RenderableType]:
    yield heading(block.title)
    if block.empty:
        yield indented(plain(block.empty, "dim"))
    for strip in block.strips:
        yield indented(plain(f"{strip.name}: {strip.text} ({strip.range_text})"))
    yield from _notes(block.notes)


def _tracks(block: Tracks) -> Iterator[RenderableType]:
    yield heading(block.title)
    if block.empty:
        yield indented(plain(block.empty, "dim"))
    starts = accumulate((s.num_places for s in block.stretches), initial=0)
    parts = [slice(start, end) for start, end in pairwise(starts)]
    width = max((cell_len(printable(track.name)) for track in block.tracks), default=0)
    for track in block.tracks:
        letters = "|".join(track.letters[part] for part in parts)
        yield indented(plain(f"{left(printable(track.name), width)}  {letters}  {track.text}"))
    used = {letter for track in block.tracks for letter in track.letters}
    legend = (f"{mark.letter} {mark.meaning}" for mark in block.marks if mark.letter in used)
    yield from _notes((", ".join(legend),) if block.tracks else ())
    if block.num_earlier:
        yield from _notes((f"{units.count(block.num_earlier, 'earlier round')} left out",))
    yield from _notes(block.notes)


def _notes(notes: tuple[str, ...]) -> Iterator[RenderableType]:
    yield from (indented(plain(note, "dim")) for note in notes)
