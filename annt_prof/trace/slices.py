"""A long document in slices, so that memory follows what is kept and not what is written."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.trace.cuts import exact_cut, first_key, likely_cut
from annt_prof.trace.document import WHITESPACE, Document, Event, Keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.trace.cuts import Cut

# Slices are decoded four times faster than 54 MB at once: the decoder's objects then lie in memory
# that is already mapped and cached. Between 64 KB and a megabyte their length makes no difference
# to the time; shorter ones take less memory. See benchmarks/README.md.
SLICE_BYTES = 2**18

_LIST = re.compile(rb"[%s]*\[" % WHITESPACE)
# A quote that is escaped ends no key but stands in one.
_FIRST_EVENT = re.compile(rb'(?<!\\)"traceEvents"[%s]*:[%s]*\[' % (WHITESPACE, WHITESPACE))
# More white space than this within it is found only where it does not lie across two chunks.
_LONGEST_FIRST_EVENT = 2**12
# Each place that looks like the first event, and is none, costs the decoding of all before it.
_MOST_ATTEMPTS = 16

_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_EVENTS = msgspec.json.Decoder(list[Event])


class NotSliceableError(Exception):
    """The text cannot be cut safely; decode it whole."""


class Opening(NamedTuple):
    """What stands before a document's first event.

    Attributes:
        head: Its text; empty for a bare list.
        document: What it says.
        rest: The text after it, as far as it was read.
        start: Where that begins in the whole text.
    """

    head: bytes
    document: Document
    rest: bytes
    start: int


class OpenList:
    """The text of a list of events, decoded from its front as it comes in.

    A cut is made between two objects, and each slice proves that it was made between two events:
    it is a whole list by itself, so the list that was open where it begins is open where it ends.
    Where a cut that is likely right is not, the right one is told by strings and depth, from
    there on everywhere.

    Attributes:
        rest: The text after the last cut.
    """

    def __init__(self, slice_bytes: int = SLICE_BYTES) -> None:
        self.rest = bytearray()
        self._slice_bytes = slice_bytes
        self._due_bytes = slice_bytes
        self._is_exact = False

    def slices(self, chunks: Iterable[bytes]) -> Iterator[list[Event]]:
        """Yield the events of each slice; of the last ones the text is left in ``rest``.

        Args:
            chunks: What follows what was given before; a slice has as many bytes as asked for, or
                a chunk more.

        Raises:
            NotSliceableError: A slice does not decode, wherever it is cut.
        """
        for chunk in chunks:
            self.rest += chunk
            if len(self.rest) < self._due_bytes:
                continue
            events = None if self._is_exact else self._likely_slice()
            if events is None:
                events = self._exact_slice()
            if events is not None:
                yield events

    def _likely_slice(self) -> list[Event] | None:
        key = first_key(self.rest)
        cut = None if key is None else likely_cut(self.rest, key)
        if cut is None:
            return None
        try:
            return self._decoded(cut)
        except _UNDECODABLE:
            self._is_exact = True
            return None

    def _exact_slice(self) -> list[Event] | None:
        last, closed = exact_cut(self.rest)
        if last is None:
            # An event that is longer than a slice: the search is made again at twice the length,
            # and so costs no more than twice as much altogether.
            self._due_bytes = sys.maxsize if closed else 2 * len(self.rest)
            return None
        try:
            events = self._decoded(last)
        except _UNDECODABLE:
            raise NotSliceableError from None
        if closed:
            self._due_bytes = sys.maxsize
        return events

    def _decoded(self, cut: Cut) -> list[Event]:
        events = whole_list(memoryview(self.rest)[: cut.end])
        del self.rest[: cut.start]
        self._due_bytes = self._slice_bytes
        return events


def whole_list(text: bytes | bytearray | memoryview) -> list[Event]:
    """Decode the events whose text stands between the brackets of a list."""
    return _EVENTS.decode(b"".join((b"[", text, b"]")))


def begin(chunks: Iterator[bytes]) -> Opening:
    """Read as far as the first event.

    The text before it is a whole document once its list is closed, so that list is open.

    Raises:
        NotSliceableError: There is none.
    """
    text = bytearray()
    searched = attempts = 0
    for chunk in chunks:
        text += chunk
        if _LIST.match(text):
            rest = bytes(text.lstrip(WHITESPACE)[1:])
            return Opening(b"", Document(), rest, len(text) - len(rest))
        for match in _FIRST_EVENT.finditer(text, searched):
            head, searched = bytes(text[: match.end()]), match.end()
            try:
                document = msgspec.json.decode(head + b"]}", type=Document)
            except _UNDECODABLE:
                attempts += 1
                if attempts == _MOST_ATTEMPTS:
                    raise NotSliceableError from None
            else:
                return Opening(head, document, bytes(text[searched:]), searched)
        searched = max(searched, len(text) - _LONGEST_FIRST_EVENT)
    raise NotSliceableError


def remainder(
    head: bytes, chunks: Iterable[bytes], slice_bytes: int = SLICE_BYTES
) -> Iterator[Document]:
    """Decode the events from some place between two on, and what follows them.

    Args:
        head: Of the document's opening.
        chunks: The text from there on.
        slice_bytes: Cut when at least so much is at hand.

    Raises:
        NotSliceableError: A slice does not decode, or a key that is read stands both before and
            after the first event: the last one holds, and the slices before it are not to be
            taken back.
    """
    events = OpenList(slice_bytes)
    for listed in events.slices(chunks):
        yield Document(traceEvents=listed)
    try:
        if not head:
            yield Document(traceEvents=_EVENTS.decode(b"[" + events.rest))
            return
        if _repeats(head, events.rest):
            raise NotSliceableError
        yield msgspec.json.decode(b'{"traceEvents":[' + events.rest, type=Document)
    except _UNDECODABLE:
        raise NotSliceableError from None


def _repeats(head: bytes, tail: bytearray) -> bool:
    """Tell whether the text from the last cut on has a key again that the head has."""
    before = msgspec.json.decode(head + b"]}", type=Keys)
    after = msgspec.json.decode(b'{"":[' + tail, type=Keys)
    return any(
        getattr(before, key) is not msgspec.UNSET and getattr(after, key) is not msgspec.UNSET
        for key in Keys.__struct_fields__
    )
