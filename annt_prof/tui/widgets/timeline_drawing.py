"""How the rows of a timeline are drawn in cells."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from annt_prof.text import printable
from annt_prof.views.timeline.looks import look_of
from annt_prof.views.timeline.picture import EMPTY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.views.timeline.picture import Caption, RowCells

_THIN = 0.5
"""Share of a cell below which what is in it is drawn as a letter alone."""
_QUIET = Style(dim=True)
_CURSOR = Style(reverse=True, bold=True)
_PATH = Style(underline=True, bold=True)


class Marks(NamedTuple):
    """What is drawn over a row.

    Attributes:
        cursor: The cell of the cursor; None where it is not in the window.
        here: Whether the cursor is in this row.
        path: Whether the critical path is marked.
        plain: Whether colours may not carry anything.
        line: The character of the cursor's line through other rows.
        first, last: The cells between which the step lies.
    """

    cursor: int | None
    here: bool
    path: bool
    plain: bool
    line: str
    first: int
    last: int


def drawn_title(title: str, width: int, style: Style) -> Segment:
    """Return what stands before a row."""
    text = printable(title)
    if len(text) > width - 1:
        text = f"{text[: width - 2]}~"
    return Segment(set_cell_size(text, width), style)


def drawn_row(cells: RowCells, marks: Marks) -> list[Segment]:
    """Return a row's cells: letters, names written into wide items, marks."""
    codes, several = cells.code.tolist(), cells.several.tolist()
    covered, on_path = cells.covered.tolist(), cells.on_path.tolist()
    letters = _letters(codes, several, plain=marks.plain)
    for caption in cells.captions:
        _write(letters, caption, plain=marks.plain)
    styles = [
        _style(
            code,
            thin=covered[place] < _THIN,
            marked=marks.path and on_path[place],
            plain=marks.plain,
            outside=not marks.first <= place <= marks.last,
        )
        for place, code in enumerate(codes)
    ]
    if marks.cursor is not None:
        if marks.here:
            styles[marks.cursor] = _CURSOR
            letters[marks.cursor] = letters[marks.cursor] if codes[marks.cursor] != EMPTY else " "
        elif codes[marks.cursor] == EMPTY:
            letters[marks.cursor], styles[marks.cursor] = marks.line, _QUIET
    return list(_runs(letters, styles))


def _letters(codes: Sequence[int], several: Sequence[bool], *, plain: bool) -> list[str]:
    """Return a letter for each cell; of one item over several cells the first one alone has it."""
    letters = [" " if code == EMPTY else look_of(code).glyph for code in codes]
    if not plain:
        for place in range(len(codes) - 1, 0, -1):
            goes_on = codes[place] == codes[place - 1] != EMPTY
            if goes_on and not several[place] and not several[place - 1]:
                letters[place] = " "
    return letters


def _write(letters: list[str], caption: Caption, *, plain: bool) -> None:
    """Write a name behind the letter of its item."""
    room = caption.num_cells - 3
    text = printable(caption.text)
    if len(text) > room:
        text = text[:room]
    if not text.isascii():
        text = set_cell_size(text, room)
        text = text if len(text) <= room else ""
    if plain:
        text = f"{text}|" if text else ""
    for place, letter in enumerate(text, start=caption.cell + (1 if plain else 2)):
        letters[place] = letter


@cache
def _style(code: int, *, thin: bool, marked: bool, plain: bool, outside: bool) -> Style:
    """Return a cell's style; rich takes as long to make one as to draw a row."""
    style = _own_style(code, thin=thin, plain=plain)
    if marked and code != EMPTY:
        style += _PATH
    return style + _QUIET if outside else style


def _own_style(code: int, *, thin: bool, plain: bool) -> Style:
    if code == EMPTY:
        return Style.null()
    look = look_of(code)
    if plain:
        return Style.null()
    if thin:
        return Style(color=look.colour)
    return Style(color=look.ink, bgcolor=look.colour)


def _runs(letters: Sequence[str], styles: Sequence[Style]) -> Iterator[Segment]:
    """Yield one segment for each run of cells of one style."""
    begin = 0
    for place in range(1, len(letters) + 1):
        if place == len(letters) or styles[place] is not styles[begin]:
            yield Segment("".join(letters[begin:place]), styles[begin])
            begin = place


def drawn_ruler(
    ticks: Sequence[tuple[int, str]], cells: int, cursor: int | None, mark: str
) -> list[Segment]:
    """Return the ruler: a bar at each tick with its text behind it, and the cursor's mark."""
    letters, styles = [" "] * cells, [_QUIET] * cells
    for cell, text in ticks:
        for place, letter in enumerate(f"|{text}", start=cell):
            if place < cells:
                letters[place] = letter
    if cursor is not None:
        letters[cursor], styles[cursor] = mark, _CURSOR
    return list(_runs(letters, styles))


def strip_of(segments: Sequence[Segment], width: int) -> Strip:
    """Return a line of exactly this many cells."""
    # Textual's filter for NO_COLOR fails at segments without a style.
    padding = Segment(" " * width, Style.null())
    return Strip([*segments, padding]).crop(0, width)
