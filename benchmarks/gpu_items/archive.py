"""What items kept, in one file of limited size, complete after each of them."""

from __future__ import annotations

import gzip
import os
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 15_000_000
_SHARE = 4
"""A file takes a quarter of what is left at most, or one early item would leave no room."""

_END = gzip.compress(bytes(2 * tarfile.BLOCKSIZE))


class Archive:
    """A ``.tar.gz`` that grows.

    Each file is compressed by itself and put in place of the end mark, behind which a new one is
    written; what is in the archive already is never written again. So adding is cheap, and whoever
    is killed meanwhile loses what is being added and no more.

    Args:
        target: Written anew.
        most_bytes: Of it.
    """

    def __init__(self, target: Path, most_bytes: int = MOST_BYTES) -> None:
        self._target = target
        self._most_bytes = most_bytes
        self._bytes = 0
        self.left_out: list[str] = []
        target.write_bytes(_END)

    def add(self, folder: Path) -> None:
        """Add the files of a folder under its name, the small ones first."""
        with self._target.open("r+b") as archive:
            archive.seek(self._bytes)
            files = (path for path in folder.rglob("*") if path.is_file())
            for path in sorted(files, key=_size):
                name = str(path.relative_to(folder.parent))
                member = _compressed(path, name)
                if len(member) * _SHARE > self._most_bytes - self._bytes:
                    self.left_out.append(name)
                    continue
                archive.write(member)
                self._bytes += len(member)
            archive.write(_END)
            archive.truncate()
            archive.flush()
            os.fsync(archive.fileno())


def _compressed(path: Path, name: str) -> bytes:
    """Return a file as an archive without an end holds it."""
    content = path.read_bytes()
    head = tarfile.TarInfo(name)
    head.size, head.mtime = len(content), path.stat().st_mtime
    padding = bytes(-len(content) % tarfile.BLOCKSIZE)
    return gzip.compress(head.tobuf() + content + padding, 6)


def _size(path: Path) -> int:
    return path.stat().st_size
