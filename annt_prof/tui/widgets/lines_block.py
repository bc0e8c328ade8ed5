"""Prose: a label and a paragraph that wraps under itself, line after line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from annt_prof.views.page import Lines

_LABEL_WIDTH = 12


class LinesBlock(Static):
    """Shows ``Lines``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Lines) -> None:
        super().__init__(_laid_out(block), classes="block")

    def lay_out(self, block: Lines) -> None:
        """Show another value in its place."""
        self.update(_laid_out(block))


def _laid_out(block: Lines) -> Group:
    grid = Table.grid(padding=(0, 1, 0, 0))
    labelled = any(line.label for line in block.lines)
    if labelled:
        grid.add_column(width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    for line in block.lines:
        text = toned(line.text, line.tone)
        grid.add_row(*((toned(line.label, Tone.QUIET), text) if labelled else (text,)))
    return Group(*([toned(block.title, Tone.STRONG)] if block.title else []), grid)
