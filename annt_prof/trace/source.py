"""A trace file's bytes, decompressed within a bound."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_MAX_BYTES = 4 * 2**30

_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
_CHUNK_BYTES = 2**24


def content(path: Path, max_bytes: int) -> bytearray:
    """Read a file, decompressing it if its first bytes are gzip's, whatever its name.

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
            stream = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if compressed else file
            return _bounded(stream, path, max_bytes)
    except EOFError:
        raise UserError(
            "the compressed file is truncated: its end is missing",
            where=str(path),
            hint="the program that wrote it was probably stopped; record the trace again",
        ) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UserError(f"the compressed file is damaged: {error}", where=str(path)) from None
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _bounded(stream: BinaryIO, path: Path, max_bytes: int) -> bytearray:
    # One allocation of max_bytes up front would fail on small machines, so it grows.
    found = bytearray()
    while chunk := stream.read(min(_CHUNK_BYTES, max_bytes + 1 - len(found))):
        found += chunk
        if len(found) > max_bytes:
            raise UserError(
                f"more than {max_bytes} bytes once decompressed",
                where=str(path),
                hint="a trace so large needs about five times as much memory; raise the bound "
                "if it is meant",
            )
    return found
