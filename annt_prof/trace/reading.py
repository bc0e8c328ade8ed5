"""Reads a Kineto trace file, of any PyTorch version, without torch."""

from __future__ import annotations

import gc
import re
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from annt_prof.errors import UserError
from annt_prof.trace.columns import MISSING, Allocations, Events, ForwardLinks, Kind, Trace
from annt_prof.trace.document import (
    Arguments,
    DeviceProperties,
    DistributedInfo,
    Document,
    Event,
    LooseDocument,
    Number,
)
from annt_prof.trace.instants import LIMIT_NS, nanoseconds
from annt_prof.trace.salvage import whole_events
from annt_prof.trace.source import DEFAULT_MAX_BYTES, content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from annt_prof.trace.source import Content

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
_NO_ARGUMENTS = Arguments()
_INT64_LIMIT = 2**63

Integer = TypeVar("Integer", bound=np.integer[Any])


def read(path: Path, max_bytes: int = DEFAULT_MAX_BYTES) -> Trace:
    """Read ``.json`` or ``.json.gz`` into columns.

    Args:
        path: The trace file.
        max_bytes: Bound on the decompressed size.

    A file without its end gives the events before it; ``Trace.losses`` says so.

    Raises:
        UserError: The file cannot be read, is damaged, is no JSON, holds no ``traceEvents``,
            breaks off before its first whole event, has a time that is no number, or is larger
            than ``max_bytes``.
    """
    with _without_garbage_collection():
        return _read(path, max_bytes)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Spare the collector a million objects without cycles; it would take a third of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read(path: Path, max_bytes: int) -> Trace:
    document, num_malformed, losses = _decode(content(path, max_bytes), str(path))
    if document.traceEvents is msgspec.UNSET:
        raise UserError("not a PyTorch trace: it has no traceEvents", where=str(path))
    timed = [event for event in document.traceEvents if event.ph == "X" and bytes(event.ts)]
    num_malformed += sum(event.ph == "X" for event in document.traceEvents) - len(timed)
    links = [
        event
        for event in document.traceEvents
        if event.ph == "s" and event.cat in ("fwdbwd", "forward_backward") and bytes(event.ts)
    ]
    names: dict[str, int] = {}
    threads: dict[tuple[int | str, int | str], int] = {}
    events, num_clamped = _columns(timed, names, threads, str(path))
    distributed = document.distributedInfo or DistributedInfo()
    return Trace(
        source=str(path),
        events=events,
        names=tuple(names),
        allocations=_allocations(document.traceEvents, threads, str(path)),
        forward_links=ForwardLinks(_starts(links, str(path)), _threads(links, threads)),
        threads=tuple(threads),
        rank=_optional(distributed.rank),
        world_size=_optional(distributed.world_size),
        backend=distributed.backend,
        device_names=tuple(device.name or "" for device in document.deviceProperties),
        num_clamped=num_clamped,
        num_malformed=num_malformed,
        losses=losses,
    )


def _decode(found: Content, where: str) -> tuple[Document, int, tuple[str, ...]]:
    text = found.text
    try:
        if _is_list(text):
            return Document(traceEvents=msgspec.json.decode(text, type=list[Event])), 0, ()
        return msgspec.json.decode(text, type=Document), 0, ()
    except msgspec.ValidationError:
        return *_decode_each(text, where), ()
    except msgspec.DecodeError as error:
        if found.truncated or _is_at_the_end(error, len(text)):
            return _salvage(text, where)
        raise UserError(f"not JSON: {error}", where=where) from None
    except UnicodeDecodeError as error:
        raise UserError(f"not JSON: {error.reason} at byte {error.start}", where=where) from None
    except RecursionError:
        raise UserError("not a PyTorch trace: nested too deeply", where=where) from None


def _is_at_the_end(error: msgspec.DecodeError, length: int) -> bool:
    """Tell a missing end from a mistake; a number or a word that is cut counts as the first."""
    place = re.search(r"\(byte (\d+)\)", str(error))
    return "truncated" in str(error) or (place is not None and int(place[1]) >= length)


def _salvage(text: bytearray, where: str) -> tuple[Document, int, tuple[str, ...]]:
    salvaged = whole_events(text, is_list=_is_list(text))
    if salvaged is None:
        raise UserError(
            "the file breaks off before its first whole event" if text else "the file is empty",
            where=where,
            hint="the program that wrote it was probably stopped; record the trace again",
        )
    document, num_lost = salvaged
    num_whole = len(document.traceEvents or ())
    return (
        document,
        0,
        (
            f"the file breaks off: {num_whole:,} events are whole, {num_lost:,} bytes after them "
            "and all that was never written are lost",
        ),
    )


def _is_list(text: bytearray) -> bool:
    """Tell whether the document is the bare list of events that Chrome's format also allows."""
    return text[:64].lstrip()[:1] == b"["


def _decode_each(text: bytearray, where: str) -> tuple[Document, int]:
    """Decode the events one at a time and leave out those with impossible types."""
    try:
        if _is_list(text):
            loose = LooseDocument(msgspec.json.decode(text, type=list[msgspec.Raw]))
        else:
            loose = msgspec.json.decode(text, type=LooseDocument)
    except msgspec.DecodeError as error:
        raise UserError(f"not a PyTorch trace: {error}", where=where) from None
    events, num_malformed = [], 0
    for raw in loose.traceEvents:
        try:
            events.append(msgspec.json.decode(raw, type=Event))
        except msgspec.DecodeError:
            num_malformed += 1
    document = Document(traceEvents=events)
    try:
        document.distributedInfo = msgspec.json.decode(loose.distributedInfo, type=DistributedInfo)
        document.deviceProperties = msgspec.json.decode(
            loose.deviceProperties, type=list[DeviceProperties]
        )
    except msgspec.DecodeError:
        pass  # the header only adds what the events do not tell
    return document, num_malformed


def _columns(
    timed: list[Event],
    names: dict[str, int],
    threads: dict[tuple[int | str, int | str], int],
    where: str,
) -> tuple[Events, int]:
    start_ns = _starts(timed, where)
    duration_ns, num_clamped = _durations(_each("dur", timed))
    arguments = [event.args or _NO_ARGUMENTS for event in timed]
    external_id = _integers(_each("external_id", arguments))
    old_external_id = _integers(_each("old_external_id", arguments))
    events = Events(
        start_ns=start_ns,
        end_ns=start_ns + duration_ns,
        kind=_indices(_each("cat", timed), _kind, np.int8),
        name=_indices(_each("name", timed), lambda name: _index(names, _text(name)), np.int32),
        thread=_threads(timed, threads),
        device=_integers(_each("device", arguments)),
        stream=_integers(_each("stream", arguments)),
        correlation=_integers(_each("correlation", arguments)),
        external_id=np.where(external_id == MISSING, old_external_id, external_id),
        sequence=_integers(_each("sequence", arguments)),
        bytes=_integers(_each("bytes", arguments)),
    )
    return events, num_clamped


def _allocations(
    listed: list[Event], threads: dict[tuple[int | str, int | str], int], where: str
) -> Allocations:
    found = [e for e in listed if e.ph == "i" and e.name == "[memory]" and bytes(e.ts)]
    arguments = [event.args or _NO_ARGUMENTS for event in found]
    return Allocations(
        time_ns=_starts(found, where),
        thread=_threads(found, threads),
        bytes=_integers(_each("memory_bytes", arguments)),
        address=_integers(_each("address", arguments)),
        device_type=_integers(_each("device_type", arguments)),
        device_id=_integers(_each("device_id", arguments)),
        total_allocated=_integers(_each("total_allocated", arguments)),
        total_reserved=_integers(_each("total_reserved", arguments)),
    )


def _each(field: str, rows: Sequence[object]) -> list[Any]:
    return list(map(attrgetter(field), rows))


def _indices(
    values: list[Any], index: Callable[[Any], int], dtype: type[Integer]
) -> NDArray[Integer]:
    """Give each different value its index, in the order in which they first appear."""
    known = {value: index(value) for value in dict.fromkeys(values)}
    return np.array([known[value] for value in values], dtype)


def _index(table: dict[Any, int], key: object) -> int:
    return table.setdefault(key, len(table))


def _kind(category: str | None) -> int:
    return _KINDS.get((category or "").lower(), Kind.OTHER)


def _text(name: str | int | None) -> str:
    return "" if name is None else str(name)


def _starts(events: list[Event], where: str) -> NDArray[np.int64]:
    try:
        return nanoseconds([event.ts for event in events])
    except ValueError as error:
        shown = repr(str(error)[:80])
        raise UserError(f"an event's ts is {shown}, not microseconds", where=where) from None


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


def _threads(
    events: list[Event], threads: dict[tuple[int | str, int | str], int]
) -> NDArray[np.int32]:
    written = list(zip(_each("pid", events), _each("tid", events), strict=True))
    return _indices(
        written, lambda key: _index(threads, (_identity(key[0]), _identity(key[1]))), np.int32
    )


def _identity(value: Number) -> int | str:
    if type(value) is int:
        return value
    number = _optional(value)
    return str(value) if number is None else number


def _integers(values: list[Number]) -> NDArray[np.int64]:
    """Convert ids, shape (n,); what is absent or no integer becomes ``MISSING``."""
    if set(map(type, values)) - {int}:
        values = [value if type(value) is int else _integer(value) for value in values]
    try:
        return np.array(values, np.int64)
    except OverflowError:
        limited = [value if abs(int(value or 0)) < _INT64_LIMIT else MISSING for value in values]
        return np.array(limited, np.int64)


def _integer(value: Number) -> int:
    number = _optional(value)
    return MISSING if number is None else number


def _optional(value: Number) -> int | None:
    if value is None or isinstance(value, int):
        return value
    try:
        return int(value, 0) if isinstance(value, str) else int(value)
    except (ValueError, OverflowError):
        return None
