"""What a run directory tells, at the cost of two lines of its log, of whether its run goes on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

from annt_prof.runs.event_log_reader import alive, has_ended, header_of
from annt_prof.runs.layout import EVENTS_FILE, RUN_FILE, SCENARIO_FILE, TELEMETRY_FILE
from annt_prof.runs.processes import this_process

if TYPE_CHECKING:
    from pathlib import Path

STILL_S = 2.0
"""Seconds in which nothing was written, after which a process that cannot be found is believed to
be gone: in another container it cannot be found while it lives."""

STARTS_WITHIN_S = 60.0
"""Seconds within which a process that was started writes its first event, on a busy machine too."""

Sign = Literal["starting", "running", "ended", "gone", "elsewhere", "untold"]
"""``gone`` is a run whose process has died without a last word, ``elsewhere`` one whose process is
another machine's, and ``untold`` one without a log that does not just begin."""


def sign_of(directory: Path) -> Sign:
    """Return how the run in a directory stands."""
    header = header_of(directory)
    if header is None:
        measured = (directory / RUN_FILE).exists()
        begins = not measured and _written_within(directory / SCENARIO_FILE, STARTS_WITHIN_S)
        return "starting" if begins else "untold"
    if has_ended(directory):
        return "ended"
    written = (directory / name for name in (EVENTS_FILE, TELEMETRY_FILE))
    if alive(header) or any(_written_within(path, STILL_S) for path in written):
        return "running"
    return "gone" if header.process.boot == this_process().boot else "elsewhere"


def _written_within(path: Path, seconds: float) -> bool:
    try:
        return time.time() - path.stat().st_mtime < seconds
    except OSError:
        return False
