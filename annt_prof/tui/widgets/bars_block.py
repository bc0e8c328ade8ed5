"""Stacked bars on one scale, each part with its category's letter and colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text
from textual.widgets import Static

from annt_prof.text import printable
from annt_prof.tui.looks import filled, toned
from annt_prof.views.page import Tone
from annt_prof.views.palette import LOOKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from annt_prof.views.page import Bar, Bars

_WIDEST_NAME = 28
_NARROWEST_BAR = 10
_GAPS = 4  # cells: two blanks behind the name and two before the figure


class BarsBlock(Static):
    """Shows ``Bars``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Bars) -> None:
        super().__init__(_Drawn(block), classes="block bars")

    def lay_out(self, block: Bars) -> None:
        """Show another value in its place."""
        self.update(_Drawn(block))


class _Drawn:
    """Bars as long as the width allows that they are drawn in.

    So a page is laid out with their height from the first. One that is drawn anew where it is told
    of its size may stay as high as it was while it was empty.
    """

    def __init__(self, block: Bars) -> None:
        self._block = block

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        yield from _lines(self._block, options.max_width)


def _lines(block: Bars, width: int) -> Iterator[Text]:
    """Yield the title, a line for each bar, what their letters stand for, and the notes."""
    if block.title:
        yield toned(block.title, Tone.STRONG)
    if block.empty:
        yield toned(block.empty, Tone.QUIET)
    name = min(_WIDEST_NAME, max((cell_len(printable(b.name)) for b in block.bars), default=0))
    figures = [toned(bar.text) for bar in block.bars]
    figure = max((text.cell_len for text in figures), default=0)
    room = max(_NARROWEST_BAR, width - name - figure - _GAPS)
    for bar, text in zip(block.bars, figures, strict=True):
        label = toned(bar.name)
        label.truncate(name, overflow="ellipsis", pad=True)
        text.pad_left(figure - text.cell_len)
        yield Text.assemble(label, "  ", text, "  ", _drawn(bar, block, room), no_wrap=True)
    if block.bars:
        yield from _legend(block, width)
    yield from (toned(note, Tone.QUIET) for note in block.notes)


def _drawn(bar: Bar, block: Bars, room: int) -> Text:
    """Return the cells of a bar: each part ends where the parts up to it end on the scale."""
    span = (block.full - block.least) or 1.0

    def place(value: float) -> int:
        return round(room * (value - block.least) / span)

    end, used = bar.start, place(bar.start)
    drawn = Text(" " * used)
    for part in bar.parts:
        end += part.value
        upto = place(end)
        drawn.append_text(filled(part.name, upto - used))
        used = upto
    return drawn


def _legend(block: Bars, width: int) -> Iterator[Text]:
    """Yield what the letters that were drawn stand for, none apart from its name."""
    drawn = {part.name for bar in block.bars for part in bar.parts}
    known = [name for name in LOOKS if name in drawn]
    line = Text(no_wrap=True)
    for name in (*known, *sorted(drawn - set(known))):
        entry = Text.assemble(filled(name, 1), toned(f" {name}", Tone.QUIET))
        if line and line.cell_len + entry.cell_len > width:
            yield line
            line = Text(no_wrap=True)
        line.append_text(entry).append("  ")
    yield line
