"""The entries of the list of events one by one, so that one that is damaged costs no other."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.trace.document import Event
from annt_prof.trace.mending import Fault, Mended, mend

if TYPE_CHECKING:
    from collections.abc import Iterator

# An entry begins where a brace after a comma, a bracket or the brace before it opens with a key
# that an event can have. Braces of arguments follow a colon.
_BEGIN = re.compile(
    rb'[\[,}]\s*+(?=\{\s*"(?:ph|name|cat|pid|tid|ts|dur|args|id|bp|s|tts|tdur|cname|sf)"\s*:)'
)
_CATEGORY = re.compile(rb'"cat"\s*:\s*"([A-Za-z][\w ]{0,40})"')
_END = re.compile(rb"\}\s*,\s*(?=\S)")
# Names of templates are a few thousand characters long, stacks of calls some ten thousand.
_LONGEST = 2**18
# The braces of its arguments close before an entry's own.
_MOST_ENDS = 4
_EVENT = msgspec.json.Decoder(Event)


class UnknownEntriesError(Exception):
    """The list of events has many entries whose begins tell nothing."""


@dataclass
class _Tally:
    """How many entries have something in common, and where the first of them shows it."""

    place: int
    category: str
    of_category: Counter[str] = field(default_factory=Counter)

    def at(self, of_what: str) -> str:
        at = f"at byte {units.whole(self.place)} {of_what} ({self.category})"
        return at if self.of_category.total() == 1 else f"the first {at}"


@dataclass
class Entries:
    """What could be read of a list of events.

    Attributes:
        events: Those that are whole, and those that could be mended.
        num_malformed: Entries left out because a field has an impossible type.
    """

    events: list[Event] = field(default_factory=list)
    num_malformed: int = 0
    _mended: dict[Fault, _Tally] = field(default_factory=dict)
    _left_out: _Tally | None = None

    def add(self, written: bytes | msgspec.Raw) -> bool:
        """Read one entry, and tell whether it is JSON."""
        try:
            self.events.append(_EVENT.decode(written))
        except msgspec.ValidationError:
            self.num_malformed += 1
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return False
        return True

    def mend(self, written: bytes, place: int) -> None:
        """Read an entry that is no JSON, or note that it is left out.

        Args:
            written: Its text.
            place: Where in the file it stands.
        """
        self._note(mend(written), written, place)

    def mend_each(self, written: bytes, place: int) -> None:
        """Read an entry that is no JSON, and others that follow it if their begins are damaged.

        Raises:
            UnknownEntriesError: It is so long that it must be many, and begins as none is known to.
        """
        if len(written) > _LONGEST:
            raise UnknownEntriesError
        mended = mend(written)
        while mended is None and (end := self._add_first(written)) is not None:
            written, place = written[end:], place + end
            if self.add(written):
                return
            mended = mend(written)
        self._note(mended, written, place)

    def remarks(self, of_what: str) -> tuple[str, ...]:
        """Return what was damaged, and what became of it, a sentence each.

        Args:
            of_what: What the places are counted in, such as "of the file".
        """
        remarks = []
        for fault, mended in self._mended.items():
            hold = _entries(mended.of_category.total(), "holds", "hold")
            remarks.append(f"{hold} {fault.held}, {mended.at(of_what)}: {fault.read_as}")
        if self._left_out is not None:
            lost = self._left_out.of_category
            told = ", ".join(f"{units.whole(number)} {kind}" for kind, number in lost.items())
            are = _entries(lost.total(), "cannot be read and is", "cannot be read and are")
            them = "it" if lost.total() == 1 else "them"
            remarks.append(
                f"{are} left out ({told}), {self._left_out.at(of_what)}: no figure counts {them}"
            )
        return tuple(remarks)

    def _note(self, mended: Mended | None, written: bytes, place: int) -> None:
        told = _CATEGORY.search(written)
        category = told[1].decode() if told is not None else "without a category"
        if mended is None:
            if self._left_out is None:
                self._left_out = _Tally(place, category)
            self._left_out.of_category[category] += 1
            return
        self.events.append(mended.event)
        for fault, offset in mended.faults.items():
            tally = self._mended.setdefault(fault, _Tally(place + offset, category))
            tally.of_category[category] += 1

    def _add_first(self, written: bytes) -> int | None:
        """Read an entry that others follow, and return where the next one's text begins."""
        for end in islice(_END.finditer(written), _MOST_ENDS):
            if self.add(written[: end.start() + 1]):
                return end.end()
        return None


def begins_of_entries(text: bytearray, start: int) -> Iterator[int]:
    """Yield where entries begin, from the list's opening bracket on."""
    return (begin.end() for begin in _BEGIN.finditer(text, start))


def _entries(number: int, one: str, many: str) -> str:
    if number == 1:
        return f"1 entry of the list of events {one}"
    return f"{units.whole(number)} entries of the list of events {many}"
