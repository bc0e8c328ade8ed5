"""What is said while the trace of a variant is read, and where there is none."""

from __future__ import annotations

from pathlib import Path

from annt_prof import units
from annt_prof.errors import UserError


def progress_line(variant: str, num_read_bytes: int, size_bytes: int) -> str:
    """Return how far a variant's trace is, of which so many bytes, of so many, have been read."""
    if size_bytes and num_read_bytes >= size_bytes:
        return f"analysing {variant}'s trace; Escape cancels"
    share = num_read_bytes / size_bytes if size_bytes else 0.0
    return f"reading {variant}'s trace: {units.percent(share, 0)}; Escape cancels"


def reason(variant: str, error: UserError) -> str:
    """Return why a variant has no digest, in one line."""
    # A trace without a run is called as its file is.
    named = error.where is None or variant in (error.where, Path(error.where).name)
    where = "" if named else f"{error.where}: "
    hint = f"; {error.hint}" if error.hint else ""
    return f"{variant}: {where}{error.message}{hint}"


def cancelled(where: str) -> UserError:
    """Return what is said of a trace whose reading was cancelled."""
    return UserError("its reading was cancelled", where=where, hint="F5 reads it again")


def no_trace(variant: str) -> UserError:
    """Return what is said of a variant whose record names no trace: none was made, or not yet."""
    return UserError("it has no trace", where=variant)
