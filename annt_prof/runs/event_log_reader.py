"""Reading ``events.jsonl``, while a run goes on and afterwards."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

import msgspec

from annt_prof.errors import UserError
from annt_prof.runs.event_lines import EVENTS_VERSION, Line, LoggedEvent, LogHeader, Windows
from annt_prof.runs.events import Event, Progressed, RunEnded
from annt_prof.runs.growing_file import GrowingFile
from annt_prof.runs.layout import EVENTS_FILE
from annt_prof.runs.processes import lives

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_LAST_BYTES = 65_536  # a run's last event is much shorter
_DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def alive(header: LogHeader) -> bool:
    """Whether the process of the run lives; not so where it runs on another machine."""
    return lives(header.process)


def process_lives(directory: Path) -> bool:
    """Whether the process that measures, or measured, the run in this directory lives here."""
    header = header_of(directory)
    return header is not None and alive(header)


def header_of(directory: Path) -> LogHeader | None:
    """Return the first line of a run's log; None where there is none that can be read."""
    try:
        with (directory / EVENTS_FILE).open("rb") as file:
            return msgspec.json.decode(file.readline(), type=LogHeader)
    except (OSError, *_DAMAGED):
        return None


def has_ended(directory: Path) -> bool:
    """Whether the run in this directory has said its last word; its process may live on a while."""
    return last_word_of(directory) is not None


def last_word_of(directory: Path) -> RunEnded | None:
    """Return what a run said when it ended; None before that."""
    lines, half = _tail_of(directory)
    last = _decoded(lines[-1]) if lines and not half else None
    return last.event if last is not None and isinstance(last.event, RunEnded) else None


def last_line_of(directory: Path) -> Line | None:
    """Return the last whole line of a run's log; None where there is none that can be read."""
    lines, _ = _tail_of(directory)
    return _decoded(lines[-1]) if lines else None


def _tail_of(directory: Path) -> tuple[list[bytes], bytes]:
    """Return the last lines of a run's log, and what follows them of a line that is not whole."""
    try:
        with (directory / EVENTS_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            *lines, half = file.read().split(b"\n")
    except OSError:
        return [], b""
    return lines, half


def _decoded(line: bytes) -> Line | None:
    try:
        return msgspec.json.decode(line, type=Line)
    except _DAMAGED:
        return None


class EventLogReader:
    """Reads a log while it is written, and afterwards.

    Args:
        path: It need not be there yet.

    Attributes:
        header: None before it was read, and where it is damaged.
        num_damaged: Lines that were skipped since they hold no event.
        num_unknown: Lines that were skipped since a newer annt-prof wrote them.
    """

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)
        self._decoder = msgspec.json.Decoder(Line)
        self._start_anew()

    @property
    def num_replaced(self) -> int:
        """How often the file turned out to be another one, whose events come from the first on."""
        return self._file.num_replaced

    def _start_anew(self) -> None:
        self.header: LogHeader | None = None
        self.num_damaged = self.num_unknown = 0
        self._windows = Windows()
        self._at_start = True
        self._refusal: UserError | None = None

    def poll(self) -> tuple[LoggedEvent, ...]:
        """Return the events that were appended since the last time; cheap where there are none.

        Raises:
            UserError: A newer annt-prof wrote the log in another format; each time, until another
                file is in its place.
        """
        replaced = self._file.num_replaced
        lines = self._file.new_lines()
        if self._file.num_replaced > replaced:
            self._start_anew()
        if self._refusal is not None:
            raise self._refusal
        return tuple(self._events(lines))

    def _events(self, lines: Iterable[bytes]) -> Iterable[LoggedEvent]:
        for line in lines:
            first, self._at_start = self._at_start, False
            if first:
                self.header = self._header(line)
                continue
            try:
                decoded = self._decoder.decode(line)
            except _DAMAGED:
                if _is_unknown(line):
                    self.num_unknown += 1
                else:
                    self.num_damaged += 1
                continue
            yield LoggedEvent(decoded.at_ns, decoded.monotonic_ns, self._whole(decoded))

    def _whole(self, line: Line) -> Event:
        """Return the event with the windows that the line does without."""
        event = line.event
        self._windows.take_in(event)
        if not isinstance(event, Progressed):
            return event
        before = line.windows_before
        return Progressed(
            tuple(self._windows.restored(r, before.get(r.name, 0)) for r in event.variants)
        )

    def _header(self, line: bytes) -> LogHeader | None:
        try:
            version = msgspec.json.decode(line, type=_Version).version
            if version <= EVENTS_VERSION:
                return msgspec.json.decode(line, type=LogHeader)
        except _DAMAGED:
            self.num_damaged += 1
            return None
        self._refusal = UserError(
            f"was written by a newer annt-prof: its version is {version}, and this one reads "
            f"versions up to {EVENTS_VERSION}",
            where=str(self._file.path),
            hint="pip install --upgrade annt-prof",
        )
        raise self._refusal


class _Version(msgspec.Struct):
    version: int


class _Tag(msgspec.Struct):
    type: str


class _Tagged(msgspec.Struct):
    event: _Tag


_KNOWN = {kind.__name__ for kind in get_args(Event)}


def _is_unknown(line: bytes) -> bool:
    """Whether a line holds an event of a kind that this annt-prof does not have."""
    try:
        return msgspec.json.decode(line, type=_Tagged).event.type not in _KNOWN
    except _DAMAGED:
        return False
