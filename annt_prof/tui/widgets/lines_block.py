"""Prose: a label and a paragraph that wraps under itself, line after line.

A label that is wider than the others' column has a line of its own, above its paragraph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.table import Table
from textual.widgets import Static

from annt_prof.text import printable
from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from rich.console import RenderableType

    from annt_prof.views.page import Lines

_LABEL_WIDTH = 12


class LinesBlock(Static):
    """Shows ``Lines``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Lines) -> None:
        super().__init__(_laid_out(block), classes="block")
        self._block = block

    def lay_out(self, block: Lines) -> None:
        """Show another value in its place."""
        before, self._block = self._block, block
        same_height = _num_rows(before, self.size.width) == _num_rows(block, self.size.width)
        # Laying the whole page out anew costs more than drawing this.
        alike = same_height and _num_rows(block, self.size.width) is not None
        self.update(_laid_out(block), layout=not alike)

    def num_lines(self, block: Lines, width: int) -> int:
        """Return the lines that a value takes in so many cells, however they are broken."""
        console = self.app.console
        options = console.options.update(width=width, height=None)
        return len(console.render_lines(_laid_out(block), options, pad=False))


def _num_rows(block: Lines, width: int) -> int | None:
    """Return the rows of a value whose lines need one each; None where any may be broken."""
    label = _LABEL_WIDTH + 1 if any(line.label for line in block.lines) else 0
    texts = [label + cell_len(printable(line.text)) for line in block.lines]
    alone = [cell_len(printable(line.label)) for line in block.lines if _is_wide(line.label)]
    longest = max((*texts, *alone), default=0)
    return len(texts) + len(alone) + bool(block.title) if longest < width else None


def _is_wide(label: str) -> bool:
    return cell_len(printable(label)) > _LABEL_WIDTH


def _laid_out(block: Lines) -> Group:
    labelled = any(line.label for line in block.lines)
    grid = _grid(labelled=labelled)
    parts: list[RenderableType] = [toned(block.title, Tone.STRONG)] if block.title else []
    parts.append(grid)
    for line in block.lines:
        label, text = toned(line.label, Tone.QUIET), toned(line.text, line.tone)
        if _is_wide(line.label):
            grid = _grid(labelled=True)
            parts += [label, grid]
            label = toned("")
        grid.add_row(*((label, text) if labelled else (text,)))
    return Group(*parts)


def _grid(*, labelled: bool) -> Table:
    grid = Table.grid(padding=(0, 1, 0, 0))
    if labelled:
        grid.add_column(width=_LABEL_WIDTH, no_wrap=True)
    grid.add_column(overflow="fold")
    return grid
