"""A trace file's bytes, decompressed within a bound."""

from __future__ import annotations

import gzip
import sys
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

from isal import igzip, isal_zlib

from annt_prof import units
from annt_prof.errors import UserError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator
    from io import BufferedReader

    from annt_prof.trace.remote import TraceFile

    Notify = Callable[[int, int], None]

DEFAULT_MAX_BYTES = 4 * 2**30

_GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952, section 2.3.1
# What gzip's reader says of a member that does not begin with them; the first one always does here.
_NO_MEMBER = "Not a gzipped file"
_CHUNK_BYTES = 2**18
_LONGEST_PATTERN = 2**12
_ISAL_ERROR = cast("type[Exception]", isal_zlib.error)


class BrokenOffError(Exception):
    """The compressed file is damaged, or ends before its content does; ``content`` says which."""


class Content(NamedTuple):
    """The bytes of a trace file.

    Attributes:
        text: Decompressed.
        truncated: Whether the compressed file ends before its content, or that content's check
            sum, does.
        misnamed: Whether the file is named like a compressed one and is none.
        compressed: Whether the file is.
    """

    text: bytearray
    truncated: bool = False
    misnamed: bool = False
    compressed: bool = False

    @property
    def counted_in(self) -> str:
        """What a place in the text is a place of, for messages."""
        return "of the decompressed file" if self.compressed else "of the file"


def content(path: TraceFile, max_bytes: int) -> Content:
    """Read a file, decompressing it if its first bytes are gzip's, whatever its name.

    A truncated file gives what can be decompressed. A damaged one is refused: what comes before
    the place where the damage shows may be wrong too.

    Args:
        path: A regular file.
        max_bytes: Bound on the decompressed size.

    Raises:
        UserError: It cannot be read, is damaged, or is larger than the bound.
    """
    # One allocation of max_bytes up front would fail on small machines, so it grows.
    text = bytearray()
    try:
        for chunk in _pieces(path, max_bytes, gzip.GzipFile):
            text += chunk
    except EOFError:
        return Content(text, truncated=True, compressed=True)
    except (gzip.BadGzipFile, zlib.error) as error:
        if str(error).startswith(_NO_MEMBER):
            raise UserError(
                "the compressed file is damaged: what follows its compressed content is no gzip "
                "(trailing garbage)",
                where=str(path),
                hint="gzip -dc gives the content without what follows it",
            ) from None
        raise UserError(
            f"the compressed file is damaged: {error}",
            where=str(path),
            hint="copy the file again from where it was written; gzip -t tells whether a copy is "
            "whole",
        ) from None
    compressed = is_compressed(path)
    misnamed = path.suffix.lower() == ".gz" and not compressed
    return Content(text, misnamed=misnamed, compressed=compressed)


def chunks(path: TraceFile, max_bytes: int, notify: Notify | None = None) -> Iterator[bytes]:
    """Yield the content of a whole file a piece at a time.

    Decompressed with ISA-L, in a quarter of zlib's time (benchmarks/README.md). At a missing end
    it loses what it has of a piece, where zlib, which ``content`` uses, gives it.

    Args:
        path: A regular file.
        max_bytes: Bound on the decompressed size.
        notify: Told before each piece how many bytes of the file have been read, and its size.

    Raises:
        UserError: It cannot be read, or is larger than the bound.
        BrokenOffError: It is compressed, and damaged or without its end.
    """
    try:
        yield from _pieces(path, max_bytes, igzip.IGzipFile, notify)
    except (EOFError, gzip.BadGzipFile, _ISAL_ERROR) as error:
        raise BrokenOffError from error


def beginning(path: TraceFile, num_bytes: int) -> bytes:
    """Return the first bytes of a file's content that could be read before.

    Args:
        path: A regular file.
        num_bytes: As many, if it has them.
    """
    text = b""
    try:
        for piece in _pieces(path, sys.maxsize - 1, gzip.GzipFile):
            text += piece
            if len(text) >= num_bytes:
                break
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass  # it is damaged behind this place
    return text[:num_bytes]


def place_of(path: TraceFile, pattern: re.Pattern[bytes]) -> str | None:
    """Say where in a file's content something stands first, that could be read before.

    Args:
        path: A regular file.
        pattern: Of less than 4 kB; it is the place where the match ends.
    """
    text, dropped = b"", 0
    try:
        for piece in _pieces(path, sys.maxsize - 1, gzip.GzipFile):
            text += piece
            if (match := pattern.search(text)) is not None:
                counted_in = Content(bytearray(), compressed=is_compressed(path)).counted_in
                return f"at byte {units.whole(dropped + match.end())} {counted_in}"
            dropped += max(len(text) - _LONGEST_PATTERN, 0)
            text = text[-_LONGEST_PATTERN:]
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass  # it is damaged behind this place
    return None


def is_compressed(path: TraceFile) -> bool:
    """Tell whether a file's first bytes are gzip's, whatever its name is."""
    with path.open("rb") as file:
        return file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC


@contextmanager
def refusing_unreadable(path: TraceFile) -> Iterator[None]:
    """Say of a file that the system does not let read what the system says."""
    try:
        yield
    except gzip.BadGzipFile:  # an OSError by its class
        raise
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror or error}", where=str(path)) from None


def _pieces(
    path: TraceFile,
    max_bytes: int,
    decompressed: type[gzip.GzipFile],
    notify: Notify | None = None,
) -> Iterator[bytes]:
    if not path.is_file():
        raise UserError(
            "no such file" if not path.exists() else "not a regular file", where=str(path)
        )
    with refusing_unreadable(path):
        size, compressed = path.stat().st_size, is_compressed(path)
        with path.open("rb") as file:
            stream = decompressed(fileobj=file) if compressed else file
            for chunk in _bounded(stream, path, max_bytes):
                if notify is not None:
                    notify(file.tell(), size)
                yield chunk


def _bounded(
    stream: gzip.GzipFile | BufferedReader, path: TraceFile, max_bytes: int
) -> Iterator[bytes]:
    length = 0
    # read1 returns what it has, where read would lose it at a missing end.
    while chunk := stream.read1(min(_CHUNK_BYTES, max_bytes + 1 - length)):
        length += len(chunk)
        if length > max_bytes:
            raise UserError(
                f"more than {units.whole(max_bytes)} bytes once decompressed",
                where=str(path),
                hint="a trace needs about its size in memory, a damaged one five times as much; "
                "raise the bound if it is meant (--max-size)",
            )
        yield chunk
