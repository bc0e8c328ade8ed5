"""``events.jsonl``: what happened during a run, line by line as it happened.

    {"version": 1, "process": {"pid": ..., "started": ..., "boot": ...}}
    {"at_ns": ..., "monotonic_ns": ..., "event": {"type": "Started", ...}}
    ...

The records that follow each round would repeat every window so far. A line has ``windows_before``
in their place: for each variant, how many of the windows that ended by then its record begins
with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.events import Event, WindowEnded
from annt_prof.runs.processes import RunProcess

if TYPE_CHECKING:
    from annt_prof.runs.record import TimedWindow, VariantRecord

EVENTS_VERSION = 1
"""Of what a reader must know; a new event or attribute leaves it as it is."""


class LogHeader(msgspec.Struct, frozen=True):
    """The first line of a log.

    Attributes:
        version: Of the format.
        process: That of the run.
    """

    version: int
    process: RunProcess


class LoggedEvent(msgspec.Struct, frozen=True):
    """Something that happened, and when.

    Attributes:
        at_ns: ``time.time_ns``.
        monotonic_ns: ``time.monotonic_ns`` of the run's machine, as windows and telemetry have it.
        event: As it was told live.
    """

    at_ns: int
    monotonic_ns: int
    event: Event


class Windows:
    """The windows that have ended, by variant."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[TimedWindow, ...]] = {}

    def take_in(self, event: Event) -> None:
        """Add the window that an event tells of, if it does."""
        if isinstance(event, WindowEnded) and event.window is not None:
            self._of[event.variant] = (*self._of.get(event.variant, ()), event.window)

    def num_begun_with(self, record: VariantRecord) -> int:
        """Return how many there are, if a record begins with all of them; else 0."""
        known = self._of.get(record.name, ())
        return len(known) if record.windows[: len(known)] == known else 0

    def restored(self, record: VariantRecord, num: int) -> VariantRecord:
        """Return the record with its first windows."""
        known = self._of.get(record.name, ())[:num]
        return msgspec.structs.replace(record, windows=(*known, *record.windows))


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as the log has it.

    Attributes:
        at_ns, monotonic_ns: As in ``LoggedEvent``.
        windows_before: Of records after a round: how many windows each lacks here, by variant.
    """

    at_ns: int
    monotonic_ns: int
    event: Event
    windows_before: dict[str, int] = {}
