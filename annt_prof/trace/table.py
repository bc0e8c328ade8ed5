"""The events of one or more documents to columns, in one process."""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from annt_prof.trace.columns import (
    DEVICE_KINDS,
    MISSING,
    UNTOLD_BYTES,
    Allocations,
    Events,
    ForwardLinks,
    Geometry,
    Kind,
    Message,
)
from annt_prof.trace.document import ABSENT, Arguments, Number
from annt_prof.trace.growing import Growing
from annt_prof.trace.instants import is_instant, nanoseconds
from annt_prof.trace.numbers import durations, identity, integer, integers, percents, plain
from annt_prof.trace.parts import Part
from annt_prof.trace.unread import UnreadEvents
from annt_prof.trace.unreadable import Lacking, UnreadableEvents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from annt_prof.trace.columns import Thread
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
    # "MTIA ondevice CCP events", which carry a stream and the id of the call that launched them.
    "mtia_ccp_events": Kind.KERNEL,
    "python_function": Kind.PYTHON,
    "python function": Kind.PYTHON,
    "overhead": Kind.OVERHEAD,
    "trace": Kind.PROFILER,
}
# Builds of kineto for other devices keep its words behind their own: gcu_memcpy, mtia_runtime.
# Source: ActivityType.h of kineto and of its forks for Enflame's and Cambricon's devices.
_KINDS_BY_LAST_WORD = {
    "runtime": Kind.RUNTIME,
    "driver": Kind.DRIVER,
    "memcpy": Kind.MEMCPY,
    "memset": Kind.MEMSET,
    "annotation": Kind.DEVICE_ANNOTATION,
    "sync": Kind.DEVICE_SYNC,
}
_FORWARD_LINKS = ("fwdbwd", "forward_backward")
_NO_ARGUMENTS = Arguments()


def _among(*kinds: Kind) -> NDArray[np.bool_]:
    """Return a mask over ``Kind``."""
    mask = np.zeros(len(Kind), bool)
    mask[list(kinds)] = True
    return mask


# Few events carry an id, and whoever looks at one looks at these kinds altogether.
_ON_DEVICE = _among(*DEVICE_KINDS)
_LAUNCHED = _among(Kind.RUNTIME, Kind.DRIVER, *DEVICE_KINDS)
_OF_OPERATORS = _among(Kind.OPERATOR, *DEVICE_KINDS)
_OPERATORS = _among(Kind.OPERATOR)

Integer = TypeVar("Integer", bound=np.integer[Any])


class _Memo(dict[Any, int]):
    """The number of each different value, which is asked for when the value first appears."""

    def __init__(self, number: Callable[[Any], int]) -> None:
        super().__init__()
        self._number = number

    def __missing__(self, value: object) -> int:
        number = self[value] = self._number(value)
        return number

    def indices(self, values: Sequence[object], dtype: type[Integer]) -> NDArray[Integer]:
        """Return the number of each value, in their order; shape (n,)."""
        return np.fromiter(map(self.__getitem__, values), dtype, len(values))


class _Threads(_Memo):
    """Threads by what events write, and the different ones of them in order of appearance."""

    def __init__(self) -> None:
        self.known: dict[Thread, int] = {}
        super().__init__(lambda ids: _index(self.known, (identity(ids[0]), identity(ids[1]))))

    def rows(self, events: Sequence[Event]) -> NDArray[np.int32]:
        """Return the number of each event's thread, in their order; shape (n,)."""
        return self.indices([(event.pid, event.tid) for event in events], np.int32)


class Table:
    """Collects events in the order of the file."""

    def __init__(self) -> None:
        self._num_clamped = 0
        self._num_timeless = 0
        self._names: dict[str, int] = {}
        self._geometries: dict[Geometry, int] = {}
        self._label_of = _Memo(lambda written: self._label(*written))
        self._kinds, self._name_indices, self._thread_indices = array("b"), array("i"), array("i")
        self._thread_of, self._allocation_thread_of = _Threads(), _Threads()
        self._link_thread_of = _Threads()
        self._geometry_of = _Memo(lambda written: _geometry(self._geometries, *written))
        self._messages: dict[Message, int] = {}
        self._events = Growing(Events)
        self._allocations = Growing(Allocations)
        self._forward_links = Growing(ForwardLinks)
        self._unread = UnreadEvents()
        self._unreadable = UnreadableEvents()
        self._left_out: list[tuple[Event, Lacking]] = []  # of what is being added

    def add(self, listed: Sequence[Event]) -> None:
        """Append events."""
        of_phase: defaultdict[str, list[Event]] = defaultdict(list)
        for event in listed:
            of_phase[event.ph].append(event)
        timed = [event for event in of_phase["X"] if event.ts is not ABSENT]
        self._num_timeless += len(of_phase["X"]) - len(timed)
        self._events.add(self._complete(timed))
        memory = [e for e in of_phase["i"] if e.name == "[memory]" and e.ts is not ABSENT]
        self._allocations.add(self._memory(memory))
        links = [e for e in of_phase["s"] if e.cat in _FORWARD_LINKS and e.ts is not ABSENT]
        links, start_ns = self._started(links)
        threads = self._link_thread_of.rows(links)
        self._forward_links.add(ForwardLinks(start_ns, threads))
        self._count_left_out(listed)

    def part(self) -> Part:
        """Return all that was added, once; the table keeps none of it."""
        return Part(
            events=self._events.whole(),
            allocations=self._allocations.whole(),
            forward_links=self._forward_links.whole(),
            names=tuple(self._names),
            threads=tuple(self._thread_of.known),
            allocation_threads=tuple(self._allocation_thread_of.known),
            link_threads=tuple(self._link_thread_of.known),
            geometries=tuple(self._geometries),
            messages=tuple(self._messages),
            num_clamped=self._num_clamped,
            num_timeless=self._num_timeless,
            unread=self._unread.counted(),
            unreadable=self._unreadable.counted(),
        )

    def _count_left_out(self, listed: Sequence[Event]) -> None:
        """Count the events that cannot be read in the order of the file, not in that of phases."""
        if self._left_out:
            place_of = {id(event): place for place, event in enumerate(listed)}
            self._left_out.sort(key=lambda left_out: place_of[id(left_out[0])])
            for event, lacking in self._left_out:
                self._unreadable.add(lacking, _kind(event.cat), event)
            self._left_out.clear()

    def _complete(self, timed: list[Event]) -> Events:
        timed, start_ns = self._started(timed)
        duration_ns, readable, num_clamped = durations([event.dur for event in timed])
        self._num_clamped += num_clamped
        if not readable.all():
            for place in np.flatnonzero(~readable).tolist():
                self._left_out.append((timed[place], Lacking.DURATION))
            timed = list(compress(timed, readable.tolist()))
            start_ns, duration_ns = start_ns[readable], duration_ns[readable]
        arguments = [event.args or _NO_ARGUMENTS for event in timed]
        # Few events differ in all of these, so one look tells all three columns.
        label = self._label_of.indices(
            [(event.cat, event.name, event.pid, event.tid) for event in timed], np.int32
        )
        kind = np.frombuffer(self._kinds, np.int8)[label]
        self._unread.add(
            (timed[place], arguments[place], int(duration_ns[place]))
            for place in np.flatnonzero(kind == Kind.OTHER).tolist()
        )
        geometry, occupancy = self._launches(arguments, kind)
        activities = _of(arguments, _ON_DEVICE[kind])
        operators = _of(arguments, _OPERATORS[kind])
        sequence = _spread([told.sequence for told in operators], _OPERATORS[kind])
        forward_thread = _spread([told.forward_thread for told in operators], _OPERATORS[kind])
        return Events(
            start_ns=start_ns,
            end_ns=start_ns + duration_ns,
            kind=kind,
            name=np.frombuffer(self._name_indices, np.int32)[label],
            thread=np.frombuffer(self._thread_indices, np.int32)[label],
            device=_spread([told.device for told in activities], _ON_DEVICE[kind]),
            stream=_streams(activities, _ON_DEVICE[kind]),
            bytes=_spread([told.bytes for told in activities], _ON_DEVICE[kind]),
            correlation=_spread(
                [told.correlation for told in _of(arguments, _LAUNCHED[kind])], _LAUNCHED[kind]
            ),
            external_id=_external_ids(arguments, kind),
            sequence=sequence,
            backward=(forward_thread > 0) & (sequence != MISSING),
            geometry=geometry,
            occupancy=occupancy,
            message=self._carried(arguments, kind),
        )

    def _label(
        self, category: str | None, name: str | int | None, process: Number, thread: Number
    ) -> int:
        """Note the kind, name and thread of a combination that is new, and return its number."""
        self._kinds.append(_kind(category))
        self._name_indices.append(_index(self._names, _text(name)))
        self._thread_indices.append(self._thread_of[process, thread])
        return len(self._kinds) - 1

    def _launches(
        self, arguments: list[Arguments], kind: NDArray[np.int8]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return the geometry and the occupancy of each kernel."""
        geometry = np.full(len(arguments), MISSING, np.int32)
        occupancy = np.full(len(arguments), np.nan, np.float32)
        kernels = np.flatnonzero(kind == Kind.KERNEL)
        launched = [arguments[place] for place in kernels.tolist()]
        written = [(bytes(kernel.grid), bytes(kernel.block)) for kernel in launched]
        geometry[kernels] = self._geometry_of.indices(written, np.int32)
        occupancy[kernels] = percents([kernel.occupancy for kernel in launched])
        return geometry, occupancy

    def _carried(self, arguments: list[Arguments], kind: NDArray[np.int8]) -> NDArray[np.int32]:
        """Return the message of each kernel that tells one."""
        message = np.full(len(arguments), MISSING, np.int32)
        for place in np.flatnonzero(kind == Kind.KERNEL).tolist():
            told = arguments[place]
            if told.collective is not ABSENT or told.in_elements is not ABSENT:
                message[place] = _index(self._messages, _message(told))
        return message

    def _memory(self, listed: list[Event]) -> Allocations:
        listed, time_ns = self._started(listed)
        arguments = [event.args or _NO_ARGUMENTS for event in listed]
        return Allocations(
            time_ns=time_ns,
            thread=self._allocation_thread_of.rows(listed),
            bytes=integers([told.memory_bytes for told in arguments], UNTOLD_BYTES),
            address=integers([told.address for told in arguments]),
            device_type=integers([told.device_type for told in arguments]),
            device_id=integers([told.device_id for told in arguments]),
            total_allocated=integers([told.total_allocated for told in arguments]),
            total_reserved=integers([told.total_reserved for told in arguments]),
        )

    def _started(self, events: list[Event]) -> tuple[list[Event], NDArray[np.int64]]:
        """Return the events whose start can be read, and their starts, ns."""
        try:
            return events, nanoseconds([event.ts for event in events])
        except ValueError:
            readable = [is_instant(event.ts) for event in events]
        for event in compress(events, (not told for told in readable)):
            self._left_out.append((event, Lacking.START))
        started = list(compress(events, readable))
        return started, nanoseconds([event.ts for event in started])


def _index(table: dict[Any, int], key: object) -> int:
    return table.setdefault(key, len(table))


def _kind(category: str | None) -> Kind:
    words = (category or "").lower()
    known = _KINDS.get(words)
    return _KINDS_BY_LAST_WORD.get(words.rpartition("_")[2], Kind.OTHER) if known is None else known


def _text(name: str | int | None) -> str:
    return "" if name is None else str(name)


def _geometry(known: dict[Geometry, int], grid: bytes, block: bytes) -> int:
    try:
        written = (msgspec.json.decode(text, type=tuple[int, int, int]) for text in (grid, block))
        return _index(known, Geometry(*written))
    except msgspec.DecodeError:
        return MISSING


def _message(told: Arguments) -> Message:
    numbers = (told.sequence_in_group, told.in_elements, told.out_elements)
    sequence, sent, received, source, destination = (
        None if value is None else integer(value)
        for value in map(plain, (*numbers, told.source, told.destination))
    )
    # A long trace tells the same few names again and again; each is kept once.
    collective, group, dtype = (
        None if value is None else sys.intern(str(value))
        for value in map(plain, (told.collective, told.group, told.dtype))
    )
    ranks = _group_ranks(bytes(told.group_ranks))
    return Message(collective, group, sequence, sent, received, dtype, ranks, source, destination)


@lru_cache
def _group_ranks(written: bytes) -> tuple[int, ...] | None:
    """Return the ranks of a list, which torch writes as text; None where it cut the list."""
    try:
        listed: str | list[int] = msgspec.json.decode(written, type=str | list[int])
        if isinstance(listed, str):
            listed = msgspec.json.decode(listed, type=list[int])
    except msgspec.DecodeError:
        return None
    return tuple(listed) or None


def _external_ids(arguments: list[Arguments], kind: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the ids of operators and of what they launched, in whichever spelling they are."""
    carrying = _OF_OPERATORS[kind]
    ids = _spread([told.external_id for told in _of(arguments, carrying)], carrying)
    unknown = carrying & (ids == MISSING)
    ids[unknown] = integers([told.old_external_id for told in _of(arguments, unknown)])
    return ids


def _streams(activities: list[Arguments], carrying: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the streams of device activities, which SYCL calls queues."""
    streams = _spread([told.stream for told in activities], carrying)
    if (streams[carrying] == MISSING).any():
        queues = _spread([told.sycl_queue for told in activities], carrying)
        streams = np.where(streams == MISSING, queues, streams)
    return streams


def _of(arguments: list[Arguments], carrying: NDArray[np.bool_]) -> list[Arguments]:
    return list(compress(arguments, carrying.tolist()))


def _spread(values: list[Number], carrying: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return a column with the values of the events that carry one, ``MISSING`` elsewhere."""
    column = np.full(len(carrying), MISSING, np.int64)
    column[carrying] = integers(values)
    return column
