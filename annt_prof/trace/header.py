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
        head.distributedInfo = _read(loose.distributedInfo, DistributedInfo)
        if head.distributedInfo is None:
            doubts.append("what the file's distributedInfo tells of ranks cannot be read")
    if bytes(loose.deviceProperties) not in _UNTOLD:
        listed = _read(loose.deviceProperties, list[msgspec.Raw])
        devices = [_read(device, DeviceProperties) for device in listed or ()]
        head.deviceProperties = [device or DeviceProperties() for device in devices]
        if listed is None:
            head.deviceProperties = [DeviceProperties()]  # it would not list none
        if listed is None or None in devices:
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
