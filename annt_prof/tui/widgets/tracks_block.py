"""A grid of letters, of which the last places are shown where there is no room for all."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text
from textual.widgets import Static

from annt_prof import units
from annt_prof.text import printable
from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from textual import events

    from annt_prof.views.page import Mark, Track, Tracks

_WIDEST_NAME = 28
_NARROWEST = 10


class TracksBlock(Static):
    """Shows ``Tracks``.

    Args:
        block: What to show first.
    """

    def __init__(self, block: Tracks) -> None:
        super().__init__(classes="block tracks")
        self._block = block
        self._num_lines = 0

    def lay_out(self, block: Tracks) -> None:
        """Show another value in its place."""
        self._block = block
        self._draw()

    def on_resize(self, _: events.Resize) -> None:
        """Show as many places as the new width allows."""
        self._draw()

    def _draw(self) -> None:
        lines = tuple(_lines(self._block, self.size.width or 80))
        # Laying the page out anew costs more than drawing this.
        lacking = len(lines) != self._num_lines or self.size.height < len(lines)
        self.update(Group(*lines), layout=lacking)
        self._num_lines = len(lines)


def _lines(block: Tracks, width: int) -> Iterator[Text]:
    if block.title:
        yield toned(block.title, Tone.STRONG)
    if block.empty:
        yield toned(block.empty, Tone.QUIET)
        return
    name = min(_WIDEST_NAME, max((cell_len(printable(t.name)) for t in block.tracks), default=0))
    said = max((cell_len(printable(track.text)) for track in block.tracks), default=0)
    hidden, shown = shown_stretches(block, max(_NARROWEST, width - name - said - 4))
    yield Text.assemble(" " * name, "  ", _heads(shown), no_wrap=True)
    marks = {mark.letter: mark for mark in block.marks}
    for track in block.tracks:
        label = toned(track.name)
        label.truncate(name, overflow="ellipsis", pad=True)
        letters = _letters(track, hidden, shown, marks)
        yield Text.assemble(label, "  ", letters, toned(f"  {track.text}".rstrip()), no_wrap=True)
    legend = Text(overflow="fold")
    used = {letter for track in block.tracks for letter in track.letters}
    for mark in block.marks:
        if mark.letter in used:
            legend.append_text(toned(mark.letter, mark.tone))
            legend.append_text(toned(f" {mark.meaning}  ", Tone.QUIET))
    yield legend
    num_earlier = hidden + block.num_earlier
    if num_earlier:
        yield toned(f"{units.count(num_earlier, 'earlier round')} left of these", Tone.QUIET)
    yield from (toned(note, Tone.QUIET) for note in block.notes)


def shown_stretches(block: Tracks, room: int) -> tuple[int, list[tuple[str, int]]]:
    """Return how many places at the left are left out, and the names and lengths of the rest.

    Args:
        block: The grid.
        room: Cells for its places and for a bar between two stretches.
    """
    shown: list[tuple[str, int]] = []
    for stretch in reversed(block.stretches):
        room -= 1 if shown else 0
        fitting = min(stretch.num_places, room)
        if fitting <= 0:
            break
        shown.insert(0, (stretch.name, fitting))
        room -= fitting
        if fitting < stretch.num_places:
            break
    whole = sum(stretch.num_places for stretch in block.stretches)
    return whole - sum(num for _, num in shown), shown


def _heads(shown: list[tuple[str, int]]) -> Text:
    """Return the names of stretches over their first places, as many as do not touch."""
    line, start = "", 0
    for name, num in shown:
        if name and (not line or start > len(line)):
            line = line.ljust(start) + name
        start += num + 1
    return toned(line, Tone.QUIET)


def _letters(
    track: Track, hidden: int, shown: list[tuple[str, int]], marks: Mapping[str, Mark]
) -> Text:
    text, start = Text(), hidden
    for place, (_, num) in enumerate(shown):
        if place:
            text.append_text(toned("|", Tone.QUIET))
        for letter, run in groupby(track.letters[start : start + num]):
            mark = marks.get(letter)
            text.append_text(toned("".join(run), Tone.PLAIN if mark is None else mark.tone))
        start += num
    return text
