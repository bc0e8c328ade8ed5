"""What items kept, in one file of limited size, complete after each of them."""

from __future__ import annotations

import gzip
import os
import tarfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 15_000_000
_SHARE = 4
"""A file takes a quarter of what is left at most, or one early item would leave no room."""

_LAST_BLOCKS = bytes(2 * tarfile.BLOCKSIZE)
_END = gzip.compress(_LAST_BLOCKS)
_GZIP = 16 + zlib.MAX_WBITS


class Archive:
    """A ``.tar.gz`` that grows.

    Each file is compressed by itself and put in place of the end mark, behind which a new one is
    written; what is in the archive already is never written again. So adding is cheap, and whoever
    is killed meanwhile loses what is being added and no more.

    Args:
        target: What an earlier part has put there stays; a file that is kept again comes last, so
            that unpacking leaves the later one.
        most_bytes: Of it.
    """

    def __init__(self, target: Path, most_bytes: int = MOST_BYTES) -> None:
        self._target = target
        self._most_bytes = most_bytes
        self._bytes = _whole_bytes(target.read_bytes()) if target.exists() else 0
        self.left_out: list[str] = []
        with target.open("r+b" if target.exists() else "w+b") as archive:
            archive.truncate(self._bytes)
            archive.seek(self._bytes)
            archive.write(_END)

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


def _whole_bytes(packed: bytes) -> int:
    """Return where the files of an archive end: at its end mark, or at what a kill cut short."""
    end = 0
    while end < len(packed):
        member = zlib.decompressobj(_GZIP)
        try:
            content = member.decompress(packed[end:])
        except zlib.error:
            break
        if not member.eof or content == _LAST_BLOCKS:
            break
        end = len(packed) - len(member.unused_data)
    return end


def _compressed(path: Path, name: str) -> bytes:
    """Return a file as an archive without an end holds it."""
    content = path.read_bytes()
    head = tarfile.TarInfo(name)
    head.size, head.mtime = len(content), path.stat().st_mtime
    padding = bytes(-len(content) % tarfile.BLOCKSIZE)
    return gzip.compress(head.tobuf() + content + padding, 6)


def _size(path: Path) -> int:
    return path.stat().st_size
