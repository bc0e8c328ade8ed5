"""The events of one or more documents to columns."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from annt_prof.errors import UserError
from annt_prof.trace.columns import (
    MISSING,
    Allocations,
    Events,
    ForwardLinks,
    Geometry,
    Kind,
    Message,
)
from annt_prof.trace.document import Arguments, Number
from annt_prof.trace.instants import LIMIT_NS, nanoseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from annt_prof.trace.document import Event

# Source: kineto's ActivityType.cpp, now and before 2022, when categories were capitalised.
_KINDS = {
    "cpu_op": Kind.OPERATOR,
    "operator": Kind.OPERATOR,
    "user_annotation": Kind.ANNOTATION,
    "gpu_user_annotation": Kind.DEVICE_ANNOTATION,
    "cuda_runtime": Kind.RUNTIME,
    "hip_runtime": Kind.RUNTIME,
    "xpu_runtime": Kind.RUNTIME,
    "privateuse1_runtime": Kind.RUNTIME,
    "runtime": Kind.RUNTIME,
    "cuda_driver": Kind.DRIVER,
    "xpu_driver": Kind.DRIVER,
    "privateuse1_driver": Kind.DRIVER,
    "driver": Kind.DRIVER,
    "kernel": Kind.KERNEL,
    "gpu_memcpy": Kind.MEMCPY,
    "memcpy": Kind.MEMCPY,
    "gpu_memset": Kind.MEMSET,
    "memset": Kind.MEMSET,
    "cuda_sync": Kind.DEVICE_SYNC,
    "python_function": Kind.PYTHON,
    "python function": Kind.PYTHON,
    "overhead": Kind.OVERHEAD,
    "trace": Kind.PROFILER,
}
_FORWARD_LINKS = ("fwdbwd", "forward_backward")
_NO_ARGUMENTS = Arguments()
_INT64_LIMIT = 2**63

_IDS = ("device", "stream", "correlation", "external_id", "old_external_id", "sequence", "bytes")
_MEMORY = (
    "memory_bytes",
    "address",
    "device_type",
    "device_id",
    "total_allocated",
    "total_reserved",
)

Integer = TypeVar("Integer", bound=np.integer[Any])
Columns = TypeVar("Columns", Events, Allocations, ForwardLinks)


class Table:
    """Collects events in the order of the file.

    Args:
        where: The file, for messages.

    Attributes:
        num_clamped: Durations that were negative or overflowing, taken as 0.
        num_timeless: Complete events left out because they have no start.
    """

    def __init__(self, where: str) -> None:
        self.num_clamped = 0
        self.num_timeless = 0
        self._where = where
        self._names: dict[str, int] = {}
        self._threads: dict[tuple[int | str, int | str], int] = {}
        self._geometries: dict[Geometry, int] = {}
        self._messages: dict[Message, int] = {}
        self._events: list[Events] = []
        self._allocations: list[Allocations] = []
        self._forward_links: list[ForwardLinks] = []

    def add(self, listed: Sequence[Event]) -> None:
        """Append events.

        Raises:
            UserError: A start is no number.
        """
        complete = [event for event in listed if event.ph == "X"]
        timed = [event for event in complete if bytes(event.ts)]
        self.num_timeless += len(complete) - len(timed)
        self._events.append(self._complete(timed))
        memory = [e for e in listed if e.name == "[memory]" and e.ph == "i" and bytes(e.ts)]
        self._allocations.append(self._memory(memory))
        links = [e for e in listed if e.cat in _FORWARD_LINKS and e.ph == "s" and bytes(e.ts)]
        self._forward_links.append(ForwardLinks(self._starts(links), self._rows(links)))

    @property
    def names(self) -> tuple[str, ...]:
        """Event names by index."""
        return tuple(self._names)

    @property
    def threads(self) -> tuple[tuple[int | str, int | str], ...]:
        """``(pid, tid)`` by index."""
        return tuple(self._threads)

    @property
    def geometries(self) -> tuple[Geometry, ...]:
        """Launch geometries by index."""
        return tuple(self._geometries)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What communication kernels carried, by index."""
        return tuple(self._messages)

    def events(self) -> Events:
        """Return all complete events so far."""
        return _joined(Events, self._events)

    def allocations(self) -> Allocations:
        """Return all memory events so far."""
        return _joined(Allocations, self._allocations)

    def forward_links(self) -> ForwardLinks:
        """Return all forward-backward flows so far."""
        return _joined(ForwardLinks, self._forward_links)

    def _complete(self, timed: list[Event]) -> Events:
        start_ns = self._starts(timed)
        duration_ns, num_clamped = _durations(_each("dur", timed))
        self.num_clamped += num_clamped
        arguments = [event.args or _NO_ARGUMENTS for event in timed]
        ids = _integer_columns(_IDS, arguments)
        kind = _indices(_each("cat", timed), _kind, np.int8)
        geometry, occupancy = self._launches(arguments, kind)
        return Events(
            start_ns=start_ns,
            end_ns=start_ns + duration_ns,
            kind=kind,
            name=_indices(
                _each("name", timed), lambda name: _index(self._names, _text(name)), np.int32
            ),
            thread=self._rows(timed),
            device=ids["device"],
            stream=ids["stream"],
            correlation=ids["correlation"],
            external_id=np.where(
                ids["external_id"] == MISSING, ids["old_external_id"], ids["external_id"]
            ),
            sequence=ids["sequence"],
            bytes=ids["bytes"],
            geometry=geometry,
            occupancy=occupancy,
            message=self._carried(arguments, kind),
        )

    def _launches(
        self, arguments: list[Arguments], kind: NDArray[np.int8]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the geometry and the occupancy of each kernel."""
        geometry = np.full(len(arguments), MISSING, np.int32)
        occupancy = np.full(len(arguments), np.nan, np.float32)
        kernels = np.flatnonzero(kind == Kind.KERNEL)
        launched = [arguments[i] for i in kernels]
        geometry[kernels] = _indices(
            [(bytes(each.grid), bytes(each.block)) for each in launched],
            lambda written: _geometry(self._geometries, *written),
            np.int32,
        )
        occupancy[kernels] = [_percent(each.occupancy) for each in launched]
        return geometry, occupancy

    def _carried(self, arguments: list[Arguments], kind: NDArray[np.int8]) -> NDArray[np.int32]:
        """Return the message of each kernel that tells one."""
        message = np.full(len(arguments), MISSING, np.int32)
        for place in np.flatnonzero(kind == Kind.KERNEL):
            told = arguments[place]
            if bytes(told.collective) or bytes(told.in_elements):
                message[place] = _index(self._messages, _message(told))
        return message

    def _memory(self, found: list[Event]) -> Allocations:
        columns = _integer_columns(_MEMORY, [event.args or _NO_ARGUMENTS for event in found])
        columns["bytes"] = columns.pop("memory_bytes")
        return Allocations(time_ns=self._starts(found), thread=self._rows(found), **columns)

    def _starts(self, events: list[Event]) -> NDArray[np.int64]:
        try:
            return nanoseconds([event.ts for event in events])
        except ValueError as error:
            shown = repr(str(error)[:80])
            raise UserError(
                f"an event's ts is {shown}, not microseconds", where=self._where
            ) from None

    def _rows(self, events: list[Event]) -> NDArray[np.int32]:
        """Return each event's index into the threads."""
        written = list(zip(_each("pid", events), _each("tid", events), strict=True))
        return _indices(
            written,
            lambda key: _index(self._threads, (_identity(key[0]), _identity(key[1]))),
            np.int32,
        )


def _joined(kind: type[Columns], parts: list[Columns]) -> Columns:
    return kind(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(kind))
    )


def _each(field: str, rows: Sequence[object]) -> list[Any]:
    return list(map(attrgetter(field), rows))


def _indices(
    values: list[Any], index: Callable[[Any], int], dtype: type[Integer]
) -> NDArray[Integer]:
    """Give each different value its index, in the order in which they first appear."""
    known = {value: index(value) for value in dict.fromkeys(values)}
    return np.fromiter(map(known.__getitem__, values), dtype, len(values))


def _index(table: dict[Any, int], key: object) -> int:
    return table.setdefault(key, len(table))


def _kind(category: str | None) -> int:
    return _KINDS.get((category or "").lower(), Kind.OTHER)


def _text(name: str | int | None) -> str:
    return "" if name is None else str(name)


def _geometry(known: dict[Geometry, int], grid: bytes, block: bytes) -> int:
    try:
        written = (msgspec.json.decode(text, type=tuple[int, int, int]) for text in (grid, block))
        return _index(known, Geometry(*written))
    except msgspec.DecodeError:
        return MISSING


def _message(told: Arguments) -> Message:
    sequence, sent, received = (
        None if value is None else integer(value)
        for value in map(_told, (told.sequence_in_group, told.in_elements, told.out_elements))
    )
    collective, group, dtype = (
        None if value is None else str(value)
        for value in map(_told, (told.collective, told.group, told.dtype))
    )
    return Message(collective, group, sequence, sent, received, dtype)


def _told(written: msgspec.Raw) -> Number:
    """Return a plain value; None where there is none, or a list, which says nothing here."""
    try:
        value: Number = msgspec.json.decode(written, type=Number)
    except msgspec.DecodeError:
        return None
    return value


def _percent(value: Number) -> float:
    """Return NaN for what is no percentage; kineto clips at 100, and writes 0 where it fails."""
    return float(value) if isinstance(value, int | float) and 0 < value <= 100 else np.nan


def _durations(values: list[Number]) -> tuple[NDArray[np.int64], int]:
    """Convert microseconds to ns, shape (n,), and count those taken as 0.

    Durations are short enough for a double: it holds 26 days to the nanosecond.
    """
    try:
        micros = np.array([0 if value is None else value for value in values], np.float64)
    except ValueError:
        micros = np.array([_float(value) for value in values], np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # such durations are damaged: see below
        nanos = np.rint(micros * 1000)
    damaged = ~((nanos >= 0) & (nanos < LIMIT_NS))
    return np.where(damaged, 0, nanos).astype(np.int64), int(damaged.sum())


def _float(value: Number) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return -1.0


def _identity(value: Number) -> int | str:
    if type(value) is int:
        return value
    number = integer(value)
    return str(value) if number is None else number


def _integer_columns(
    names: tuple[str, ...], rows: Sequence[Arguments]
) -> dict[str, NDArray[np.int64]]:
    """Convert ids to columns of shape (n,); what is absent or no integer becomes ``MISSING``."""
    try:
        matrix = np.array(list(map(attrgetter(*names), rows)))
    except OverflowError:
        matrix = np.empty(0)
    if matrix.dtype == np.int64 and matrix.ndim == 2:
        return {name: np.ascontiguousarray(matrix[:, i]) for i, name in enumerate(names)}
    return {name: _integers(_each(name, rows)) for name in names}


def _integers(values: list[Number]) -> NDArray[np.int64]:
    values = [value if type(value) is int else _or_missing(value) for value in values]
    try:
        return np.array(values, np.int64)
    except OverflowError:
        limited = [value if abs(int(value or 0)) < _INT64_LIMIT else MISSING for value in values]
        return np.array(limited, np.int64)


def _or_missing(value: Number) -> int:
    number = integer(value)
    return MISSING if number is None else number


def integer(value: Number) -> int | None:
    """Return what a number in any of the dialects says, or None."""
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value, 0) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None
