"""How a digest lies in its file: MessagePack, with the columns of the lanes as raw bytes."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from annt_prof.analysis.analysis import Analysis
from annt_prof.analysis.lanes.lanes import Lane, Lanes
from annt_prof.analysis.tables.kernel_parts import KernelParts
from annt_prof.analysis.tables.operator_table import OperatorTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAGIC = b"annt-prof digest 1\n"
_SUM_BYTES = 16


class Header(msgspec.Struct, frozen=True):
    """What a digest is of.

    Attributes:
        version: Of the analysis that made it.
        checksum: Of the trace.
    """

    version: str
    checksum: str


class Tables(msgspec.Struct, frozen=True):
    """What a digest holds beside the lanes.

    Attributes:
        analysis: With long tables.
        operators: None of a trace without any.
        kernel_parts: Each kernel's time by what launched it; None of a trace without kernels.
    """

    analysis: Analysis
    operators: OperatorTable | None
    kernel_parts: KernelParts | None


class _Column(msgspec.Struct, frozen=True):
    dtype: str
    content: bytes


class _Body(msgspec.Struct, frozen=True):
    tables: Tables
    lanes: tuple[Lane, ...]
    names: tuple[str, ...]
    step_names: tuple[str, ...]
    origin_ns: int
    columns: dict[str, _Column]


_NO_COLUMNS = ("lanes", "names", "step_names", "origin_ns")
_COLUMNS = tuple(field.name for field in fields(Lanes) if field.name not in _NO_COLUMNS)


def encode(header: Header, tables: Tables, lanes: Lanes) -> bytes:
    """Return a digest as bytes, with a sum by which damage is told."""
    columns = {}
    for name in _COLUMNS:
        column: NDArray[Any] = getattr(lanes, name)
        little = column.astype(column.dtype.newbyteorder("<"), copy=False)
        columns[name] = _Column(little.dtype.str, little.tobytes())
    body = msgspec.msgpack.encode(
        _Body(tables, lanes.lanes, lanes.names, lanes.step_names, lanes.origin_ns, columns)
    )
    head = msgspec.msgpack.encode(header)
    rest = len(head).to_bytes(4, "little") + head + body
    return _MAGIC + _sum(rest) + rest


def header_of(content: bytes) -> Header | None:
    """Return what a digest is of; None of a file that is none, or is damaged."""
    start = len(_MAGIC) + _SUM_BYTES
    rest = memoryview(content)[start:]
    if not content.startswith(_MAGIC) or content[len(_MAGIC) : start] != _sum(rest):
        return None
    return msgspec.msgpack.decode(rest[4 : 4 + int.from_bytes(rest[:4], "little")], type=Header)


def decode(content: bytes) -> tuple[Tables, Lanes] | None:
    """Return what a digest holds, of whose ``header_of`` is not None.

    None where its shape is another than this version's, which another header should have told.
    """
    rest = memoryview(content)[len(_MAGIC) + _SUM_BYTES :]
    body_start = 4 + int.from_bytes(rest[:4], "little")
    try:
        body = msgspec.msgpack.decode(rest[body_start:], type=_Body)
    except msgspec.DecodeError:
        return None
    columns = {name: _array(column) for name, column in body.columns.items()}
    if set(columns) != set(_COLUMNS):
        return None
    lanes = Lanes(
        lanes=body.lanes,
        names=body.names,
        step_names=body.step_names,
        origin_ns=body.origin_ns,
        **columns,
    )
    return body.tables, lanes


def _array(column: _Column) -> NDArray[Any]:
    found: NDArray[Any] = np.frombuffer(column.content, np.dtype(column.dtype))
    if sys.byteorder == "big":
        return found.astype(found.dtype.newbyteorder("="))
    return found


def _sum(content: bytes | memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=_SUM_BYTES).digest()
