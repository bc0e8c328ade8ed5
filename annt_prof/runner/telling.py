"""Telling what happens, and keeping it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.runs.events import Event, Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.runs.event_log import EventLog


class Telling:
    """Logs each event and tells it to a listener, who hears once if logging has ended.

    Args:
        log: Where events are kept.
        listener: Told of everything as it happens.
    """

    def __init__(self, log: EventLog, listener: Callable[[Event], None]) -> None:
        self._log = log
        self._listener = listener
        self._warned = False

    def __call__(self, event: Event) -> None:
        """Tell of something that has happened."""
        self._log.append(event)
        self._listener(event)
        if self._log.failure is not None and not self._warned:
            self._warned = True
            self._listener(Warned(self._log.failure))
