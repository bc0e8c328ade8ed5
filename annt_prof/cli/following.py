"""Showing the progress of a run that another process measures."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from annt_prof.runs.event_log_reader import EventLogReader
from annt_prof.runs.events import RunEnded
from annt_prof.runs.layout import EVENTS_FILE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable
    from pathlib import Path

    from annt_prof.report.text.progress import RunProgress
    from annt_prof.runs.event_lines import LoggedEvent

_POLL_S = 0.2


def follow(directory: Path, process: subprocess.Popen[bytes]) -> RunEnded | None:
    """Show a run on stderr until it ends, from what it told before on.

    Args:
        directory: Of the run.
        process: Which measures it.

    Returns:
        How it ended; None where its process ended without a word.

    Raises:
        UserError: A newer annt-prof measures it.
    """
    from rich.console import Console

    from annt_prof.report.text.progress import RunProgress

    reader = EventLogReader(directory / EVENTS_FILE)
    events = reader.poll()
    began_s = events[0].monotonic_ns / 1e9 if events else None
    with RunProgress(Console(stderr=True), began_s) as progress:
        while True:
            ended = _show(events, progress)
            if ended is not None:
                return ended
            gone = process.poll() is not None  # before the last look, so that nothing is missed
            events = reader.poll()
            if gone:
                return _show(events, progress)
            time.sleep(_POLL_S)


def _show(events: Iterable[LoggedEvent], progress: RunProgress) -> RunEnded | None:
    """Show what happened, and return the run's end if it is among it."""
    ended = None
    for logged in events:
        progress(logged.event)
        if isinstance(logged.event, RunEnded):
            ended = logged.event
    return ended
