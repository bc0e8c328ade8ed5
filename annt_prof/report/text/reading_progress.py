"""A bar that shows how much of a trace file has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from annt_prof.text import printable
from annt_prof.views.reading_progress import reading_state

if TYPE_CHECKING:
    from rich.console import Console

    from annt_prof.trace.remote import TraceFile


class ReadingProgress:
    """Draws while it is entered, and leaves nothing behind.

    Args:
        console: Where to draw; nothing is drawn unless it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> ReadingProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, path: TraceFile, num_read: int, size: int) -> None:
        """Show that so many bytes of the file, of so many, have been read."""
        state = reading_state(path, num_read, size)
        self._progress.update(
            self._task,
            description=f"{state.doing} {printable(state.file_name)}",
            completed=state.num_read_bytes,
            total=state.size_bytes,
        )
