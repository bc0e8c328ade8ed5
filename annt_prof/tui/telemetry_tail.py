"""The end of a telemetry file that grows: only what was appended is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.runs.growing_file import GrowingFile
from annt_prof.telemetry.series import header_of, rows_of, series_of
from annt_prof.views.recent_telemetry import RECENT_S

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.telemetry.series import Row, Series

_MOST_ROWS = 30 * RECENT_S  # some more than are sampled in that time


class TelemetryTail:
    """Keeps the rows of the last minute.

    Args:
        path: It need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._file = GrowingFile(path)
        self._num_replaced = 0
        self._names: tuple[str, ...] = ()
        self._rows: list[Row] = []

    def poll(self) -> Series | None:
        """Return what is known of the last minute; None where nothing was appended."""
        lines = self._file.new_lines()
        if self._file.num_replaced != self._num_replaced:
            self._num_replaced, self._names, self._rows = self._file.num_replaced, (), []
        if not lines:
            return None
        if not self._names:
            self._names, lines = header_of(lines[0]), lines[1:]
        last_ns = self._rows[-1][0] if self._rows else -1
        new = rows_of(self._names, lines[-_MOST_ROWS:])
        self._rows = [*self._rows, *(row for row in new if row[0] > last_ns)][-_MOST_ROWS:]
        return series_of(self._names, self._rows)
