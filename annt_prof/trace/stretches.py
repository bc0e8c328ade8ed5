"""A long list of events in stretches that a pool of processes decodes, beside one another."""

from __future__ import annotations

import gc
import pickle
from collections import deque
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.trace.cuts import first_key, likely_cut
from annt_prof.trace.pool import process_pool
from annt_prof.trace.shelf import Shelf
from annt_prof.trace.slices import SLICE_BYTES, NotSliceableError, OpenList, whole_list
from annt_prof.trace.table import Table

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Executor, Future

    from annt_prof.trace.parts import Part
    from annt_prof.trace.shelf import Laid

STRETCH_BYTES = 8 * 2**20
"""Long enough that its names are told once, and short enough that few of them are in memory."""
# The process that cuts and joins keeps about so many busy; see benchmarks/README.md.
_MOST_PROCESSES = 16
# Parts lie behind the texts, which are still needed should a process be killed.
_PARTS = 2**10
# Of each process one is decoded, and the next one waits.
_IN_FLIGHT = 2


class _Stretch(NamedTuple):
    """Text that a process decodes."""

    laid: Laid
    part: Future[Laid | None]


class Stretches:
    """Decodes the text of a list of events in other processes, as far as that goes.

    A stretch is cut where it is most probably right, and the process that decodes it proves it,
    as ``OpenList`` does: so the first one that begins rightly and is no whole list ends wrongly.
    From there on, or where a process is killed, the text is left to the caller.

    Args:
        processes: How many, at most.
        stretch_bytes: Cut when at least so much is at hand.
    """

    def __init__(self, processes: int, stretch_bytes: int = STRETCH_BYTES) -> None:
        self._rest = bytearray()
        self._processes = min(processes, _MOST_PROCESSES)
        self._stretch_bytes = stretch_bytes
        self._in_flight: deque[_Stretch] = deque()

    def parts(self, chunks: Iterable[bytes]) -> Generator[Part]:
        """Yield what the stretches say, in the order of the text.

        Args:
            chunks: Text that begins in the list, between two of its elements. All of it is taken,
                unless it has to be left to the caller.
        """
        shelf = Shelf.empty()
        try:
            with process_pool(self._processes, __name__, _begin, shelf) as pool:
                yield from self._parts(chunks, pool, shelf)
        except (BrokenExecutor, NotSliceableError):
            texts = [b"".join(shelf.read(each.laid, SLICE_BYTES)) for each in self._in_flight]
            self._rest[:0] = b",".join([*texts, b""])
        finally:
            shelf.close()

    def rest(self) -> Iterator[bytes]:
        """Yield in pieces the text that ``parts`` has taken and not decoded."""
        for at in range(0, len(self._rest), SLICE_BYTES):
            yield bytes(self._rest[at : at + SLICE_BYTES])

    def _parts(self, chunks: Iterable[bytes], pool: Executor, shelf: Shelf) -> Iterator[Part]:
        free = list(range(_IN_FLIGHT * self._processes))
        due = self._stretch_bytes
        for chunk in chunks:
            self._rest += chunk
            if len(self._rest) < due:
                continue
            key = first_key(self._rest)
            cut = None if key is None else likely_cut(self._rest, key)
            if cut is None:
                due = 2 * len(self._rest)
                continue
            due = self._stretch_bytes
            if not free:
                yield self._decoded(shelf, free)
            laid = shelf.lay(memoryview(self._rest)[: cut.end], free.pop())
            self._in_flight.append(_Stretch(laid, pool.submit(_decode, laid)))
            del self._rest[: cut.start]
        while self._in_flight:
            yield self._decoded(shelf, free)

    def _decoded(self, shelf: Shelf, free: list[int]) -> Part:
        """Return what the oldest stretch says, and free its place."""
        oldest = self._in_flight[0]
        laid = oldest.part.result()
        if laid is None:
            raise NotSliceableError
        part: Part = pickle.loads(b"".join(shelf.read(laid, laid.num_bytes)))
        self._in_flight.popleft()
        free.append(oldest.laid.place)
        return part


class _Process:
    """What a process of the pool has besides its stretches."""

    shelf: Shelf


def _begin(shelf: Shelf) -> None:
    gc.disable()  # there are no cycles; see reading.py
    _Process.shelf = shelf


def _decode(laid: Laid) -> Laid | None:
    """Lay down what a stretch says, pickled; None where it is no whole list of events."""
    shelf, table, events = _Process.shelf, Table(), OpenList()
    try:
        for listed in events.slices(shelf.read(laid, SLICE_BYTES)):
            table.add(listed)
        table.add(whole_list(events.rest))
    except (NotSliceableError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return shelf.lay(pickle.dumps(table.part(), protocol=5), _PARTS + laid.place)
