"""Digests of traces: what screens need of one, kept beside it and never shown once it is stale."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import annt_prof
from annt_prof.analysis.analysis import analyze_timeline
from annt_prof.analysis.lanes.building import build_lanes
from annt_prof.analysis.tables.kernel_parts import kernel_parts
from annt_prof.analysis.tables.operator_table import operator_table
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.errors import UserError
from annt_prof.runs.digest_file import Header, Tables, decode, encode, header_of
from annt_prof.runs.store import write_atomically
from annt_prof.trace.reading import read
from annt_prof.trace.source import refusing_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.analysis import Analysis
    from annt_prof.analysis.lanes.lanes import Lanes
    from annt_prof.analysis.tables.kernel_parts import KernelParts
    from annt_prof.analysis.tables.operator_table import OperatorTable
    from annt_prof.trace.source import Notify

SUFFIX = ".digest"

_TOP = 2_000
"""Rows of each table: more than any network has kernels by name, and what a screen lays out."""
_CHUNK_BYTES = 2**20
_SOURCES = (
    "analysis",
    "trace",
    "categories.py",
    "errors.py",
    "mistakes.py",
    "units.py",
    "runs/digests.py",
    "runs/digest_file.py",
)


@dataclass(frozen=True, eq=False)
class Digest:
    """What screens need of one trace.

    Attributes:
        analysis: With all kernels by name, up to ``_TOP``, and as many gaps.
        operators: As many by name; None of a trace without any.
        kernel_parts: Each kernel's time by what launched it; None of a trace without kernels.
        lanes: Items of its steps.
        checksum: Of the trace file that both are of.
    """

    analysis: Analysis
    operators: OperatorTable | None
    kernel_parts: KernelParts | None
    lanes: Lanes
    checksum: str


def cache_path(trace: Path) -> Path:
    """Return where the digest of a trace is kept."""
    return trace.with_name(trace.name + SUFFIX)


def digest(trace: Path, notify: Notify | None = None) -> Digest:
    """Make the digest of a trace, and keep it where the folder can be written.

    Args:
        trace: Of any PyTorch program.
        notify: As of ``read``.

    Raises:
        UserError: It cannot be read or is no trace, has no steps, or changed meanwhile.
    """
    made = make(trace, notify)
    keep(made, cache_path(trace))
    return made


def make(trace: Path, notify: Notify | None = None) -> Digest:
    """Make the digest of a trace; raises likewise."""
    checksum = checksum_of(trace)
    timeline = Timeline(read(trace, notify=notify))
    made = Digest(
        analyze_timeline(timeline, _TOP),
        operator_table(timeline, _TOP),
        kernel_parts(timeline),
        build_lanes(timeline),
        checksum,
    )
    if checksum_of(trace) != checksum:
        raise UserError(
            "the file changed while it was read", where=str(trace), hint="open it again"
        )
    return made


def keep(made: Digest, path: Path) -> bool:
    """Write a digest, whole or not at all; whether it could be written."""
    header = Header(analysis_version(), made.checksum)
    tables = Tables(made.analysis, made.operators, made.kernel_parts)
    try:
        write_atomically(path, encode(header, tables, made.lanes))
    except OSError:
        return False
    return True


def recall(trace: Path) -> Digest | None:
    """Return the digest that is kept of a trace; None where there is none that is still right.

    Right is what this version of the analysis made of the very bytes that the trace has now.

    Raises:
        UserError: The trace cannot be read.
    """
    return load(cache_path(trace), trace)


def load(path: Path, trace: Path) -> Digest | None:
    """Return the digest in a file if it is right for a trace; raises likewise."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header = header_of(content)
    if header is None or header.version != analysis_version():
        return None
    if header.checksum != checksum_of(trace):
        return None
    decoded = decode(content)
    if decoded is None:
        return None
    tables, lanes = decoded
    # A run may have been moved or copied since, with its digests.
    analysis = msgspec.structs.replace(tables.analysis, source=str(trace))
    return Digest(analysis, tables.operators, tables.kernel_parts, lanes, header.checksum)


def checksum_of(trace: Path) -> str:
    """Return the BLAKE2b sum of a file's bytes.

    Raises:
        UserError: It cannot be read.
    """
    if not trace.is_file():
        raise UserError(
            "no such file" if not trace.exists() else "not a regular file", where=str(trace)
        )
    total = hashlib.blake2b(digest_size=16)
    with refusing_unreadable(trace), trace.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            total.update(chunk)
    return total.hexdigest()


@cache
def analysis_version() -> str:
    """Return what tells this analysis from any other: a sum over the source that makes digests."""
    root = Path(annt_prof.__file__).parent
    total = hashlib.blake2b(digest_size=16)
    for file in _source_files(root):
        content = file.read_bytes()
        total.update(f"{file.relative_to(root).as_posix()} {len(content)} ".encode())
        total.update(content)
    return total.hexdigest()


def _source_files(root: Path) -> Iterator[Path]:
    for name in _SOURCES:
        place = root / name
        yield from sorted(place.rglob("*.py")) if place.is_dir() else [place]
