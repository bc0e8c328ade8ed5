"""Logs of made runs, event by event, for the tests of what follows runs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from annt_prof.compare.comparison import summarise
from annt_prof.runs.event_lines import LoggedEvent, LogHeader
from annt_prof.runs.events import (
    Activity,
    Event,
    Planned,
    Progressed,
    Started,
    WindowEnded,
)
from annt_prof.runs.processes import RunProcess
from annt_prof.runs.record import TimedWindow, VariantRecord
from hand_made import variant, window

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("baseline", "amp", "all")
MEANS_MS = {"baseline": 40.0, "amp": 20.0, "all": 16.0}
BEGAN_NS = 1_790_000_000 * 10**9
SECOND = 10**9


def dead_since_long(path: Path, boot: str | None = None) -> None:
    """Make a log that of a process that is gone, and nothing written lately."""
    header, rest = path.read_bytes().split(b"\n", 1)
    process = msgspec.json.decode(header, type=LogHeader).process
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    gone = RunProcess(ended.pid, 1, process.boot if boot is None else boot)
    path.write_bytes(msgspec.json.encode(LogHeader(1, gone)) + b"\n" + rest)
    os.utime(path, (0, 0))


def begun() -> list[Event]:
    """The plan, up to the first window."""
    return [
        Activity("starting"),
        Started(NAMES, max_rounds=30, time_budget_s=100.0, design="alone"),
        *(Activity("preparing", name) for name in NAMES),
        Planned(5, 1, at_epoch=False, round_s=3.0, launches=9, needed=5, enough_s=90),
    ]


def window_of(name: str, number: int, *, rounds_per_launch: int = 2) -> TimedWindow:
    """A window whose figures differ a little from those of the other rounds."""
    mean_ms = MEANS_MS[name] * (1 + 0.01 * ((number * (3 + NAMES.index(name))) % 5))
    return window(number, mean_ms, launch=number // rounds_per_launch)


def timed(name: str, number: int, *, rounds_per_launch: int = 2) -> list[Event]:
    """A window of a variant, begun and ended."""
    done = window_of(name, number, rounds_per_launch=rounds_per_launch)
    measured_s = 3.0 * number + 1.0
    return [Activity("timing", name, number), WindowEnded(name, number, 200.0, measured_s, done)]


def records(num_rounds: int, *, rounds_per_launch: int = 2) -> tuple[VariantRecord, ...]:
    """The records after so many rounds."""

    def windows(name: str) -> tuple[TimedWindow, ...]:
        return tuple(
            window_of(name, number, rounds_per_launch=rounds_per_launch)
            for number in range(num_rounds)
        )

    bare = (variant(name, []) for name in NAMES)
    return summarise(tuple(msgspec.structs.replace(v, windows=windows(v.name)) for v in bare))


def rounds(num: int, *, rounds_per_launch: int = 2) -> list[Event]:
    """So many whole rounds, each with its records."""
    events: list[Event] = []
    for number in range(num):
        for name in NAMES:
            events += timed(name, number, rounds_per_launch=rounds_per_launch)
        events.append(Progressed(records(number + 1, rounds_per_launch=rounds_per_launch)))
    return events


def logged(events: list[Event]) -> list[LoggedEvent]:
    """The events, a second apart."""
    return [
        LoggedEvent(BEGAN_NS + place * SECOND, place * SECOND, event)
        for place, event in enumerate(events)
    ]
