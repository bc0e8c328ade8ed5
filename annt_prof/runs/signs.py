"""What a run directory tells, at the cost of a few lines, of whether its run goes on.

It is told by what was written, and by when its files were only where nothing tells more: before
the first event. A copied file is new.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Literal, Protocol

from annt_prof.runs.event_log_reader import alive, has_ended, header_of, last_line_of
from annt_prof.runs.layout import CHECK_FILE, EVENTS_FILE, RUN_FILE, SCENARIO_FILE, TELEMETRY_FILE
from annt_prof.runs.processes import this_process

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.event_lines import LogHeader

STILL_S = 2.0
"""Seconds in which nothing was written, after which a process that cannot be found is believed to
be gone: in another container it cannot be found while it lives."""

STARTS_WITHIN_S = 60.0
"""Seconds within which a process that was started writes its first event, on a busy machine too."""

_CLOCKS_APART_S = 60.0
"""By which the clocks of two machines may differ that share a folder."""

_LAST_BYTES = 8_192  # many rows of samples

Unended = Literal["running", "gone", "elsewhere"]
"""``gone`` is a run whose process has died without a last word, and ``elsewhere`` one whose process
is another machine's and has written nothing lately."""

Sign = Unended | Literal["starting", "ended", "untold"]
"""``untold`` is a run without a log that does not just begin."""


class Written(Protocol):
    """When an event was written, by both clocks of the run's machine."""

    @property
    def at_ns(self) -> int:
        """``time.time_ns``."""

    @property
    def monotonic_ns(self) -> int:
        """``time.monotonic_ns``, which samples have too."""


def sign_of(directory: Path) -> Sign:
    """Return how the run in a directory stands."""
    header = header_of(directory)
    if header is None:
        return "starting" if begun_lately(directory) else "untold"
    if has_ended(directory):
        return "ended"
    return sign_of_unended(directory, header, last_line_of(directory))


def stamp_of(directory: Path) -> tuple[int | str, ...]:
    """Return what is another as soon as there is something else to be told of a run."""
    return (*_written(directory / RUN_FILE), *_written(directory / CHECK_FILE), sign_of(directory))


def sign_of_unended(directory: Path, header: LogHeader, last: Written | None) -> Unended:
    """Return how a run stands that has not said its last word.

    Args:
        directory: Of the run.
        header: Of its log.
        last: The last event of its log, which may be long ago while a window is timed.
    """
    of_this_machine = header.process.boot == this_process().boot
    if alive(header) or _written_lately(directory, last, of_this_machine=of_this_machine):
        return "running"
    return "gone" if of_this_machine else "elsewhere"


def begun_lately(directory: Path) -> bool:
    """Whether a run's process may still be starting: there is a scenario, and no figure yet."""
    measured = (directory / RUN_FILE).exists()
    return not measured and _written_within(directory / SCENARIO_FILE, STARTS_WITHIN_S)


def _written_lately(directory: Path, last: Written | None, *, of_this_machine: bool) -> bool:
    files = [directory / name for name in (EVENTS_FILE, TELEMETRY_FILE)]
    lately = any(_written_within(file, STILL_S) for file in files)
    if last is None or not lately:
        return lately
    sampled_ns = _last_sampled_ns(directory / TELEMETRY_FILE)
    since_ns = 0 if sampled_ns is None else max(0, sampled_ns - last.monotonic_ns)
    silent_s = (time.time_ns() - last.at_ns - since_ns) / 1e9
    return silent_s < (STILL_S if of_this_machine else STILL_S + _CLOCKS_APART_S)


def _written(path: Path) -> tuple[int, ...]:
    """Return what is another once a file was written again; nothing where there is none."""
    try:
        status = path.stat()
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size


def _written_within(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False


def _last_sampled_ns(telemetry: Path) -> int | None:
    """Return the time of the last whole row, ``time.monotonic_ns``; None where there is none."""
    from annt_prof.telemetry.series import header_of as columns_of
    from annt_prof.telemetry.series import rows_of  # numpy is slow to import, and seldom needed

    try:
        with telemetry.open("rb") as file:
            names = columns_of(file.readline())
            start = file.tell()
            file.seek(max(start, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return None
    rows = rows_of(names, lines) if names else []
    return rows[-1][0] if rows else None
