"""One entry of the list of events that is no JSON, read where there is one way to read it.

Kineto wrote names without escaping them, Windows' paths until 2023 and quotes for longer, numbers
as C++ prints them, and Python's names from memory that was freed. Readers that repair any text as
JSON guess where a string ends, so that a piece of a name may become an argument; here an entry that
has no reading, or two, is left out.
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
        "such a value is taken as not told",
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


# A code point of the range that UTF-16 uses for pairs is none by itself.
_ESCAPE = (
    r'\\["\\/bfnrt]|\\u(?![dD][89a-fA-F])[0-9a-fA-F]{4}'
    r"|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_VALID = re.compile(rf'(?:[^"\\\x00-\x1f]++|{_ESCAPE})*+')
_STRING = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
# Nearly all of an entry is well, and is passed over at once, up to the token that is not.
_WELL = re.compile(
    rf'(?:"(?:[^"\\\x00-\x1f\udc80-\udcff]++|{_ESCAPE})*+"|[ \t\r\n{{}}\[\]:]++|,(?!\s*[}}\]])'
    r"|-?\d[\d.eE+-]*+(?!#)|true|false|null)*+"
)
_CONTROL = re.compile(r"[\x00-\x1f]")
# What Python's decoder makes of a byte that is no UTF-8 with "surrogateescape".
_UNDECODABLE = re.compile("[\udc80-\udcff]")
# What C, C++ and Python print for what is no number, and Microsoft's C library before 2015.
_NO_NUMBER = re.compile(
    r"[-+]?(?:inf(?:inity)?|nan(?:\(\w*\))?|1\.#(?:INF|IND|QNAN|SNAN)\d*)(?![\w.])", re.IGNORECASE
)
_COLON = re.compile(r"\s*:")
_PLAIN_TIME = re.compile(rb"[0-3]?\d{1,15}(?:\.\d{1,9})?")
_KIND = re.compile(r"[\w ,.:/-]*")
_NAME = re.compile(r'"name"\s*:\s*"')
# The keys of an event. Source: the Trace Event Format, "Event Descriptions".
_NAME_END = re.compile(
    r'"(?=\s*(?:,\s*"(?:ph|cat|pid|tid|ts|dur|args|id|bp|s)"\s*:|\}\s*\Z))', re.DOTALL
)


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


def mended_text(text: str, faults: dict[Fault, int], offset: int = 0) -> str | None:
    """Return text whose strings and numbers are JSON's, and note where they were not.

    Args:
        text: Decoded with "surrogateescape".
        faults: Where each fault first shows, in characters; is added to.
        offset: Where the text begins, in characters.

    Returns:
        None where a token is nothing that is known, or the damage is in a key.
    """
    parts, place = [], 0
    while True:
        well = _WELL.match(text, place)
        end = place if well is None else well.end()
        parts.append(text[place:end])
        if end == len(text):
            return "".join(parts)
        if (string := _STRING.match(text, end)) and not _COLON.match(text, string.end()):
            parts.append(f'"{_string(string[1], faults, offset + end + 1)}"')
            place = string.end()
        elif no_number := _NO_NUMBER.match(text, end):
            faults.setdefault(Fault.NOT_A_NUMBER, offset + end)
            parts.append(f'"{no_number[0]}"')
            place = no_number.end()
        elif text[end] == ",":  # one too many, before a closing bracket
            place = end + 1
        else:
            return None


def _readings(text: str) -> Iterator[tuple[str, Mended]]:
    """Yield each JSON that an entry may be, and what it says; several times where ways agree."""
    faults: dict[Fault, int] = {}
    valid = mended_text(text, faults)
    if valid is not None and (event := _event(valid, faults)) is not None:
        yield valid, _mended(event, faults, text)
        if Fault.UNESCAPED not in faults:
            return  # its strings end where they seem to
    # A quote within the name ends it only where the next of the event's own keys follows.
    begin = _NAME.search(text)
    end = begin and _NAME_END.search(text, begin.end())
    if begin is None or end is None:
        return
    faults = {}
    before = mended_text(text[: begin.end() - 1], faults)
    name = _string(text[begin.end() : end.start()], faults, begin.end())
    after = mended_text(text[end.end() :], faults, end.end())
    if before is not None and after is not None:
        valid = f'{before}"{name}"{after}'
        if (event := _event(valid, faults)) is not None:
            yield valid, _mended(event, faults, text)


def _mended(event: Event, faults: dict[Fault, int], text: str) -> Mended:
    # In bytes: bytes that are no UTF-8 are one character each.
    places = {
        fault: len(text[:place].encode(errors="surrogateescape")) for fault, place in faults.items()
    }
    return Mended(event, places)


def _event(valid: str, faults: dict[Fault, int]) -> Event | None:
    """Decode an entry, but one that a quote in the wrong place has made."""
    try:
        if Fault.UNESCAPED in faults:
            _WITH_DISTINCT_KEYS.decode(valid)
        event = msgspec.json.decode(valid.encode(), type=Event)
        if event.ts is not ABSENT and not _PLAIN_TIME.fullmatch(event.ts):
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


_WITH_DISTINCT_KEYS = json.JSONDecoder(object_pairs_hook=_distinct)


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
