"""The parts of a Kineto JSON document that are read; everything else is skipped, not stored."""

from __future__ import annotations

import msgspec

from annt_prof.trace.columns import MISSING, UNTOLD_BYTES

Number = int | float | str | None

WHITESPACE = b" \t\r\n"
"""What JSON allows between values. Source: RFC 8259, section 2."""

ABSENT = msgspec.Raw(b"")
"""Text that is not in the file; told by its identity."""


class Arguments(msgspec.Struct, gc=False):
    """An event's ``args``; ids come as integer, float or string, depending on the dialect.

    What is absent is an integer too, so that a column without damage is integers throughout.
    """

    correlation: Number = MISSING
    device: Number = MISSING
    stream: Number = MISSING
    stream_id: Number = msgspec.field(name="Stream Id", default=MISSING)
    physical_stream_id: Number = msgspec.field(name="Physic Stream Id", default=MISSING)
    sycl_queue: Number = msgspec.field(name="sycl queue", default=MISSING)
    bytes: Number = MISSING
    external_id: Number = msgspec.field(name="External id", default=MISSING)
    old_external_id: Number = msgspec.field(name="external id", default=MISSING)
    sequence: Number = msgspec.field(name="Sequence number", default=MISSING)
    forward_thread: Number = msgspec.field(name="Fwd thread id", default=MISSING)
    memory_bytes: Number = msgspec.field(name="Bytes", default=UNTOLD_BYTES)
    address: Number = msgspec.field(name="Addr", default=MISSING)
    device_type: Number = msgspec.field(name="Device Type", default=MISSING)
    device_id: Number = msgspec.field(name="Device Id", default=MISSING)
    total_allocated: Number = msgspec.field(name="Total Allocated", default=MISSING)
    total_reserved: Number = msgspec.field(name="Total Reserved", default=MISSING)
    grid: msgspec.Raw = ABSENT
    block: msgspec.Raw = ABSENT
    occupancy: Number = msgspec.field(name="est. achieved occupancy %", default=None)
    collective: msgspec.Raw = msgspec.field(name="Collective name", default=ABSENT)
    group: msgspec.Raw = msgspec.field(name="Process Group Name", default=ABSENT)
    sequence_in_group: msgspec.Raw = msgspec.field(name="Seq", default=ABSENT)
    in_elements: msgspec.Raw = msgspec.field(name="In msg nelems", default=ABSENT)
    out_elements: msgspec.Raw = msgspec.field(name="Out msg nelems", default=ABSENT)
    dtype: msgspec.Raw = ABSENT
    group_ranks: msgspec.Raw = msgspec.field(name="Process Group Ranks", default=ABSENT)
    source: msgspec.Raw = msgspec.field(name="Src Rank", default=ABSENT)
    destination: msgspec.Raw = msgspec.field(name="Dst Rank", default=ABSENT)


class Event(msgspec.Struct, gc=False):
    """One entry of ``traceEvents``.

    ``ts`` stays text: a double cannot hold microseconds since 1970 to the nanosecond.
    """

    ph: str = ""
    cat: str | None = None
    name: str | int | None = None
    pid: int | float | str | None = None
    tid: int | float | str | None = None
    ts: msgspec.Raw = ABSENT
    dur: Number = None
    args: Arguments | None = None


class DistributedInfo(msgspec.Struct):
    """The header of a distributed run."""

    rank: Number = None
    world_size: Number = None
    backend: str | None = None


class DeviceProperties(msgspec.Struct):
    """One accelerator in the header."""

    name: str | None = None
    computeMajor: Number = None  # noqa: N815 - the file's own key


class Head(msgspec.Struct):
    """The document without its events."""

    distributedInfo: DistributedInfo | None = None  # noqa: N815 - the file's own key
    deviceProperties: list[DeviceProperties] = []  # noqa: N815 - the file's own key


class Document(Head):
    """A document whose every event has the types that Kineto writes."""

    traceEvents: list[Event] | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the file's own key


class Keys(msgspec.Struct):
    """Which of a document's keys are in a text, whatever their values are."""

    traceEvents: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - the file's own key
    distributedInfo: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - likewise
    deviceProperties: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - likewise


class LooseDocument(msgspec.Struct):
    """A document with an event that does not; its events are then decoded one at a time."""

    traceEvents: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET  # noqa: N815 - likewise
    distributedInfo: msgspec.Raw = ABSENT  # noqa: N815 - the file's own key
    deviceProperties: msgspec.Raw = ABSENT  # noqa: N815 - the file's own key
