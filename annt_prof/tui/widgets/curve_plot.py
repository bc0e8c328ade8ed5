"""Curves drawn in fine dots, with letters on them and a cursor over them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual_hires_canvas import Canvas
from textual_plot import HiResMode, PlotWidget

from annt_prof.tui.widgets.drawn_line import LABEL_WIDTH

if TYPE_CHECKING:
    from textual import events
    from textual.app import RenderResult

    from annt_prof.tui.widgets.drawn_line import Drawing, DrawnLine

_LETTER_EVERY = 12  # points
_CURSOR = "reverse"


class CurvePlot(PlotWidget, can_focus=False, inherit_bindings=False):
    """Draws a ``Drawing``; what is around it moves the view and the cursor."""

    margin_top = reactive(0)
    margin_bottom = reactive(1)
    margin_left = reactive(LABEL_WIDTH)

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self._rendered = False
        self._column: int | None = None
        self._covered: list[tuple[int, int, str, str]] = []

    def draw(self, drawing: Drawing) -> None:
        """Draw anew."""
        self.clear()
        for line in drawing.lines:
            self._plot(line)
        if drawing.lettered:
            for place, line in enumerate(drawing.lines):
                if not line.side:
                    self._letter(line, place)
        self.set_xlimits(*drawing.view)
        self.set_ylimits(*drawing.limits)

    def put_cursor(self, column: int | None) -> None:
        """Move the cursor to a column within the frame, from 0; None takes it away."""
        self._column = column
        if self._rendered:
            self._take_cursor_away()
            self._draw_cursor()

    def render(self) -> RenderResult:
        """Draw what is due, and the cursor over it."""
        result = super().render()
        self._rendered = True
        if not self._covers():
            self._covered = []
            self._draw_cursor()
        return result

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Leave the wheel to what is around."""
        event.prevent_default()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Leave the wheel to what is around."""
        event.prevent_default()

    def _plot(self, line: DrawnLine) -> None:
        style = f"dim {line.look.colour}" if line.side else line.look.colour
        for xs, ys in line.pieces:
            if len(xs) > 1:
                self.plot(xs, ys, line_style=style, hires_mode=HiResMode.BRAILLE)
            else:
                self.scatter(xs, ys, marker_style=style, hires_mode=HiResMode.BRAILLE)

    def _letter(self, line: DrawnLine, place: int) -> None:
        for xs, ys in line.pieces:
            at = slice((3 * place) % min(_LETTER_EVERY, len(xs)), None, _LETTER_EVERY)
            self.scatter(xs[at], ys[at], marker=line.look.glyph, marker_style=line.look.colour)

    def _covers(self) -> bool:
        """Whether the cursor is on the canvas; drawing the curves anew takes it away."""
        canvas = self.query_one("#plot", Canvas)
        return all(canvas.get_pixel(x, y)[1] == _CURSOR for x, y, _, _ in self._covered[:1])

    def _draw_cursor(self) -> None:
        """Draw the cursor and remember what it hides, so that the curves need not be drawn anew."""
        canvas = self.query_one("#plot", Canvas)
        width, height = canvas.size
        if self._column is None or not 0 <= self._column < width - 2:
            return
        x = self._column + 1
        for y in range(1, height - 1):
            character, style = canvas.get_pixel(x, y)
            self._covered.append((x, y, character, style))
            canvas.set_pixel(x, y, "│" if character == " " else character, style=_CURSOR)

    def _take_cursor_away(self) -> None:
        canvas = self.query_one("#plot", Canvas)
        if self._covers():
            for x, y, character, style in self._covered:
                canvas.set_pixel(x, y, character, style=style)
        self._covered = []
