"""Curves drawn in the letters of ASCII, for fonts that have nothing else."""

from __future__ import annotations

from itertools import groupby
from operator import is_not, itemgetter
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from annt_prof import units
from annt_prof.tui.widgets.drawn_line import LABEL_WIDTH

if TYPE_CHECKING:
    from textual import events

    from annt_prof.tui.widgets.drawn_line import Drawing, DrawnLine

    Row = list[tuple[str, Style]]
    Cells = list[Row]

_BLANK = (" ", Style())
_FRAME = 2  # lines: the axis and its figures


class AsciiPlot(Static):
    """Draws a ``Drawing``; what is around it moves the view and the cursor."""

    def __init__(self) -> None:
        super().__init__(classes="ascii-plot")
        self._drawing: Drawing | None = None
        self._column: int | None = None
        self._filled_for: tuple[Drawing, int, int] | None = None
        self._cells: Cells = []

    def draw(self, drawing: Drawing) -> None:
        """Draw anew."""
        self._drawing = drawing
        self._show()

    def put_cursor(self, column: int | None) -> None:
        """Move the cursor to a column within the frame, from 0; None takes it away."""
        self._column = column
        self._show()

    def on_resize(self, _: events.Resize) -> None:
        """Draw as large as there is room for."""
        self._show()

    def _show(self) -> None:
        width = self.size.width - LABEL_WIDTH - 2
        height = self.size.height - _FRAME
        if self._drawing is None or width <= 0 or height <= 1:
            return
        drawn = (self._drawing, width, height)
        if self._filled_for is None or any(map(is_not, drawn, self._filled_for)):
            self._filled_for, self._cells = drawn, _cells(*drawn)
        self.update(_framed(self._drawing, self._cells, self._column))


def _cells(drawing: Drawing, width: int, height: int) -> Cells:
    cells: Cells = [[_BLANK] * width for _ in range(height)]
    for line in sorted(drawing.lines, key=lambda line: not line.side):
        _fill(cells, line, drawing)
    return cells


def _framed(drawing: Drawing, cells: Cells, cursor: int | None) -> Text:
    width, height = len(cells[0]), len(cells)
    low, high = drawing.limits
    figures = {0: high, height // 2: high - (high - low) * (height // 2) / (height - 1)}
    figures[height - 1] = low
    text = Text(no_wrap=True)
    for number, row in enumerate(cells):
        figure = units.axis_figure(figures[number]) if number in figures else ""
        text.append(figure[:LABEL_WIDTH].rjust(LABEL_WIDTH) + "|")
        for style, run in groupby(_with_cursor(row, cursor), key=itemgetter(1)):
            text.append("".join(character for character, _ in run), style)
        text.append("|\n")
    text.append(" " * LABEL_WIDTH + "+" + "-" * width + "+\n")
    start, end = map(units.axis_figure, drawing.view)
    text.append(" " * (LABEL_WIDTH + 1) + start + f"{end:>{width - len(start)}}")
    return text


def _with_cursor(row: Row, cursor: int | None) -> Row:
    if cursor is None or not 0 <= cursor < len(row):
        return row
    character, _ = row[cursor]
    here = ("|" if character == " " else character, Style(reverse=True))
    return [*row[:cursor], here, *row[cursor + 1 :]]


def _fill(cells: Cells, line: DrawnLine, drawing: Drawing) -> None:
    """Put a line's letter wherever it passes, from the least to the greatest point of a column."""
    height, width = len(cells), len(cells[0])
    (start, end), (low, high) = drawing.view, drawing.limits
    letter = "." if line.side else (line.look.glyph if drawing.lettered else "*")
    style = Style(color=line.look.colour, dim=line.side)
    for xs, ys in line.pieces:
        before: tuple[int, int] | None = None
        for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
            column = int((x - start) / (end - start) * width)
            row = round((high - y) / (high - low) * (height - 1))
            from_row = before[1] if before is not None and before[0] == column else row
            before = (column, row)
            if 0 <= column < width:
                for each in range(min(row, from_row), max(row, from_row) + 1):
                    if 0 <= each < height:
                        cells[each][column] = (letter, style)
