"""A whole document at once, with every way in which it can be damaged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.trace.document import (
    WHITESPACE,
    DeviceProperties,
    DistributedInfo,
    Document,
    Event,
    LooseDocument,
)
from annt_prof.trace.salvage import whole_events

if TYPE_CHECKING:
    from annt_prof.trace.source import Content


_LIST = re.compile(rb"[%s]*\[" % WHITESPACE)
_STOPPED = "the program that wrote it was probably stopped; record the trace again"
_MISNAMED = (
    "its name ends in .gz, and it does not begin as a gzip file does: its first bytes are damaged, "
    "or it is something else"
)
_UNDECODABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class NotATraceError(UserError):
    """The file is whole JSON and something else than a trace."""


class Decoded(NamedTuple):
    """What could be decoded.

    Attributes:
        document: With the entries that are whole and well-formed.
        num_malformed: Entries left out because a field has an impossible type.
        losses: What of the file could not be read, a sentence each.
    """

    document: Document
    num_malformed: int = 0
    losses: tuple[str, ...] = ()


def decode_whole(content: Content, where: str) -> Decoded:
    """Decode a trace file's text.

    Args:
        content: The text.
        where: The file, for messages.

    Raises:
        UserError: It is no JSON, no trace, or breaks off before its first whole entry.
    """
    text = content.text
    try:
        if _is_list(text):
            return Decoded(Document(traceEvents=msgspec.json.decode(text, type=list[Event])))
        return Decoded(msgspec.json.decode(text, type=Document))
    except msgspec.ValidationError:
        return _decode_each(text, where)
    except msgspec.DecodeError as error:
        if content.truncated or _is_at_the_end(error, len(text)):
            return _salvage(content, where)
        raise _not_json(str(error), content, where) from None
    except UnicodeDecodeError as error:
        raise _not_json(f"{error.reason} at byte {error.start}", content, where) from None
    except RecursionError:
        raise UserError("not a PyTorch trace: nested too deeply", where=where) from None


def _not_json(why: str, content: Content, where: str) -> UserError:
    return UserError(f"not JSON: {why}", where=where, hint=_MISNAMED if content.misnamed else None)


def _is_at_the_end(error: msgspec.DecodeError, length: int) -> bool:
    """Tell a missing end from a mistake; a number or a word that is cut counts as the first."""
    place = re.search(r"\(byte (\d+)\)", str(error))
    return "truncated" in str(error) or (place is not None and int(place[1]) >= length)


def _salvage(content: Content, where: str) -> Decoded:
    text = content.text
    salvaged = whole_events(text, is_list=_is_list(text))
    if salvaged is None:
        raise UserError(
            "the file breaks off before the first whole entry of its list of events"
            if text or content.truncated
            else "the file is empty",
            where=where,
            hint=_MISNAMED if content.misnamed and text else _STOPPED,
        )
    document, num_lost = salvaged
    num_whole = len(document.traceEvents or ())
    # An event is what takes time; metadata, flows and instants are entries of the list too.
    entries = (
        "1 entry of its list of events is"
        if num_whole == 1
        else f"{units.whole(num_whole)} entries of its list of events are"
    )
    loss = (
        f"the file breaks off: {entries} whole, "
        f"{units.whole(num_lost)} bytes after them "
        "and all that was never written are lost"
    )
    return Decoded(document, losses=(loss,))


def _is_list(text: bytearray) -> bool:
    """Tell whether the document is the bare list of events that Chrome's format also allows."""
    return _LIST.match(text) is not None


def _decode_each(text: bytearray, where: str) -> Decoded:
    """Decode the entries one at a time and leave out those with impossible types."""
    try:
        if _is_list(text):
            loose = LooseDocument(msgspec.json.decode(text, type=list[msgspec.Raw]))
        else:
            loose = msgspec.json.decode(text, type=LooseDocument)
    except _UNDECODABLE as error:
        raise NotATraceError(f"not a PyTorch trace: {error}", where=where) from None
    events, num_malformed = [], 0
    for raw in loose.traceEvents:
        try:
            events.append(msgspec.json.decode(raw, type=Event))
        except _UNDECODABLE:
            num_malformed += 1
    document = Document(traceEvents=events)
    try:
        document.distributedInfo = msgspec.json.decode(loose.distributedInfo, type=DistributedInfo)
        document.deviceProperties = msgspec.json.decode(
            loose.deviceProperties, type=list[DeviceProperties]
        )
    except _UNDECODABLE:
        pass  # the header only adds what the events do not tell
    return Decoded(document, num_malformed)
