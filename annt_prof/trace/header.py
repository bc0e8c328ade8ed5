"""What stands around the list of events, each part of it read by itself.

The header only adds what the events do not tell, so that damage in one part costs no other. But a
device that is listed, however damaged, tells that there is one.
"""

from __future__ import annotations

import json
import re
from typing import TypeVar

import msgspec

from annt_prof.trace.document import (
    DeviceProperties,
    DistributedInfo,
    Head,
    LooseDocument,
)
from annt_prof.trace.mending import mended_text

Part = TypeVar("Part")
Struct = TypeVar("Struct", DistributedInfo, DeviceProperties)

_UNTOLD = (b"", b"null")
_PART = re.compile(r'(?<!\\)"(distributedInfo|deviceProperties)"\s*:\s*')
_BY_ITSELF = json.JSONDecoder(strict=False)
_UNREADABLE = msgspec.Raw(b"?")


def read_head(loose: LooseDocument) -> tuple[Head, tuple[str, ...]]:
    """Read the parts of a document beside its events, whose strings may need mending.

    Returns:
        What could be read, and what could not, a sentence each.
    """
    head, doubts = Head(), []
    if bytes(loose.distributedInfo) not in _UNTOLD:
        head.distributedInfo, is_whole = _read_fields(loose.distributedInfo, DistributedInfo)
        if not is_whole:
            doubts.append("what the file's distributedInfo tells of ranks cannot all be read")
    if bytes(loose.deviceProperties) not in _UNTOLD:
        listed = _read(loose.deviceProperties, list[msgspec.Raw])
        if listed is None:
            listed = [_UNREADABLE]  # it would not be there for none
        devices = [_read_fields(device, DeviceProperties) for device in listed]
        head.deviceProperties = [device for device, _ in devices]
        if not all(is_whole for _, is_whole in devices):
            doubts.append("what the file's deviceProperties tell of devices cannot all be read")
    return head, tuple(doubts)


def parts_within(written: bytes) -> LooseDocument:
    """Find the parts in text that is no JSON as a whole; one that cannot be read is there too."""
    text, parts = written.decode(errors="surrogateescape"), LooseDocument()
    for key in _PART.finditer(text):
        try:
            _, end = _BY_ITSELF.raw_decode(text, key.end())
            part = msgspec.Raw(text[key.end() : end].encode(errors="surrogateescape"))
        except (ValueError, RecursionError):
            part = _UNREADABLE
        setattr(parts, key[1], part)
    return parts


def _read_fields(written: msgspec.Raw, kind: type[Struct]) -> tuple[Struct, bool]:
    """Decode one part, field by field where need be, and tell whether all of it can be read."""
    whole = _read(written, kind)
    if whole is not None:
        return whole, True
    part = kind()
    told = _read(written, dict[str, msgspec.Raw]) or {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name in told:
            value = _read(told[field.encode_name], field.type)
            setattr(part, field.name, field.default if value is None else value)
    return part, False


def _read(written: msgspec.Raw, kind: type[Part]) -> Part | None:
    """Decode one part; None where it has an impossible type, or no reading."""
    try:
        return msgspec.json.decode(written, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        mended = mended_text(bytes(written).decode(errors="surrogateescape"), {})
        return None if mended is None else msgspec.json.decode(mended.encode(), type=kind)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
