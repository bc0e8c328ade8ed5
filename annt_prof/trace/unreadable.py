"""Events whose time or duration cannot be read: counted and left out, as 0 would be a figure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from annt_prof.trace.columns import Kind
    from annt_prof.trace.document import Event

_LONGEST_SHOWN = 80


class Lacking(Enum):
    """What of an event cannot be read; the value is the file's key and the word for it."""

    START = ("ts", "time")
    DURATION = ("dur", "duration")


@dataclass(frozen=True)
class Unreadable:
    """Events of one category that are left out, as one of their numbers cannot be read.

    Attributes:
        lacking: Which one.
        kind: What they are.
        category: As in the file; empty where the events have none.
        count: Events.
        name: Of the first one.
        written: What the first one has for that number; None where it has nothing or null.
    """

    lacking: Lacking
    kind: Kind
    category: str
    count: int
    name: str
    written: str | None


class UnreadableEvents:
    """Counts such events by what they lack and their category."""

    def __init__(self) -> None:
        self._counted: dict[tuple[Lacking, str], Unreadable] = {}

    def add(self, lacking: Lacking, kind: Kind, event: Event) -> None:
        """Take in one event."""
        written = _written(lacking, event)
        name = "" if event.name is None else str(event.name)
        self.merge((Unreadable(lacking, kind, event.cat or "", 1, name, written),))

    def merge(self, counted: Iterable[Unreadable]) -> None:
        """Take in what was counted behind this in the same file."""
        for more in counted:
            key = (more.lacking, more.category)
            first = self._counted.get(key)
            count = more.count + (0 if first is None else first.count)
            self._counted[key] = replace(more if first is None else first, count=count)

    def counted(self) -> tuple[Unreadable, ...]:
        """Return the counts, in the order in which each category's first event was added."""
        return tuple(self._counted.values())


def remarks(
    counted: tuple[Unreadable, ...], place_of: Callable[[re.Pattern[bytes]], str | None]
) -> tuple[str, ...]:
    """Return what is left out and why, a sentence for each number that events lack.

    Args:
        counted: Of one file.
        place_of: Returns where in the file a pattern stands first, in words.
    """
    sentences = []
    for lacking in Lacking:
        events = [unreadable for unreadable in counted if unreadable.lacking is lacking]
        if not events:
            continue
        total = sum(unreadable.count for unreadable in events)
        listed = ", ".join(
            f"{units.whole(unreadable.count)} {unreadable.category or 'without a category'}"
            for unreadable in events
        )
        have, them = ("has", "it") if total == 1 else ("events have", "them")
        first = "" if total == 1 else "the first "
        sentences.append(
            f"{listed} {have} no readable {lacking.value[1]} ({first}{_shown(events[0], place_of)})"
            f": no figure counts {them}"
        )
    return tuple(sentences)


def _shown(first: Unreadable, place_of: Callable[[re.Pattern[bytes]], str | None]) -> str:
    """Return the name of an event, what it has for the number, and where that stands."""
    named = repr(first.name[:_LONGEST_SHOWN])
    if first.written is None:
        return f"{named} has none"
    place = place_of(_pattern(first.lacking, first.written))
    shown = f"{named} has {first.written[:_LONGEST_SHOWN]!r}"
    return shown if place is None else f"{shown} {place}"


def _pattern(lacking: Lacking, written: str) -> re.Pattern[bytes]:
    value = re.escape(written.encode(errors="surrogateescape"))
    return re.compile(rb'"%s"\s*:\s*"?(?=%s)' % (lacking.value[0].encode(), value))


def _written(lacking: Lacking, event: Event) -> str | None:
    if lacking is Lacking.DURATION:
        return None if event.dur is None else str(event.dur)
    text = bytes(event.ts).decode(errors="surrogateescape").strip('"')
    return None if text == "null" else text
