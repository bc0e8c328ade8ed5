"""Curves over one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Static
from textual_plot import HiResMode, PlotWidget

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from annt_prof.views.page import Chart


class ChartBlock(Vertical):
    """Shows a ``Chart``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Chart) -> None:
        super().__init__(classes="block chart")
        self._block = block

    def compose(self) -> ComposeResult:
        """Yield the title and the plot."""
        yield Static(classes="title")
        yield PlotWidget()

    def on_mount(self) -> None:
        """Draw the curves."""
        self._draw()

    def lay_out(self, block: Chart) -> None:
        """Show another value in its place."""
        self._block = block
        self._draw()

    def _draw(self) -> None:
        block = self._block
        self.query_one(".title", Static).update(toned(block.title, Tone.STRONG))
        plot = self.query_one(PlotWidget)
        plot.clear()
        for curve in block.curves:
            plot.plot(curve.xs, curve.ys, hires_mode=HiResMode.BRAILLE, label=curve.name)
        plot.set_xlabel(block.x_title)
        plot.set_ylabel(block.y_title)
