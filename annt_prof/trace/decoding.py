"""A whole document at once, with every way in which it can be damaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.trace.document import WHITESPACE, Document, Event, LooseDocument
from annt_prof.trace.entries import Entries
from annt_prof.trace.foreign import NotATraceError, foreign_json, foreign_text
from annt_prof.trace.header import read_head
from annt_prof.trace.salvage import Readable, breaks_off, readable_events, whole_events

if TYPE_CHECKING:
    from annt_prof.trace.source import Content


_LIST = re.compile(rb"[%s]*\[" % WHITESPACE)
_STOPPED = "the program that wrote it was probably stopped; record the trace again"
_MISNAMED = (
    "its name ends in .gz, and it does not begin as a gzip file does: its first bytes are damaged, "
    "or it is something else"
)
_HEADLESS = (
    "what stands before the list of events cannot be read as a whole, so that it may tell of ranks "
    "and devices what is not known here"
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Decoded(NamedTuple):
    """What could be decoded.

    Attributes:
        document: With the entries that are whole and well-formed, or could be mended.
        num_malformed: Entries left out because a field has an impossible type.
        losses: Where the file breaks off, a sentence each.
        doubts: What within it was damaged, and what became of that, a sentence each.
    """

    document: Document
    num_malformed: int = 0
    losses: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


def decode_whole(content: Content, where: str) -> Decoded:
    """Decode a trace file's text.

    Args:
        content: The text; a byte order mark before it becomes blanks.
        where: The file, for messages.

    Raises:
        UserError: It is no JSON, no trace, or breaks off before its first whole entry.
    """
    text = content.text
    if text.startswith(_BYTE_ORDER_MARK):
        text[: len(_BYTE_ORDER_MARK)] = b" " * len(_BYTE_ORDER_MARK)
    try:
        if _is_list(text):
            return Decoded(Document(traceEvents=msgspec.json.decode(text, type=list[Event])))
        document = msgspec.json.decode(text, type=Document)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return _decode_each(content, where)
    except msgspec.DecodeError as error:
        return _salvage(error, content, where)
    except RecursionError:
        raise NotATraceError("not a PyTorch trace: nested too deeply", where=where) from None
    if document.traceEvents is msgspec.UNSET:
        raise _not_a_trace("it has no traceEvents", text, where)
    return Decoded(document)


def _decode_each(content: Content, where: str) -> Decoded:
    """Decode the entries one at a time and leave out those with impossible types."""
    text = content.text
    try:
        if _is_list(text):
            loose = LooseDocument(msgspec.json.decode(text, type=list[msgspec.Raw]))
        else:
            loose = msgspec.json.decode(text, type=LooseDocument)
    except msgspec.ValidationError as error:
        raise _not_a_trace(str(error), text, where) from None
    except msgspec.DecodeError as error:
        return _salvage(error, content, where)
    except (UnicodeDecodeError, RecursionError) as error:
        raise _not_a_trace(str(error), text, where) from None
    if not isinstance(loose.traceEvents, list):
        raise _not_a_trace("it has no traceEvents", text, where)
    entries, begin = Entries(), 0
    for raw in loose.traceEvents:
        if not entries.add(raw):
            written = bytes(raw)
            begin = text.find(written, begin)
            entries.mend(written, begin)
    if loose.traceEvents and not entries.events:
        raise _not_a_trace("no entry of its list is an event", text, where)
    head, doubts = read_head(loose)
    return Decoded(
        Document(head.distributedInfo, head.deviceProperties, entries.events),
        entries.num_malformed,
        doubts=doubts + entries.remarks(content.counted_in),
    )


def _salvage(error: msgspec.DecodeError, content: Content, where: str) -> Decoded:
    """Decode what is whole, or can be mended, of a text that is no JSON as a whole."""
    text = content.text
    is_list, cut = _is_list(text), breaks_off(error, len(text))
    if cut and (salvaged := whole_events(text, is_list=is_list)) is not None:
        document, num_lost = salvaged
        return Decoded(document, losses=(_loss(len(document.traceEvents or ()), num_lost),))
    readable = readable_events(text, is_list=is_list)
    if readable is not None:
        return _as_decoded(readable, content)
    if (foreign := foreign_text(text, where) or foreign_json(text)) is not None:
        raise foreign.refused(where)
    if cut or content.truncated:
        raise UserError(
            "the file breaks off before the first whole entry of its list of events"
            if text or content.truncated
            else "the file is empty",
            where=where,
            hint=_MISNAMED if content.misnamed and text else _STOPPED,
        )
    raise UserError(f"not JSON: {error}", where=where, hint=_MISNAMED if content.misnamed else None)


def _as_decoded(readable: Readable, content: Content) -> Decoded:
    head, head_doubts, entries, num_lost, headless = readable
    return Decoded(
        Document(head.distributedInfo, head.deviceProperties, entries.events),
        entries.num_malformed,
        () if num_lost is None else (_loss(len(entries.events), num_lost),),
        (_HEADLESS,) * headless + head_doubts + entries.remarks(content.counted_in),
    )


def _loss(num_whole: int, num_lost: int) -> str:
    # An event is what takes time; metadata, flows and instants are entries of the list too.
    entries = (
        "1 entry of its list of events is"
        if num_whole == 1
        else f"{units.whole(num_whole)} entries of its list of events are"
    )
    return (
        f"the file breaks off: {entries} whole, "
        f"{units.whole(num_lost)} bytes after them "
        "and all that was never written are lost"
    )


def _not_a_trace(why: str, text: bytearray, where: str) -> NotATraceError:
    """Return what to say of JSON that is no trace: what it is, where that is known."""
    if (foreign := foreign_json(text)) is not None:
        return foreign.refused(where)
    return NotATraceError(f"not a PyTorch trace: {why}", where=where)


def _is_list(text: bytearray) -> bool:
    """Tell whether the document is the bare list of events that Chrome's format also allows."""
    return _LIST.match(text) is not None
