"""A run directory watched: the log of its events as far as it goes, and whether it goes on."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import reduce
from typing import TYPE_CHECKING

from annt_prof.compare.verdict import precision_asked
from annt_prof.errors import UserError
from annt_prof.runs.event_log_reader import EventLogReader
from annt_prof.runs.layout import EVENTS_FILE
from annt_prof.runs.processes import this_process
from annt_prof.runs.signs import begun_lately, sign_of_unended
from annt_prof.views.live_view import LiveState, live_after, live_of_records
from annt_prof.views.screens.live import Watch, build_live_page
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.event_lines import LoggedEvent, LogHeader
    from annt_prof.views.page import Page
    from annt_prof.views.recent_telemetry import Recent
    from annt_prof.views.screens.live import Standing


class LiveLog:
    """Follows a run.

    Args:
        directory: Of the run.

    Attributes:
        directory: Likewise.
        state: Of the run so far.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = LiveState()
        self._reader = EventLogReader(directory / EVENTS_FILE)
        self._num_replaced = 0
        self._last: LoggedEvent | None = None
        self._precision: float | None = None
        self._record_was_read = False
        self._told_by_record = False

    def poll(self) -> bool:
        """Take in what was appended; whether that was anything.

        Raises:
            UserError: A newer annt-prof wrote the log.
        """
        events = self._reader.poll()
        if self._reader.num_replaced != self._num_replaced:
            self._num_replaced, self.state = self._reader.num_replaced, LiveState()
            self._last = None
        if events and self._told_by_record:
            self._told_by_record, self.state = False, LiveState()
        self.state = reduce(live_after, events, self.state)
        if events:
            self._last = events[-1]
        return bool(events)

    @property
    def standing(self) -> Standing:
        """Whether the run goes on."""
        if self.state.run.ended is not None:
            return "ended"
        header = self._reader.header
        if header is None:
            if self._told_by_record:
                return "unlogged"
            return "running" if begun_lately(self.directory) else "gone"
        return sign_of_unended(self.directory, header, self._last)

    @property
    def clock_ns(self) -> int | None:
        """``time.monotonic_ns`` where the run's is the same clock; None of another machine's."""
        header = self._reader.header
        same = header is not None and header.process.boot != "" and _of_this_machine(header)
        return time.monotonic_ns() if same else None

    def take_record(self) -> None:
        """Tell the run by its record, where it kept no log and does not just begin.

        Raises:
            UserError: There is neither.
        """
        if not self._logged and not begun_lately(self.directory):
            self.state = live_of_records(RunSource(self.directory).run.variants)
            self._told_by_record = True

    def page(self, *, chosen: str | None = None, recent: Recent | None = None) -> Page:
        """Return what there is to see of it now.

        Args:
            chosen: The variant whose speedup is shown; None for all of them.
            recent: What was sampled lately; None where that is not to be shown.
        """
        watch = Watch(
            title=self.directory.name,
            standing=self.standing,
            now_ns=time.time_ns(),
            precision=self._precision_asked(),
            chosen=chosen,
            recent=recent,
            num_damaged=self._reader.num_damaged,
            num_unknown=self._reader.num_unknown,
        )
        return build_live_page(self.state, watch)

    def _precision_asked(self) -> float | None:
        """Return what a run must reach, as its log tells it; of older logs its record does."""
        if self.state.run.precision is not None:
            return self.state.run.precision
        if not self._record_was_read and self.state.num_progressed:
            with suppress(UserError):  # not written yet, or damaged: the other screens say so
                self._precision = precision_asked(RunSource(self.directory).run)
                self._record_was_read = True
        return self._precision

    @property
    def _logged(self) -> bool:
        """Whether there is a log with anything in it."""
        try:
            return (self.directory / EVENTS_FILE).stat().st_size > 0
        except OSError:
            return False


def _of_this_machine(header: LogHeader) -> bool:
    return header.process.boot == this_process().boot


def build_replayed_page(source: RunSource) -> Page:
    """Return what there is to see of a run, from its log or else from its record.

    Raises:
        UserError: There is neither, or a newer annt-prof wrote them.
    """
    log = LiveLog(source.directory)
    log.take_record()
    log.poll()
    return log.page()
