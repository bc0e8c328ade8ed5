"""A trace file's bytes, decompressed within a bound."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from io import BufferedReader
    from pathlib import Path

DEFAULT_MAX_BYTES = 4 * 2**30

_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
_CHUNK_BYTES = 2**24


class Content(NamedTuple):
    """The bytes of a trace file.

    Attributes:
        text: Decompressed.
        truncated: Whether the compressed file ends before its content does.
    """

    text: bytearray
    truncated: bool


def content(path: Path, max_bytes: int) -> Content:
    """Read a file, decompressing it if its first bytes are gzip's, whatever its name.

    A truncated file gives what can be decompressed. A damaged one is refused: what comes before
    the place where the damage shows may be wrong too.

    Args:
        path: A regular file.
        max_bytes: Bound on the decompressed size.

    Raises:
        UserError: It cannot be read, is damaged, or is larger than the bound.
    """
    if not path.is_file():
        raise UserError(
            "no such file" if not path.exists() else "not a regular file", where=str(path)
        )
    try:
        with path.open("rb") as file:
            compressed = file.read(2) == _GZIP_MAGIC
            file.seek(0)
            stream = gzip.GzipFile(fileobj=file) if compressed else file
            return _bounded(stream, path, max_bytes)
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"the compressed file is damaged: {error}", where=str(path)) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _bounded(stream: gzip.GzipFile | BufferedReader, path: Path, max_bytes: int) -> Content:
    # One allocation of max_bytes up front would fail on small machines, so it grows.
    found = bytearray()
    try:
        # read1 returns what it has, where read would lose it at a missing end.
        while chunk := stream.read1(min(_CHUNK_BYTES, max_bytes + 1 - len(found))):
            found += chunk
            if len(found) > max_bytes:
                raise UserError(
                    f"more than {max_bytes} bytes once decompressed",
                    where=str(path),
                    hint="a trace so large needs about five times as much memory; raise the "
                    "bound if it is meant (--max-size)",
                )
    except EOFError:
        return Content(found, truncated=True)
    return Content(found, truncated=False)
