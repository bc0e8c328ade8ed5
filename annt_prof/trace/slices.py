"""A long document in slices, so that memory follows what is kept and not what is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from annt_prof.trace.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

# Slices of about a megabyte are decoded four times faster than 54 MB at once: the decoder's
# objects then lie in memory that is already mapped and cached. See benchmarks/README.md.
SLICE_BYTES = 2**20

_FIRST_EVENT = re.compile(rb'"traceEvents"\s*:\s*\[')
_OPENING = b'{"traceEvents":['


class NotSliceableError(Exception):
    """The text cannot be cut safely; decode it whole."""


def documents(chunks: Iterator[bytes], slice_bytes: int = SLICE_BYTES) -> Iterator[Document]:
    """Decode a document's events slice by slice; the last slice bears what follows them.

    A cut is made only at a line's end between two objects. JSON allows no raw line break inside
    a string, so that place lies between values, and if it lay at another depth than between two
    events, the slice before it would not be whole and not decode.

    Args:
        chunks: The text.
        slice_bytes: Cut when at least so much is at hand.

    Raises:
        NotSliceableError: There is no such place, or a slice does not decode.
    """
    decoder = msgspec.json.Decoder(Document)
    head, rest = _head(chunks)
    buffer = bytearray(rest)
    try:
        if head:
            yield _without_events(decoder, head)
        for chunk in chunks:
            buffer += chunk
            if len(buffer) >= slice_bytes:
                end, start = _cut(buffer)
                yield decoder.decode(b"".join((_OPENING, memoryview(buffer)[:end], b"]}")))
                del buffer[:start]
        yield decoder.decode(_OPENING + buffer + (b"" if head else b"}"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotSliceableError from None


def _head(chunks: Iterator[bytes]) -> tuple[bytes, bytes]:
    """Return what stands before the first event, empty for a bare list, and what follows."""
    text = b""
    for chunk in chunks:
        text += chunk
        if text.lstrip()[:1] == b"[":
            return b"", text.lstrip()[1:]
        if found := _FIRST_EVENT.search(text):
            return text[: found.end()], text[found.end() :]
        if len(text) >= SLICE_BYTES:
            break
    raise NotSliceableError


def _without_events(decoder: msgspec.json.Decoder[Document], head: bytes) -> Document:
    """Prove that the head ends where the document's own events begin."""
    document = decoder.decode(head + b"]}")
    if document.traceEvents is msgspec.UNSET:
        raise NotSliceableError
    return document


def _cut(buffer: bytearray) -> tuple[int, int]:
    """Return where the last whole object ends and where the next one's text begins."""
    end = len(buffer)
    while (end := buffer.rfind(b"},\n", 0, end)) >= 0:
        if buffer[end + 3 : end + 64].lstrip()[:1] == b"{":
            return end + 1, end + 2
    raise NotSliceableError
