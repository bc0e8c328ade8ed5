"""What was sampled over a run, with one cursor and one view for all charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import VerticalScroll
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.chart_reading import reading
from annt_prof.views.page import Chart, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.telemetry import OUTSIDE, build_telemetry_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult

    from annt_prof.tui.messages import CursorMoved, ViewMoved
    from annt_prof.tui.widgets.chart_block import ChartBlock
    from annt_prof.views.page import Page

_HINT = "Tab goes to a chart; there, arrows move one cursor over all of them"
_TOO_NARROW = "charts need 80 columns"


class TelemetryScreen(PageScreen):
    """Shows one chart below the other; what is done to one is done to all."""

    SCREEN: ClassVar[Screen] = Screen.TELEMETRY
    OWN_KEYS: ClassVar[dict[str, str]] = {
        "left, right": "move the cursor over all charts",
        "+ and -": "see less or more of the time; with the mouse, click a chart and turn the wheel",
        "Shift-left, -right": "move what is seen; with the mouse, drag it",
        "Backspace": "see all of it",
    }

    def build_page(self) -> Page:
        """Return what was sampled."""
        return build_telemetry_page(self.dashboard.run_source)

    def compose_body(self) -> ComposeResult:
        """Yield the line that reads all charts, and the blocks."""
        yield Static(toned(_HINT, Tone.QUIET), id="reading")
        yield Static(toned(_TOO_NARROW, Tone.QUIET), classes="only-narrow")
        yield VerticalScroll(id="blocks", can_focus=False)

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Move the cursor of the other charts, and read them all."""
        for chart in self._charts():
            if chart.chart.key != message.chart:
                chart.put_cursor(message.x)
        page = self.page
        charts = [] if page is None else [b for b in page.blocks if isinstance(b, Chart)]
        if charts:
            line = reading(charts, message.x, outside=OUTSIDE)
            self.query_one("#reading", Static).update(toned(line))

    def on_view_moved(self, message: ViewMoved) -> None:
        """Show the same time in the other charts."""
        for chart in self._charts():
            if chart.chart.key != message.chart:
                chart.see(message.view)

    def _charts(self) -> Iterator[ChartBlock]:
        if not self.query(".chart"):
            return
        from annt_prof.tui.widgets.chart_block import ChartBlock

        yield from self.query(ChartBlock)
