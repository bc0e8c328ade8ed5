"""A long document in slices, so that memory follows what is kept and not what is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from annt_prof.trace.document import WHITESPACE, Document, Event, Keys

if TYPE_CHECKING:
    from collections.abc import Iterator

# Slices of about a megabyte are decoded four times faster than 54 MB at once: the decoder's
# objects then lie in memory that is already mapped and cached. See benchmarks/README.md.
SLICE_BYTES = 2**20

# A quote that is escaped ends no key but stands in one.
_FIRST_EVENT = re.compile(rb'(?<!\\)"traceEvents"\s*:\s*\[')


class NotSliceableError(Exception):
    """The text cannot be cut safely; decode it whole."""


def documents(chunks: Iterator[bytes], slice_bytes: int = SLICE_BYTES) -> Iterator[Document]:
    """Decode a document's events slice by slice; the last slice bears what follows them.

    A cut is made at a line's end between two objects, and each slice proves that it was made
    between two events: the text before the first event is a whole document once its list is
    closed, and each slice is a whole list by itself, so the list that was open where it begins
    is open where it ends. The last slice may close that list, and is whole with what follows.

    Args:
        chunks: The text.
        slice_bytes: Cut when at least so much is at hand.

    Raises:
        NotSliceableError: There is no such place, a slice does not decode, or a key that is read
            stands both before and after the first event: the last one holds, and the slices
            before it are not to be taken back.
    """
    head, rest = _head(chunks)
    buffer = bytearray(rest)
    events = msgspec.json.Decoder(list[Event])
    try:
        if head:
            yield msgspec.json.decode(head + b"]}", type=Document)
        for chunk in chunks:
            buffer += chunk
            if len(buffer) >= slice_bytes:
                end, start = _cut(buffer)
                whole = b"".join((b"[", memoryview(buffer)[:end], b"]"))
                yield Document(traceEvents=events.decode(whole))
                del buffer[:start]
        if not head:
            yield Document(traceEvents=events.decode(b"[" + buffer))
            return
        if _repeats(head, buffer):
            raise NotSliceableError
        yield msgspec.json.decode(b'{"traceEvents":[' + buffer, type=Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotSliceableError from None


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return what stands before the first event, empty for a bare list, and what follows."""
    text = b""
    for chunk in chunks:
        text += chunk
        if text.lstrip(WHITESPACE)[:1] == b"[":
            return b"", text.lstrip(WHITESPACE)[1:]
        if first_event := _FIRST_EVENT.search(text):
            return text[: first_event.end()], text[first_event.end() :]
        if len(text) >= SLICE_BYTES:
            break
    raise NotSliceableError


def _repeats(head: bytes, tail: bytearray) -> bool:
    """Tell whether the text from the last cut on has a key again that the head has."""
    before = msgspec.json.decode(head + b"]}", type=Keys)
    after = msgspec.json.decode(b'{"":[' + tail, type=Keys)
    return any(
        getattr(before, key) is not msgspec.UNSET and getattr(after, key) is not msgspec.UNSET
        for key in Keys.__struct_fields__
    )


def _cut(buffer: bytearray) -> tuple[int, int]:
    """Return where the last whole object ends and where the next one's text begins."""
    end = len(buffer)
    while (end := buffer.rfind(b"},\n", 0, end)) >= 0:
        if buffer[end + 3 : end + 64].lstrip()[:1] == b"{":
            return end + 1, end + 2
    raise NotSliceableError
