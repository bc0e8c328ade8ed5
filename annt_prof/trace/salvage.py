"""What is whole of a trace whose end is missing, as a profiler that was killed leaves it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.trace.document import Document, Event

if TYPE_CHECKING:
    from collections.abc import Iterator

# The last whole event is found within a few: each object inside the broken one costs an attempt.
_MOST_ATTEMPTS = 64


def whole_events(text: bytearray, *, is_list: bool) -> tuple[Document, int] | None:
    """Decode the events before the place where the JSON breaks off.

    Args:
        text: A document without its end.
        is_list: Whether it is the bare list of events.

    Returns:
        The document and how many bytes at its end are lost; None where no event is whole.
    """
    closing = b"]" if is_list else b"]}"
    for end in _ends_of_objects(text):
        shortened = text[:end] + closing
        try:
            if is_list:
                document = Document(traceEvents=msgspec.json.decode(shortened, type=list[Event]))
            else:
                document = msgspec.json.decode(shortened, type=Document)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if document.traceEvents:
            return document, len(text) - end
    return None


def _ends_of_objects(text: bytearray) -> Iterator[int]:
    """Yield where objects end, the last one first."""
    end = len(text)
    for _ in range(_MOST_ATTEMPTS):
        end = text.rfind(b"}", 0, end)
        if end < 0:
            return
        yield end + 1
