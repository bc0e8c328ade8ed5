"""Strips of single step times: from the least to the greatest in each cell, launches apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from annt_prof.text import printable
from annt_prof.tui.looks import toned
from annt_prof.views.launch_numbers import launch_number
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual import events

    from annt_prof.views.step_strip import StepStrip, StepStrips, StripCells

_LINES = 2  # of each strip
_EIGHTHS = " \N{LOWER ONE EIGHTH BLOCK}\N{LOWER ONE QUARTER BLOCK}\N{LOWER THREE EIGHTHS BLOCK}\
\N{LOWER HALF BLOCK}\N{LOWER FIVE EIGHTHS BLOCK}\N{LOWER THREE QUARTERS BLOCK}\
\N{LOWER SEVEN EIGHTHS BLOCK}\N{FULL BLOCK}"
_WIDEST_NAME = 24
_NARROWEST = 10
_LOW = ("#56B4E9", "#009E73")
_HIGH = ("#2A5A75", "#004F3A")
"""Of launches in turns: bright up to the least of a cell's steps, dark up to the greatest."""


class StepStripsBlock(Static):
    """Shows ``StepStrips``, all of them or some."""

    def __init__(self) -> None:
        super().__init__(id="strips")
        self._strips: StepStrips | None = None
        self._names: frozenset[str] | None = None

    def show(self, strips: StepStrips, names: frozenset[str] | None) -> None:
        """Show some of the strips.

        Args:
            strips: On one scale.
            names: Of the variants to show; None for all.
        """
        if strips is not self._strips or names != self._names:
            self._strips, self._names = strips, names
            self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw the strips as long as the new width allows."""
        self._draw()

    def _draw(self) -> None:
        if self._strips is not None:
            ascii_only = self.app.has_class("-ascii-only") or self.app.no_color
            shown = [s for s in self._strips.strips if self._names is None or s.name in self._names]
            width = self.size.width or 80
            lines = _lines(self._strips, shown, width, ascii_only=ascii_only)
            self.update(Group(*lines))


def _lines(
    strips: StepStrips, shown: list[StepStrip], width: int, *, ascii_only: bool
) -> Iterator[Text]:
    title = toned("Single steps in their order", Tone.STRONG)
    title.append_text(toned(f"   {strips.scale} from bottom to top; ", Tone.QUIET))
    title.append_text(toned("!", Tone.BAD))
    title.append_text(toned(" outlier; launches in turns of colour, | where one begins"))
    title.no_wrap, title.overflow = True, "ellipsis"
    yield title
    name = min(_WIDEST_NAME, max((cell_len(printable(s.name)) for s in shown), default=0))
    room = max(_NARROWEST, width - name - max((len(s.text) for s in shown), default=0) - 4)
    for strip in shown:
        label = toned(strip.name)
        label.truncate(name, overflow="ellipsis", pad=True)
        cells = strips.cells(strip, room)
        for row in reversed(range(_LINES)):
            top = row == _LINES - 1
            drawn = _drawn(cells, row, ascii_only=ascii_only)
            drawn.pad_right(room - len(drawn))
            text = f"  {strip.text}" if top else ""
            before = label if top else Text(" " * name)
            yield Text.assemble(before, "  ", drawn, text, no_wrap=True)
        yield Text.assemble(" " * (name + 2), _launches(cells), no_wrap=True)


def _drawn(cells: StripCells, row: int, *, ascii_only: bool) -> Text:
    """Return one line of cells; row 0 is the lowest."""
    line = Text()
    columns = (cells.low, cells.high, cells.outlier, cells.launch)
    for low, high, far, launch in zip(*(column.tolist() for column in columns), strict=True):
        if far and row == _LINES - 1:
            line.append_text(toned("!", Tone.BAD))
            continue
        steps = 8 * _LINES - 1
        lower = min(max(1 + round(low * steps) - 8 * row, 0), 8)
        upper = min(max(1 + round(high * steps) - 8 * row, 0), 8)
        if ascii_only:
            line.append("#" if lower >= 4 else ":" if upper >= 4 else " ")
        else:
            line.append(*_block(lower, upper, launch % 2))
    return line


def _block(lower: int, upper: int, turn: int) -> tuple[str, Style]:
    if not lower:
        return _EIGHTHS[upper], Style(color=_HIGH[turn])
    back = _HIGH[turn] if upper > lower else None
    return _EIGHTHS[lower], Style(color=_LOW[turn], bgcolor=back)


def _launches(cells: StripCells) -> Text:
    """Return the line below a strip: a bar where a launch begins, with its number behind it."""
    num = len(cells.launch)
    letters = [" "] * (num + 8)
    free = 0
    for place in range(num):
        if cells.begins[place] and place >= free:
            label = f"|{launch_number(int(cells.launch[place]))}"
            letters[place : place + len(label)] = label
            free = place + len(label)
    return toned("".join(letters).rstrip(), Tone.QUIET)
