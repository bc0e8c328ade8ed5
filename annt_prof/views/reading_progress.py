"""How much of a trace file has been read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from annt_prof.trace.remote import TraceFile


class ReadingState(msgspec.Struct, frozen=True):
    """What goes on with a file.

    Attributes:
        doing: ``analysing`` once all of it is read.
        num_read_bytes, size_bytes: So much, of so much.
    """

    file_name: str
    doing: Literal["reading", "analysing"]
    num_read_bytes: int
    size_bytes: int


def reading_state(path: TraceFile, num_read_bytes: int, size_bytes: int) -> ReadingState:
    """Return what goes on when so many bytes of the file, of so many, have been read."""
    doing: Literal["reading", "analysing"] = (
        "reading" if num_read_bytes < size_bytes else "analysing"
    )
    return ReadingState(path.name, doing, num_read_bytes, size_bytes)
