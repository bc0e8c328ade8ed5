"""One entry of the list of events that is no JSON, read where there is one way to read it.

Kineto wrote names without escaping them until 2023 on Windows and, with quotes in them, still does,
numbers as C++ prints them, and Python's names from memory that was freed. Readers that repair any
text as JSON (json-repair, demjson3, json5, dirty-json) guess where a string ends, so that a piece
of a name becomes an argument; here an entry that has no reading, or two, is left out.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.trace.document import ABSENT, Event
from annt_prof.trace.instants import nanoseconds

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fault(Enum):
    """Why an entry is no JSON; the value says what it holds and how that is read."""

    NOT_UTF8 = "bytes that are no UTF-8", "each is shown as \\xNN"
    UNESCAPED = (
        "quotes, backslashes or control characters that are not escaped",
        "they are taken as they stand",
    )
    NOT_A_NUMBER = (
        "inf or nan, which JSON does not have",
        "such a value is taken as not told, a duration as 0",
    )

    @property
    def held(self) -> str:
        """What such entries hold."""
        return self.value[0]

    @property
    def read_as(self) -> str:
        """What is made of it."""
        return self.value[1]


class Mended(NamedTuple):
    """An entry that could be read.

    Attributes:
        event: As it stands in the file.
        faults: Where each fault first shows, in bytes from the entry's begin.
    """

    event: Event
    faults: dict[Fault, int]


_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*+)"|[^"]++|"', re.DOTALL)
# A code point of the range that UTF-16 uses for pairs is none by itself.
_VALID = re.compile(
    r'(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})*+"
)
_CONTROL = re.compile(r"[\x00-\x1f]")
# What Python's decoder makes of a byte that is no UTF-8 with "surrogateescape".
_UNDECODABLE = re.compile("[\udc80-\udcff]")
# What C, C++ and Python print for what is no number, and Microsoft's C library before 2015.
_NO_NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:inf(?:inity)?|nan(?:\(\w*\))?|1\.#(?:INF|IND|QNAN|SNAN)\d*)(?![\w.])",
    re.IGNORECASE,
)
_KIND = re.compile(r"[\w .:/-]*")
_STRAY_COMMA = re.compile(r",(\s*[}\]])")
_NAME = re.compile(r'"name"\s*:\s*"')
# The keys of an event. Source: the Trace Event Format, "Event Descriptions".
_NAME_END = re.compile(
    r'"(?=\s*(?:,\s*"(?:ph|cat|pid|tid|ts|dur|args|id|bp|s)"\s*:|\}\s*\Z))', re.DOTALL
)
_MOST_NAME_ENDS = 16


def mend(written: bytes) -> Mended | None:
    """Read an entry that is no JSON.

    Args:
        written: From its opening brace to its closing one.

    Returns:
        None where it has no reading or several.
    """
    text = written.decode(errors="surrogateescape")
    readings = dict(_readings(text))
    return next(iter(readings.values())) if len(readings) == 1 else None


def mended_text(text: str, faults: dict[Fault, int], offset: int = 0) -> str:
    """Return text whose strings and numbers are JSON's, and note where they were not.

    Args:
        text: Decoded with "surrogateescape".
        faults: Where each fault first shows, in characters; is added to.
        offset: Where the text begins, in characters.
    """
    parts = []
    for token in _TOKEN.finditer(text):
        start = offset + token.start()
        if token[1] is not None:
            parts.append(f'"{_string(token[1], faults, start + 1)}"')
            continue
        if no_number := _NO_NUMBER.search(token[0]):
            faults.setdefault(Fault.NOT_A_NUMBER, start + no_number.start())
        parts.append(_STRAY_COMMA.sub(r"\1", _NO_NUMBER.sub(r'"\g<0>"', token[0])))
    return "".join(parts)


def _possible_names(text: str) -> list[tuple[int, int]]:
    """Return where the name may begin and end, if quotes in it are not escaped."""
    begin = _NAME.search(text)
    if begin is None:
        return []
    ends = [end.start() for end in _NAME_END.finditer(text, begin.end())]
    return [(begin.end(), end) for end in ends] if len(ends) <= _MOST_NAME_ENDS else []


def _readings(text: str) -> Iterator[tuple[str, Mended]]:
    """Yield each JSON that an entry may be, and what it says; several times where ways agree."""
    for name in (None, *_possible_names(text)):
        faults: dict[Fault, int] = {}
        if name is None:
            valid = mended_text(text, faults)
        else:
            begin, end = name
            valid = (
                f"{mended_text(text[: begin - 1], faults)}"
                f'"{_string(text[begin:end], faults, begin)}"'
                f"{mended_text(text[end + 1 :], faults, end + 1)}"
            )
        if (event := _event(valid)) is not None:
            first = {fault: _num_bytes(text[:place]) for fault, place in faults.items()}
            yield valid, Mended(event, first)


def _event(valid: str) -> Event | None:
    """Decode an entry, but one that a quote in the wrong place has made."""
    try:
        json.loads(valid, object_pairs_hook=_distinct)
        event = msgspec.json.decode(valid.encode(), type=Event)
        if event.ts is not ABSENT:
            nanoseconds([event.ts])
    except (msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        return None
    if event.ph == "X" and (event.pid is None or event.tid is None):
        return None  # they are in what was taken for the name
    # Where what it is an event of is damaged, nobody can tell.
    return event if _KIND.fullmatch(event.ph) and _KIND.fullmatch(event.cat or "") else None


def _distinct(pairs: list[tuple[str, object]]) -> None:
    """Refuse an object with a key twice: no writer of traces does that, a name with quotes can."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError


def _string(content: str, faults: dict[Fault, int], offset: int) -> str:
    """Return what stands between a string's quotes as JSON writes it."""
    if undecodable := _UNDECODABLE.search(content):
        faults.setdefault(Fault.NOT_UTF8, offset + undecodable.start())
    valid = _VALID.match(content)
    end = valid.end() if valid is not None else 0
    if end < len(content):
        faults.setdefault(Fault.UNESCAPED, offset + end)
        content = _escaped(content)
    return _UNDECODABLE.sub(lambda byte: f"\\\\x{ord(byte[0]) - 0xDC00:02x}", content)


def _escaped(content: str) -> str:
    """Escape control characters, and the rest where it shows that the writer escaped nothing."""
    readable = _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", content)
    if _VALID.fullmatch(readable):
        return readable
    return json.dumps(content, ensure_ascii=False)[1:-1]


def _num_bytes(text: str) -> int:
    return len(text.encode(errors="surrogateescape"))
