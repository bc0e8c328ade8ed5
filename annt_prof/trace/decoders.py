"""Processes that decode stretches of a long list of events, beside one another."""

from __future__ import annotations

import gc
from collections import deque
from concurrent.futures import BrokenExecutor, Future, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from annt_prof.trace.pool import process_pool
from annt_prof.trace.shelf import Kept, Laid, Shelf, pread_in_pieces
from annt_prof.trace.slices import SLICE_BYTES, NotSliceableError, OpenList, whole_list
from annt_prof.trace.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from annt_prof.trace.parts import Part

STRETCH_BYTES = 4 * 2**20
"""Long enough that its names are told once, and short enough that few of them are in memory, and
that a file of 50 MB keeps two processes busy to its end."""
# The process that cuts and joins would keep about a dozen busy; see benchmarks/README.md.
_MOST_PROCESSES = 16
# Parts lie behind the texts, which are still needed should a process be killed.
_PARTS = 2**10
# Of each process one is decoded, and the next one waits.
_IN_FLIGHT = 2


class Decoders(NamedTuple):
    """The processes.

    Attributes:
        executor: Runs them.
        number: How many there are.
        shelf: Where text lies for them, and what they say for this process.
    """

    executor: Executor
    number: int
    shelf: Shelf


@contextmanager
def start_decoders(processes: int) -> Iterator[Decoders]:
    """Run decoders while it is entered; leaving it ends them at once.

    Args:
        processes: How many, at most.
    """
    number = min(processes, _MOST_PROCESSES)
    shelf = Shelf.empty()
    try:
        with process_pool(number, __name__, _begin, shelf) as executor:
            yield Decoders(executor, number, shelf)
    finally:
        shelf.close()


class Excerpt(NamedTuple):
    """Text of a file that is not compressed.

    Attributes:
        path: The file.
        at: Where it begins, bytes.
        num_bytes: Its length.
    """

    path: Path
    at: int
    num_bytes: int


class _Stretch(NamedTuple):
    text: Laid | Excerpt
    place: int
    part: Future[Kept | None]


class InFlight:
    """Stretches that are being decoded, in the order of the text.

    The process that decodes one proves that it is a whole list of events, as ``OpenList`` does. So
    the first one that begins rightly and is no whole list ends wrongly.

    Args:
        decoders: To which they are given.
    """

    def __init__(self, decoders: Decoders) -> None:
        self._executor, number, self._shelf = decoders
        self._free = list(range(_IN_FLIGHT * number))
        self._stretches: deque[_Stretch] = deque()

    def __len__(self) -> int:
        return len(self._stretches)

    @property
    def is_full(self) -> bool:
        """Whether the oldest has to be taken out before another one is given."""
        return not self._free

    def give(self, text: memoryview | Excerpt) -> None:
        """Let another one be decoded.

        Raises:
            BrokenExecutor: A process was killed.
        """
        place = self._free.pop()
        written = text if isinstance(text, Excerpt) else self._shelf.lay(text, place)
        try:
            part = self._executor.submit(_decode, written, place)
        except BrokenExecutor as error:
            part = Future()
            part.set_exception(error)
        self._stretches.append(_Stretch(written, place, part))

    def oldest(self) -> Part:
        """Take out the oldest, and return what it says.

        Raises:
            NotSliceableError: It is no whole list of events.
            BrokenExecutor: A process was killed.
        """
        kept = self._stretches[0].part.result()
        if kept is None:
            raise NotSliceableError
        part = cast("Part", self._shelf.kept(kept))
        self._free.append(self._stretches.popleft().place)
        return part

    def abandoned(self) -> list[Laid | Excerpt]:
        """Give up all that were not taken out, and return their texts.

        Nothing is written to their places any more.
        """
        for stretch in self._stretches:
            stretch.part.cancel()
        wait([stretch.part for stretch in self._stretches])
        return [stretch.text for stretch in self._stretches]


class _Process:
    """What a process has besides its stretches."""

    shelf: Shelf


def _begin(shelf: Shelf) -> None:
    gc.disable()  # there are no cycles; see reading.py
    _Process.shelf = shelf


def _decode(text: Laid | Excerpt, place: int) -> Kept | None:
    """Lay down what a stretch says, pickled; None where it is no whole list of events."""
    table, events = Table(), OpenList()
    try:
        for listed in events.slices(_pieces(text)):
            table.add(listed)
        table.add(whole_list(events.rest))
    except (NotSliceableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError, OSError):
        return None
    return _Process.shelf.keep(table.part(), _PARTS + place)


def _pieces(text: Laid | Excerpt) -> Iterator[bytes]:
    if isinstance(text, Laid):
        yield from _Process.shelf.read(text, SLICE_BYTES)
        return
    with text.path.open("rb", buffering=0) as file:
        yield from pread_in_pieces(file.fileno(), text.at, text.num_bytes, SLICE_BYTES)
