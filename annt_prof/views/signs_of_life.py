"""When a run last wrote anything, as it tells itself: the date of a copied file is the copy's."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from annt_prof.telemetry.series import header_of, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.event_lines import LoggedEvent

_LAST_BYTES = 8_192  # many rows


def last_written_ns(last: LoggedEvent, telemetry: Path) -> int:
    """Return when it did, as ``time.time_ns`` of the run's machine.

    Args:
        last: The last event of its log, which may be long ago while a window is timed.
        telemetry: Its file of samples, which grows all the time; it need not be there.
    """
    sampled_ns = _last_sampled_ns(telemetry)
    since_ns = 0 if sampled_ns is None else sampled_ns - last.monotonic_ns
    return last.at_ns + max(0, since_ns)


def _last_sampled_ns(telemetry: Path) -> int | None:
    """Return the time of the last whole row, ``time.monotonic_ns``; None where there is none."""
    try:
        with telemetry.open("rb") as file:
            names = header_of(file.readline())
            start = file.tell()
            file.seek(max(start, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return None
    rows = rows_of(names, lines) if names else []
    return rows[-1][0] if rows else None
