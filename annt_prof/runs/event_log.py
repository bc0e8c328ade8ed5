"""Writing ``events.jsonl`` while a run goes on."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.event_lines import EVENTS_VERSION, Line, LogHeader, Windows
from annt_prof.runs.events import Event, Progressed
from annt_prof.runs.processes import this_process

if TYPE_CHECKING:
    from pathlib import Path

_FRESH = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC


class EventLog:
    """Appends events to a file, each as one line and at once.

    It never makes a run fail: what cannot be written ends the log, and ``failure`` then says why.

    Args:
        path: In a run directory.

    Attributes:
        failure: Why no more is logged, for people; None while it is.
    """

    def __init__(self, path: Path) -> None:
        self.failure: str | None = None
        self._windows = Windows()
        self._encoder = msgspec.json.Encoder()
        self._descriptor = -1
        try:
            self._descriptor = os.open(path, _FRESH, 0o666)
        except OSError as error:
            self._end(error.strerror)
        else:
            self._write(self._encoder.encode(LogHeader(EVENTS_VERSION, this_process())))

    def append(self, event: Event) -> None:
        """Log an event; nothing happens once the log has ended."""
        if self._descriptor < 0:
            return
        before: dict[str, int] = {}
        logged = event
        if isinstance(event, Progressed):
            logged, before = self._without_windows(event)
        line = Line(time.time_ns(), time.monotonic_ns(), logged, before)
        try:
            encoded = self._encoder.encode(line)
        except (TypeError, ValueError) as error:  # such as a name that is no text
            self._end(str(error))
            return
        self._write(encoded)
        self._windows.take_in(event)

    def close(self) -> None:
        """Log nothing more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _without_windows(self, event: Progressed) -> tuple[Progressed, dict[str, int]]:
        before = {r.name: self._windows.num_begun_with(r) for r in event.variants}
        kept = (
            msgspec.structs.replace(record, windows=record.windows[before[record.name] :])
            for record in event.variants
        )
        return Progressed(tuple(kept)), {name: num for name, num in before.items() if num}

    def _write(self, line: bytes) -> None:
        whole = line + b"\n"
        try:
            written = os.write(self._descriptor, whole)
        except OSError as error:
            self._end(error.strerror)
        else:
            if written < len(whole):
                self._end("the disk is full")

    def _end(self, why: str | None) -> None:
        self.failure = f"what happens is no longer kept for others to follow: {why}"
        self.close()
