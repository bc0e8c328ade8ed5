"""Curves over one axis, with a cursor and a view that can be moved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.tui.messages import CursorMoved, ViewMoved
from annt_prof.tui.widgets.ascii_plot import AsciiPlot
from annt_prof.tui.widgets.chart_drawing import ChartDrawing
from annt_prof.tui.widgets.chart_view import panned, showing, zoomed
from annt_prof.tui.widgets.drawn_line import LABEL_WIDTH
from annt_prof.tui.widgets.span_strip import span_strip
from annt_prof.views.chart_reading import place_text, span_name, values_text
from annt_prof.views.page import Tone
from annt_prof.views.palette import series_look

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.tui.widgets.chart_view import View
    from annt_prof.tui.widgets.curve_plot import CurvePlot
    from annt_prof.views.page import Chart

_ZOOM = 0.7


class ChartBlock(Vertical, can_focus=True):
    """Shows a ``Chart``.

    Args:
        block: What to show first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Cursor", key_display="<- ->"),
        Binding("right", "move(1)", "Cursor right", show=False),
        Binding("plus,equals_sign", "zoom(1)", "Zoom in", key_display="+"),
        Binding("minus", "zoom(-1)", "Zoom out", key_display="-"),
        Binding("shift+left", "pan(-1)", "Pan left", show=False),
        Binding("shift+right", "pan(1)", "Pan right", show=False),
        Binding("backspace", "whole", "All of it", key_display="Bksp"),
    ]

    def __init__(self, block: Chart) -> None:
        super().__init__(classes="block chart")
        self._block = block
        self._drawing = ChartDrawing(block)
        self._view: View | None = None
        self._cursor: float | None = None
        self._dragged = False

    def compose(self) -> ComposeResult:
        """Yield the title, the plot, the spans and what is said below."""
        yield Static(classes="title")
        yield self._made_plot()
        yield Static(classes="spans")
        yield Static(classes="notes")

    @property
    def chart(self) -> Chart:
        """What is shown."""
        return self._block

    @property
    def cursor(self) -> float | None:
        """Where the cursor is; None before it was moved."""
        return self._cursor

    @property
    def view(self) -> View:
        """The stretch of the x axis that is seen."""
        return self._whole if self._view is None else self._view

    def on_mount(self) -> None:
        """Draw the curves."""
        self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw as many columns as there are now."""
        self._draw()

    def lay_out(self, block: Chart) -> None:
        """Show another value in its place; cursor and view stay."""
        self._block = block
        self._drawing = ChartDrawing(block)
        self._draw()

    def put_cursor(self, x: float | None) -> None:
        """Move the cursor without telling anybody."""
        self._cursor = x
        self._put_cursor()

    def see(self, view: View | None) -> None:
        """Show a stretch of the x axis without telling anybody; None for all of it."""
        if view != self._view:
            self._view = view
            self._draw()

    def action_move(self, columns: int) -> None:
        """Move the cursor, to begin with to the middle."""
        start, end = self.view
        x = (start + end) / 2
        if self._cursor is not None:
            x = min(max(self._cursor + columns * self._column, self._whole[0]), self._whole[1])
        view = showing(self.view, self._whole, x)
        if view != self.view:
            self._see(view)
        self._point(x)

    def action_zoom(self, steps: int) -> None:
        """Zoom about the cursor, or about the middle where it is not to be seen."""
        start, end = self.view
        there = self._cursor is not None and start <= self._cursor <= end
        self._zoom(steps, self._cursor if there and self._cursor else (start + end) / 2)

    def action_pan(self, direction: int) -> None:
        """Move the view by a quarter of its length."""
        start, end = self.view
        self._see(panned(self.view, self._whole, direction * (end - start) / 4))

    def action_whole(self) -> None:
        """Show the whole x axis."""
        self._see(None)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in about the pointer, once the chart was clicked; else the page scrolls."""
        self._turn_wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out likewise."""
        self._turn_wheel(event, -1)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag the view along."""
        if event.button == 1 and event.delta_x:
            self._dragged = True
            self._see(panned(self.view, self._whole, -event.delta_x * self._column))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor there."""
        x = self._pointed_at(event)
        if x is not None and not self._dragged:
            self._point(x)
        self._dragged = False

    def _made_plot(self) -> CurvePlot | AsciiPlot:
        if self.app.has_class("-ascii-only"):
            return AsciiPlot()
        # Slow to import, and fonts without its dots do without.
        from annt_prof.tui.widgets.curve_plot import CurvePlot

        return CurvePlot()

    @property
    def _plot(self) -> CurvePlot | AsciiPlot:
        plot: CurvePlot | AsciiPlot = self.query_one("CurvePlot, AsciiPlot")  # type: ignore[assignment]
        return plot

    @property
    def _num_columns(self) -> int:
        return max(1, self.size.width - LABEL_WIDTH - 2)

    @property
    def _column(self) -> float:
        start, end = self.view
        return (end - start) / self._num_columns

    @property
    def _whole(self) -> View:
        return self._drawing.whole

    def _pointed_at(self, event: events.MouseEvent) -> float | None:
        column = event.screen_x - self.content_region.x - LABEL_WIDTH - 1
        if not 0 <= column < self._num_columns:
            return None
        return self.view[0] + (column + 0.5) * self._column

    def _turn_wheel(self, event: events.MouseEvent, steps: int) -> None:
        x = self._pointed_at(event)
        if self.has_focus and x is not None:
            event.stop()
            event.prevent_default()
            self._zoom(steps, x)

    def _zoom(self, steps: int, about: float) -> None:
        view = zoomed(self.view, self._whole, _ZOOM**steps, about)
        self._see(None if view == self._whole else view)

    def _see(self, view: View | None) -> None:
        self.see(view)
        self.post_message(ViewMoved(self._block.key, view))

    def _point(self, x: float) -> None:
        self.put_cursor(x)
        self.post_message(CursorMoved(self._block.key, x))

    def _draw(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        block, plot = self._block, self._plot
        plot.display = bool(block.curves)
        plot.draw(self._drawing.seen(self.view, self._num_columns))
        spans = self.query_one(".spans", Static)
        spans.display = bool(block.curves)
        spans.update(span_strip(block, self.view, self._num_columns))
        notes = [block.empty, *block.notes] if not block.curves else block.notes
        below = self.query_one(".notes", Static)
        below.update(Text("\n").join(toned(note, Tone.QUIET) for note in notes if note))
        below.display = any(notes)
        self._put_cursor()

    def _put_cursor(self) -> None:
        if not self.is_mounted or not self.size.width:
            return
        self.query_one(".title", Static).update(self._title())
        column = None
        if self._cursor is not None:
            column = math.floor((self._cursor - self.view[0]) / self._column)
            column = min(column, self._num_columns - 1)
        self._plot.put_cursor(column)

    def _title(self) -> Text:
        block = self._block
        title = toned(block.title, Tone.STRONG)
        title.append_text(toned(f", {block.y_title}", Tone.QUIET))
        if len(block.curves) > 1:
            for place, curve in enumerate(block.curves):
                look = series_look(place)
                title.append("  ")
                title.append(look.glyph, Style(color=look.colour, reverse=True))
                title.append_text(toned(f" {curve.name} {curve.last}".rstrip()))
        elif block.curves and block.curves[0].last and self._cursor is None:
            title.append_text(toned(f"  last {block.curves[0].last}"))
        if self._cursor is not None:
            where = [place_text(block, self._cursor), span_name(block, self._cursor) or ""]
            values = values_text(block, self._cursor) or "nothing known"
            title.append_text(
                toned(f"  at {', '.join(filter(None, where))}: {values}", Tone.UNSURE)
            )
        return title
