"""Reading a scenario file from disk."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 256 * 1024
"""A scenario is a page; a larger file is something else."""


def read_text(path: Path, kind: str = "a scenario") -> str:
    """Return what a scenario file holds, or another one of its ``kind``.

    Raises:
        UserError: No such file, not a file, too large, not readable, or not UTF-8.
    """
    where = str(path)
    try:
        if path.is_dir():
            raise UserError(f"is a directory; {kind} is a YAML file", where=where)
        if not path.exists():
            raise UserError("no such file", where=where, hint=_neighbours(path))
        if not path.is_file():
            raise UserError("is not a regular file", where=where)
        if (size := path.stat().st_size) > MAX_BYTES:
            raise UserError(
                f"{units.whole(size)} bytes; {kind} has at most {units.whole(MAX_BYTES)}: "
                "is it one?",
                where=where,
            )
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=where) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"not UTF-8: byte 0x{content[error.start]:02x}",
            where=f"{where}:{line}",
            hint="save the file as UTF-8",
        ) from error


def _neighbours(path: Path) -> str | None:
    near: list[str] = []
    if path.parent.is_dir():
        files = [file.name for file in path.parent.glob("*.y*ml")]
        near = difflib.get_close_matches(path.name, files, n=1)
    return f"did you mean {path.parent / near[0]}?" if near else None
