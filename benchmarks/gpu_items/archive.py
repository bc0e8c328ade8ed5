"""What items kept, in one file of limited size."""

from __future__ import annotations

import gzip
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 15_000_000


def pack(folder: Path, target: Path, most_bytes: int = MOST_BYTES) -> tuple[str, ...]:
    """Pack the files of a folder, the small ones first, and return the names of what is left out.

    Args:
        folder: Whose files are packed.
        target: A ``.tar.gz``.
        most_bytes: Of the packed file, told from each file packed by itself.
    """
    files = sorted((path for path in folder.rglob("*") if path.is_file()), key=_size)
    packed, left_out = 0, []
    with tarfile.open(target, "w:gz") as archive:
        for path in files:
            name = str(path.relative_to(folder))
            cost = len(gzip.compress(path.read_bytes(), 6)) + tarfile.BLOCKSIZE
            if packed + cost > most_bytes:
                left_out.append(name)
                continue
            archive.add(path, name)
            packed += cost
    return tuple(left_out)


def _size(path: Path) -> int:
    return path.stat().st_size
