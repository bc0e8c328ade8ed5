"""Which widget shows which kind of block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.tui.widgets.bars_block import BarsBlock
from annt_prof.tui.widgets.lines_block import LinesBlock
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.tui.widgets.strips_block import StripsBlock
from annt_prof.tui.widgets.tracks_block import TracksBlock
from annt_prof.views.page import Bars, Chart, Lines, Sheet, Strips, Tracks

if TYPE_CHECKING:
    from textual.widget import Widget

    from annt_prof.views.page import Block


def make_widget(block: Block) -> Widget:
    """Return a widget that shows a block."""
    match block:
        case Lines():
            return LinesBlock(block)
        case Sheet():
            return SheetBlock(block)
        case Bars():
            return BarsBlock(block)
        case Strips():
            return StripsBlock(block)
        case Tracks():
            return TracksBlock(block)
        case Chart():
            # Plotting is slow to import, and most screens have no chart.
            from annt_prof.tui.widgets.chart_block import ChartBlock

            return ChartBlock(block)


def lay_out(widget: Widget, block: Block) -> None:
    """Show a block in a widget that was made for another of its kind."""
    match widget, block:
        case LinesBlock(), Lines():
            widget.lay_out(block)
        case SheetBlock(), Sheet():
            widget.lay_out(block)
        case BarsBlock(), Bars():
            widget.lay_out(block)
        case StripsBlock(), Strips():
            widget.lay_out(block)
        case TracksBlock(), Tracks():
            widget.lay_out(block)
        case _, Chart():
            from annt_prof.tui.widgets.chart_block import ChartBlock

            if isinstance(widget, ChartBlock):
                widget.lay_out(block)
