"""A trace in memory: one numpy column per field, each string stored once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum, auto
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.unreadable import Unreadable

Thread = tuple[int | str, int | str]
"""``(pid, tid)`` as the file gives them."""
MISSING = -1
UNTOLD_BYTES = -(2**63)
"""Of an allocation that does not tell; -1 is a byte that was freed."""


class Kind(IntEnum):
    """What an event is, whichever dialect its category was written in."""

    OTHER = 0
    OPERATOR = auto()
    ANNOTATION = auto()
    DEVICE_ANNOTATION = auto()
    RUNTIME = auto()
    DRIVER = auto()
    KERNEL = auto()
    MEMCPY = auto()
    MEMSET = auto()
    DEVICE_SYNC = auto()
    PYTHON = auto()
    OVERHEAD = auto()
    PROFILER = auto()


HOST_KINDS = (Kind.OPERATOR, Kind.ANNOTATION, Kind.RUNTIME, Kind.DRIVER, Kind.PYTHON)
DEVICE_KINDS = (Kind.KERNEL, Kind.MEMCPY, Kind.MEMSET)


class Geometry(NamedTuple):
    """How a kernel was launched: blocks in the grid, threads in a block, in x, y and z."""

    grid: tuple[int, int, int]
    block: tuple[int, int, int]


class Message(NamedTuple):
    """What a communication kernel carried; what the file does not tell is None.

    Attributes:
        collective: Such as ``allreduce``.
        group: Name of the process group.
        sequence: Number of the collective within its group, the same on every rank.
        in_elements: Sent by this rank.
        out_elements: Received by it.
        dtype: Of the elements.
        group_ranks: Of the run, that the process group holds; torch cuts lists of more than 30.
        source: Rank that a ``recv`` is from.
        destination: Rank that a ``send`` is to.
    """

    collective: str | None
    group: str | None
    sequence: int | None
    in_elements: int | None
    out_elements: int | None
    dtype: str | None
    group_ranks: tuple[int, ...] | None
    source: int | None
    destination: int | None


@dataclass(frozen=True, eq=False)
class Events:
    """Complete events in the order of the file; every column has shape (n,).

    Integers that an event does not carry are ``MISSING``.

    Attributes:
        start_ns: int64, on the trace's own clock.
        end_ns: int64, never before ``start_ns``.
        kind: int8, a ``Kind``.
        name: int32, index into ``Trace.names``.
        thread: int32, index into ``Trace.threads``; for device events their stream's row.
        device: int64, of device activities.
        stream: int64, of device activities.
        correlation: int64, of calls and device activities; ties the latter to the call that
            launched it.
        external_id: int64, of operators and device activities; ties the latter to the former.
        sequence: int64, of operators: autograd's sequence number.
        backward: bool, whether an operator with such a number is a function of a backward pass, by
            the thread of its forward operator: the engine alone sets one, and they count from 1.
        bytes: int64, moved by a copy or set by a memset.
        geometry: int32, index into ``Trace.geometries``; of kernels.
        occupancy: float32, percent of the multiprocessor's warps that kineto estimates a kernel
            to keep resident; NaN where the file does not tell.
        message: int32, index into ``Trace.messages``; of communication kernels that tell.
    """

    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    kind: NDArray[np.int8]
    name: NDArray[np.int32]
    thread: NDArray[np.int32]
    device: NDArray[np.int64]
    stream: NDArray[np.int64]
    correlation: NDArray[np.int64]
    external_id: NDArray[np.int64]
    sequence: NDArray[np.int64]
    backward: NDArray[np.bool_]
    bytes: NDArray[np.int64]
    geometry: NDArray[np.int32]
    occupancy: NDArray[np.float32]
    message: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.start_ns)

    def of_kind(self, *kinds: Kind) -> NDArray[np.bool_]:
        """Tell which events are of one of these kinds; bool, shape (n,)."""
        mask: NDArray[np.bool_] = self.kind == kinds[0]
        for kind in kinds[1:]:
            mask |= self.kind == kind
        return mask

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Events:
        return Events(*(getattr(self, field.name)[chosen] for field in fields(self)))


@dataclass(frozen=True, eq=False)
class ForwardLinks:
    """Starts of the flows that tie a forward operator to its backward function; shape (n,)."""

    start_ns: NDArray[np.int64]
    thread: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Allocations:
    """What the allocators did, in the order of the file; every column has shape (n,).

    Integers that an event does not carry are ``MISSING``, but for ``bytes``.

    Attributes:
        time_ns: int64, on the trace's own clock.
        thread: int32, index into ``Trace.threads``.
        bytes: int64, negative where memory was freed; ``UNTOLD_BYTES`` where it is not told.
        address: int64.
        device_type: int64, as PyTorch numbers them: 0 is the host, 1 CUDA or HIP.
        device_id: int64.
        total_allocated: int64, bytes in use after it; on the host counted from the trace's start.
        total_reserved: int64, bytes held by the allocator; 0 on the host.
    """

    time_ns: NDArray[np.int64]
    thread: NDArray[np.int32]
    bytes: NDArray[np.int64]
    address: NDArray[np.int64]
    device_type: NDArray[np.int64]
    device_id: NDArray[np.int64]
    total_allocated: NDArray[np.int64]
    total_reserved: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.time_ns)

    def __getitem__(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Allocations:
        return Allocations(*(getattr(self, field.name)[chosen] for field in fields(self)))


Columns = TypeVar("Columns", Events, Allocations, ForwardLinks)
"""What a file may have millions of; each is kept as one column for each of its fields."""


@dataclass(frozen=True)
class Unread:
    """Events of one category that look like a device's and are not read.

    Attributes:
        category: As in the file; empty where the events have none.
        count: Events.
        time_ns: Sum of their durations.
    """

    category: str
    count: int
    time_ns: int


@dataclass(frozen=True, eq=False)
class Trace:
    """One Kineto trace file.

    Attributes:
        source: The file it was read from, for messages.
        names: Event names; data, never markup or paths.
        threads: ``(pid, tid)`` as the file gives them.
        geometries: Of kernels, each once.
        messages: Of communication kernels, each once.
        allocations: Empty where the profiler did not record memory.
        rank: In a distributed run; None where the file does not tell.
        world_size: Processes of the run; None where the file does not tell.
        backend: Such as ``nccl`` or ``gloo``; None where the file does not tell.
        device_names: Accelerators listed in the file's header.
        compute_major: First part of the first one's compute capability; None where the file
            does not tell.
        num_clamped: Durations that were negative or overflowing, taken as 0.
        num_malformed: Entries left out because they have no time or an impossible type.
        losses: What of the file could not be read, a sentence each.
        doubts: Why what was read may be wrong although the file does not break off, and what was
            mended or left out within it, a sentence each.
        unread: Events that look like a device's and are of categories that are not understood,
            those of the most time first.
        unreadable: Events left out because their time or duration cannot be read.
    """

    source: str
    events: Events
    names: tuple[str, ...]
    threads: tuple[tuple[int | str, int | str], ...]
    geometries: tuple[Geometry, ...]
    messages: tuple[Message, ...]
    forward_links: ForwardLinks
    allocations: Allocations
    rank: int | None
    world_size: int | None
    backend: str | None
    device_names: tuple[str, ...]
    compute_major: int | None
    num_clamped: int
    num_malformed: int
    losses: tuple[str, ...]
    doubts: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()

    def names_where(self, verdicts: list[bool]) -> NDArray[np.bool_]:
        """Spread a verdict per name over the events; bool, shape (n,)."""
        if not any(verdicts):
            return np.zeros(len(self.events), bool)
        return np.array(verdicts, bool)[self.events.name]
