"""Small series one below the other: two lines each, from the least to the greatest value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.style import Style
from rich.text import Text
from textual.widgets import Static

from annt_prof.text import printable
from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone
from annt_prof.views.palette import series_look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual import events

    from annt_prof.views.page import Strip, Strips

_WIDEST_NAME = 28
_NARROWEST = 10
_LINES = 2  # of each strip
_WIDEST_BAR = 4  # dots, where there are fewer places than dots
_DOTS = 4  # of braille, one above the other
_LEFT = (0x40, 0x04, 0x02, 0x01)  # bits of braille's dots, from the lowest to the highest
_RIGHT = (0x80, 0x20, 0x10, 0x08)
_HALVES = (1, 2)  # bits of the halves of a cell, from below
_ASCII = (" ", ".", "'", "|")


class StripsBlock(Static):
    """Shows ``Strips``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Strips) -> None:
        super().__init__(classes="block strips")
        self._block = block
        self._num_lines = 0

    def lay_out(self, block: Strips) -> None:
        """Show another value in its place."""
        self._block = block
        self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Draw the strips as long as the new width allows."""
        self._draw()

    def _draw(self) -> None:
        ascii_only = self.app.has_class("-ascii-only")
        lines = tuple(_lines(self._block, self.size.width or 80, ascii_only=ascii_only))
        # Laying the page out anew costs more than drawing this.
        lacking = len(lines) != self._num_lines or self.size.height < len(lines)
        self.update(Group(*lines), layout=lacking)
        self._num_lines = len(lines)


def _lines(block: Strips, width: int, *, ascii_only: bool) -> Iterator[Text]:
    if block.title:
        yield toned(block.title, Tone.STRONG)
    if block.empty:
        yield toned(block.empty, Tone.QUIET)
    strips = block.strips
    name = min(_WIDEST_NAME, max((cell_len(printable(s.name)) for s in strips), default=0))
    texts = (printable(text) for strip in strips for text in (strip.text, strip.range_text))
    said = max(map(cell_len, texts), default=0)
    room = max(_NARROWEST, width - name - said - 4)
    longest = max((len(strip.lows) for strip in strips), default=0)
    for place, strip in enumerate(strips):
        label = toned(strip.name)
        label.truncate(name, overflow="ellipsis", pad=True)
        dots, per_line = (room, len(_HALVES)) if ascii_only else (2 * room, _DOTS)
        bars = _bars(strip, dots, stretched=not block.moving, longest=longest)
        heights = _heights(strip, bars, _LINES * per_line)
        style = Style(color=series_look(place).colour)
        drawn = [
            _drawn(heights, row, room, ascii_only=ascii_only) for row in reversed(range(_LINES))
        ]
        yield Text.assemble(label, "  ", (drawn[0], style), "  ", toned(strip.text), no_wrap=True)
        yield Text.assemble(
            " " * name, "  ", (drawn[1], style), "  ", toned(strip.range_text, Tone.QUIET),
            no_wrap=True,
        )  # fmt: skip
    yield from (toned(note, Tone.QUIET) for note in block.notes)


def _bars(
    strip: Strip, dots: int, *, stretched: bool, longest: int
) -> list[tuple[float, float] | None]:
    """Return the least and the greatest value of each dot across, None where nothing is known.

    What has more places than there are dots is reduced; what has fewer stands at the right where
    the strip moves, and at the left where it fills up.
    """
    num, most = len(strip.lows), max(longest, 1)
    per_dot = max(1, math.ceil(most / dots))
    # Counted from the last one where the strip moves, so that its steps do not flicker.
    ends = range(num, 0, -per_dot) if not stretched else range(per_dot, num + per_dot, per_dot)
    wide = min(_WIDEST_BAR, max(1, dots // most))
    bars: list[tuple[float, float] | None] = []
    for end in ends:
        part = slice(max(0, end - per_dot), end)
        # NaN is not itself.
        lows = [low for low in strip.lows[part] if low == low]
        highs = [high for high in strip.highs[part] if high == high]
        bars += [(min(lows), max(highs)) if lows and highs else None] * wide
    bars = bars[:dots]
    empty: list[tuple[float, float] | None] = [None] * (dots - len(bars))
    return [*bars, *empty] if stretched else [*empty, *reversed(bars)]


def _heights(
    strip: Strip, bars: Sequence[tuple[float, float] | None], height: int
) -> list[tuple[int, int] | None]:
    """Return the lowest and the highest dot of each bar, counted from below."""
    known = [bar for bar in bars if bar is not None]
    least = min((low for low, _ in known), default=0.0) if strip.least is None else strip.least
    most = max((high for _, high in known), default=1.0) if strip.most is None else strip.most
    scale = (height - 1) / ((most - least) or 1.0)

    def dot(value: float) -> int:
        return min(height - 1, max(0, round((value - least) * scale)))

    return [None if bar is None else (dot(bar[0]), dot(bar[1])) for bar in bars]


def _drawn(
    heights: Sequence[tuple[int, int] | None], row: int, room: int, *, ascii_only: bool
) -> str:
    """Return one line of cells; row 0 is the lowest."""
    if ascii_only:
        return "".join(_ASCII[_bits(bar, 2 * row, _HALVES)] for bar in heights)
    columns = [
        (_bits(left, _DOTS * row, _LEFT) | _bits(right, _DOTS * row, _RIGHT))
        for left, right in zip(heights[::2], heights[1::2], strict=True)
    ]
    return "".join(chr(0x2800 + bits) if bits else " " for bits in columns[:room])


def _bits(bar: tuple[int, int] | None, lowest: int, dots: tuple[int, ...]) -> int:
    """Return the bits of the dots of one line that a bar covers."""
    if bar is None:
        return 0
    first, last = max(0, bar[0] - lowest), min(len(dots) - 1, bar[1] - lowest)
    return sum(dots[first : last + 1]) if first <= last else 0
