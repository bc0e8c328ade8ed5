"""A long list of events, cut into stretches for processes that decode them."""

from __future__ import annotations

import os
import sys
from concurrent.futures import BrokenExecutor
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from annt_prof.trace.cuts import Cut, first_key, likely_cut
from annt_prof.trace.decoders import STRETCH_BYTES, Excerpt, InFlight
from annt_prof.trace.shelf import Laid, pread_in_pieces
from annt_prof.trace.slices import SLICE_BYTES, NotSliceableError
from annt_prof.trace.source import refusing_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from annt_prof.trace.decoders import Decoders
    from annt_prof.trace.parts import Part
    from annt_prof.trace.source import Notify

# What is shorter than this part of a stretch takes longer to hand over than to decode.
_LEAST_PART = 4
# Of the text before a place, in which a cut is looked for first; most events are shorter by far.
_WINDOW_BYTES = 2**14
_MOST_BEFORE_KEY = 2**12


class Stretches(Protocol):
    """Cuts where it is most probably right, and lets processes decode, as far as that goes.

    From the first stretch on that is no whole list of events, or where a process is killed, the
    text is left to the caller.
    """

    def parts(self) -> Iterator[Part]:
        """Yield what the stretches say, in the order of the text."""
        ...

    def rest(self) -> Iterator[bytes]:
        """Yield in pieces the text that ``parts`` has not decoded."""
        ...


class StretchesOfChunks:
    """Stretches of text that is only there once, such as what is decompressed.

    Args:
        chunks: Text that begins in the list, between two of its elements.
        decoders: To which they are given.
        stretch_bytes: Cut when at least so much is at hand.
    """

    def __init__(
        self, chunks: Iterator[bytes], decoders: Decoders, stretch_bytes: int = STRETCH_BYTES
    ) -> None:
        self._chunks = chunks
        self._decoders = decoders
        self._stretch_bytes = stretch_bytes
        self._rest = bytearray()

    def parts(self) -> Iterator[Part]:
        """See ``Stretches``. All of the text is taken, unless it has to be left."""
        in_flight = InFlight(self._decoders)
        try:
            for cut in self._cuts():
                if in_flight.is_full:
                    yield in_flight.oldest()
                in_flight.give(memoryview(self._rest)[: cut.end])
                del self._rest[: cut.start]
            while in_flight:
                yield in_flight.oldest()
        except (BrokenExecutor, NotSliceableError):
            texts = [
                b"".join(self._decoders.shelf.read(text, SLICE_BYTES))
                for text in in_flight.abandoned()
                if isinstance(text, Laid)
            ]
            self._rest[:0] = b",".join([*texts, b""])
        except BaseException:
            in_flight.abandoned()  # whoever runs the decoders may have another file for them
            raise

    def rest(self) -> Iterator[bytes]:
        """See ``Stretches``."""
        taken = range(0, len(self._rest), SLICE_BYTES)
        return chain((bytes(self._rest[at : at + SLICE_BYTES]) for at in taken), self._chunks)

    def _cuts(self) -> Iterator[Cut]:
        """Yield where the text at hand ends; it is to be taken before the next one is asked for."""
        due = self._stretch_bytes
        for chunk in self._chunks:
            self._rest += chunk
            if len(self._rest) < due:
                continue
            if (cut := self._cut()) is None:
                due = 2 * len(self._rest)
                continue
            due = self._stretch_bytes
            yield cut
        # The last one, but for what follows the list.
        if (
            len(self._rest) > self._stretch_bytes // _LEAST_PART
            and (cut := self._cut()) is not None
        ):
            yield cut

    def _cut(self) -> Cut | None:
        key = first_key(self._rest)
        return None if key is None else likely_cut(self._rest, key)


class StretchesOfFile:
    """Stretches of a file that is not compressed, of which this process reads the ends alone.

    Args:
        path: The file.
        start: Where its text is in the list, between two of its elements.
        decoders: To which they are given.
        notify: Told every now and then how many bytes were read, and how many there are.
        stretch_bytes: Of a stretch, at least.
    """

    def __init__(
        self,
        path: Path,
        start: int,
        decoders: Decoders,
        notify: Notify | None = None,
        stretch_bytes: int = STRETCH_BYTES,
    ) -> None:
        self._path = path
        self._at = start
        self._decoders = decoders
        self._notify = notify
        self._stretch_bytes = stretch_bytes

    def parts(self) -> Iterator[Part]:
        """See ``Stretches``.

        Raises:
            UserError: The file cannot be read.
        """
        in_flight = InFlight(self._decoders)
        try:
            with refusing_unreadable(self._path):
                self._file = self._path.open("rb", buffering=0)
                for excerpt in self._excerpts():
                    if in_flight.is_full:
                        yield in_flight.oldest()
                    in_flight.give(excerpt)
            while in_flight:
                yield in_flight.oldest()
        except (BrokenExecutor, NotSliceableError):
            self._at = min(text.at for text in in_flight.abandoned() if isinstance(text, Excerpt))
        except BaseException:
            in_flight.abandoned()
            raise

    def rest(self) -> Iterator[bytes]:
        """See ``Stretches``; raises likewise."""
        with refusing_unreadable(self._path), self._file:
            for piece in pread_in_pieces(self._file.fileno(), self._at, sys.maxsize, SLICE_BYTES):
                self._at += len(piece)
                self._tell(self._at)
                yield piece

    def _excerpts(self) -> Iterator[Excerpt]:
        file, size, due = self._file.fileno(), self._size(), self._stretch_bytes
        while size - self._at > self._stretch_bytes // _LEAST_PART:
            end = min(self._at + due, size)
            cut = _last_cut(file, self._at, end)
            if cut is not None:
                yield Excerpt(self._path, self._at, cut.end - self._at)
                self._at, due = cut.start, self._stretch_bytes
                self._tell(self._at)
            if end == size:
                return
            if cut is None:
                due *= 2

    def _size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def _tell(self, num_bytes: int) -> None:
        if self._notify is not None:
            self._notify(num_bytes, self._size())


def _last_cut(file: int, begin: int, end: int) -> Cut | None:
    """Return where the text of a file from one place to another can most probably be cut last."""
    key = first_key(os.pread(file, _MOST_BEFORE_KEY, begin))
    if key is None:
        return None
    window = _WINDOW_BYTES
    while True:
        first = max(begin, end - window)
        cut = likely_cut(bytearray(os.pread(file, end - first, first)), key)
        if cut is not None:
            return Cut(first + cut.end, first + cut.start)
        if first == begin:
            return None
        window *= 4
