"""A file of lines that somebody else appends to, read as it grows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from os import stat_result
    from pathlib import Path


class GrowingFile:
    """Reads the whole lines that were appended since it was last asked.

    A last line that is still being written waits for its rest. A file that has shrunk, or whose
    first line has changed, is another one and read from its start.

    Args:
        path: It need not be there yet.

    Attributes:
        path: As given.
        num_replaced: How often the file turned out to be another one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.num_replaced = 0
        self._offset = 0
        self._first = b""
        self._inode: int | None = None

    def new_lines(self) -> tuple[bytes, ...]:
        """Return them, without their ends; with nothing new it costs one look at the size."""
        try:
            found = self.path.stat()
        except OSError:
            return ()
        unchanged = found.st_ino == self._inode and found.st_size == self._offset
        if unchanged or not found.st_size:
            return ()
        try:
            return self._read(found)
        except OSError:  # it may be gone by now
            return ()

    def _read(self, found: stat_result) -> tuple[bytes, ...]:
        with self.path.open("rb") as file:
            shrunk = found.st_size < self._offset
            if self._offset and (shrunk or file.read(len(self._first)) != self._first):
                self.num_replaced += 1
                self._offset, self._first = 0, b""
            self._inode = found.st_ino
            file.seek(self._offset)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        if not self._offset:
            self._first = whole[: whole.find(b"\n") + 1]
        self._offset += len(whole)
        return tuple(whole.split(b"\n")[:-1])
