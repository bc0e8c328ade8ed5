"""What can be read of a trace whose end is missing, or which is no JSON somewhere within."""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.trace.document import ABSENT, Document, Event, Head, LooseDocument
from annt_prof.trace.entries import Entries, UnknownEntriesError, begins_of_entries
from annt_prof.trace.header import parts_within, read_head
from annt_prof.trace.mending import mended_text

if TYPE_CHECKING:
    from collections.abc import Iterator

# The last whole event is found within a few: each object inside the broken one costs an attempt.
_MOST_ATTEMPTS = 64

# A quote that is escaped ends no key but stands in one.
_FIRST_EVENT = re.compile(rb'(?<!\\)"traceEvents"\s*:\s*(?=\[)')
_END_OF_LIST = re.compile(rb"\}\s*,?\s*(?=\])")
# Another list may follow whose entries look alike; what follows is decoded to tell, so not often.
_END_BEFORE_ANOTHER = re.compile(rb'\}\s*\]\s*,\s*"')
_MOST_ENDS = 8
_SEPARATORS = b", \t\r\n"
_OPENED = b'{"":['


class Readable(NamedTuple):
    """What could be read of a document that is no JSON as a whole.

    Attributes:
        head: What stands before the events and after them, as far as it can be read.
        head_doubts: What of that cannot be, a sentence each.
        entries: At least one event.
        num_lost: Bytes after the last entry, where the file breaks off; None where it does not.
        headless: Whether what stands before the events cannot be read.
    """

    head: Head
    head_doubts: tuple[str, ...]
    entries: Entries
    num_lost: int | None
    headless: bool


class _Closing(NamedTuple):
    """Where the list of events may end.

    Attributes:
        begin: Of the last entry.
        end: Of the last entry.
        head: What follows it; None where the file breaks off in that.
    """

    begin: int
    end: int
    head: LooseDocument | None


def breaks_off(error: msgspec.DecodeError, length: int) -> bool:
    """Tell a missing end from a mistake; a number or a word that is cut counts as the first."""
    place = re.search(r"\(byte (\d+)\)", str(error))
    return "truncated" in str(error) or (place is not None and int(place[1]) >= length)


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


def readable_events(text: bytearray, *, is_list: bool) -> Readable | None:
    """Decode the entries of the list of events one by one, found by how an entry begins.

    Args:
        text: A document that is no JSON.
        is_list: Whether it is the bare list of events.

    Returns:
        None where there is no event, or what follows them belongs to no document, or where their
        begins are not known.
    """
    try:
        return _readable_events(text, is_list=is_list)
    except UnknownEntriesError:
        return None


def _readable_events(text: bytearray, *, is_list: bool) -> Readable | None:
    first = None if is_list else _FIRST_EVENT.search(text)
    if first is None and not is_list:
        return None
    start = text.index(b"[") if first is None else first.end()
    begins = list(begins_of_entries(text, start))
    if not begins:
        return None
    before = b"" if first is None else bytes(text[:start])
    head = LooseDocument() if first is None else _decoded(before + b"[]}")
    entries = Entries()
    if damaged := bytes(text[start + 1 : begins[0]]).strip(_SEPARATORS):
        entries.mend_each(damaged, text.index(damaged, start))
    closing = _read_all_but_last(text, begins, entries, is_list=is_list)
    if closing is None:
        closing = _closing(text, begins[-1], len(text), is_list=is_list)
    if closing is not None and closing.head is not None:
        _add(entries, bytes(text[closing.begin : closing.end]), closing.begin)
        after, num_lost = closing.head, None
    else:
        written = bytes(text[begins[-1] : closing and closing.end]).rstrip(_SEPARATORS)
        if closing is None and _END_OF_LIST.search(written):
            return None
        after, num_lost = LooseDocument(), len(text) - begins[-1]
        if entries.add(written):
            num_lost -= len(written)
    if not entries.events:
        return None
    head_read, head_doubts = read_head(_joined(head or parts_within(before), after))
    return Readable(head_read, head_doubts, entries, num_lost, head is None)


def _read_all_but_last(
    text: bytearray, begins: list[int], entries: Entries, *, is_list: bool
) -> _Closing | None:
    """Read the entries that others seem to follow; where the list ends before, say where."""
    attempts = _MOST_ENDS
    for begin, following in pairwise(begins):
        written = bytes(text[begin:following]).rstrip(_SEPARATORS)
        if entries.add(written):
            continue
        if attempts and _END_BEFORE_ANOTHER.search(written):
            attempts -= 1
            closing = _closing(text, begin, following, is_list=is_list)
            if closing is not None and closing.head is not None:
                return closing
        entries.mend_each(written, begin)
    return None


def _add(entries: Entries, written: bytes, begin: int) -> None:
    if not entries.add(written):
        entries.mend_each(written, begin)


def _closing(text: bytearray, begin: int, end: int, *, is_list: bool) -> _Closing | None:
    """Return where the list ends between two places: with what follows it, the text is whole."""
    cut = None
    for bracket in islice(_END_OF_LIST.finditer(text, begin, end), _MOST_ATTEMPTS):
        following = bytes(text[bracket.end() :])
        if is_list:
            if not following[1:].strip(_SEPARATORS):
                return _Closing(begin, bracket.start() + 1, LooseDocument())
            continue
        # Of a key that is there twice the last one holds, and these are not its events.
        document = _decoded(_OPENED + following)
        if document is not None and document.traceEvents is msgspec.UNSET:
            return _Closing(begin, bracket.start() + 1, document)
        if cut is None and _is_cut(_OPENED + following):
            cut = _Closing(begin, bracket.start() + 1, None)
    return cut


def _is_cut(written: bytes) -> bool:
    try:
        msgspec.json.decode(written, type=Document)
    except msgspec.DecodeError as error:
        return breaks_off(error, len(written))
    except UnicodeDecodeError:
        return False
    return False


def _decoded(written: bytes) -> LooseDocument | None:
    """Decode what stands around the events, whose strings may need mending."""
    try:
        return msgspec.json.decode(written, type=LooseDocument)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        mended = mended_text(written.decode(errors="surrogateescape"), {})
        return None if mended is None else msgspec.json.decode(mended.encode(), type=LooseDocument)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _joined(before: LooseDocument, after: LooseDocument) -> LooseDocument:
    """Return the parts of both; of one that is in both the last holds."""
    return LooseDocument(
        distributedInfo=before.distributedInfo
        if after.distributedInfo is ABSENT
        else (after.distributedInfo),
        deviceProperties=before.deviceProperties
        if after.deviceProperties is ABSENT
        else (after.deviceProperties),
    )


def _ends_of_objects(text: bytearray) -> Iterator[int]:
    """Yield where objects end, the last one first."""
    end = len(text)
    for _ in range(_MOST_ATTEMPTS):
        end = text.rfind(b"}", 0, end)
        if end < 0:
            return
        yield end + 1
