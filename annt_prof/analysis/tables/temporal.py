"""Whole-trace device time: computing, moving data or communicating, and idle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, edges_of, first_come, places_by
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Events

    Places = NDArray[np.intp]


class DeviceTime(msgspec.Struct, frozen=True):
    """One device from its first activity's start to its last one's end; the steps play no part.

    Attributes:
        device: As numbered in the trace; None where it is not told.
        kernel_time_ns: The whole span. Equals the sum of the next three.
        compute_ns: Union of the compute kernels of all streams.
        non_compute_ns: What communication, copies and memsets add to the union.
        idle_ns: The rest.
        exposed_communication_ns: Communication while nothing computes.
        hidden_communication_ns: Communication while something computes.
        exposed_copy_ns: Copies while nothing computes or communicates.
        hidden_copy_ns: Copies while something does.
        streams: Streams with any activity.
    """

    device: int | None
    kernel_time_ns: int
    compute_ns: int
    non_compute_ns: int
    idle_ns: int
    exposed_communication_ns: int
    hidden_communication_ns: int
    exposed_copy_ns: int
    hidden_copy_ns: int
    streams: tuple[StreamTime, ...]


class StreamTime(msgspec.Struct, frozen=True):
    """One stream.

    Attributes:
        stream: As numbered in the trace; None where it is not told.
        num_activities: Kernels, copies and memsets.
        busy_ns: Union of their times.
    """

    stream: int | None
    num_activities: int
    busy_ns: int


class Temporal(msgspec.Struct, frozen=True):
    """All devices of one trace: their sums, and each alone.

    Attributes:
        kernel_time_ns: Sum over the devices, as are the next three.
    """

    kernel_time_ns: int
    compute_ns: int
    non_compute_ns: int
    idle_ns: int
    devices: tuple[DeviceTime, ...]


def temporal(timeline: Timeline) -> Temporal | None:
    """Return how the devices spent the time; None for a trace without device activities."""
    activities = timeline.activities
    if not len(activities):
        return None
    devices = tuple(
        _device(timeline, activities[places], device)
        for device, places in places_by(timeline.events.device[activities]).items()
    )
    return Temporal(
        kernel_time_ns=sum(d.kernel_time_ns for d in devices),
        compute_ns=sum(d.compute_ns for d in devices),
        non_compute_ns=sum(d.non_compute_ns for d in devices),
        idle_ns=sum(d.idle_ns for d in devices),
        devices=devices,
    )


def _device(timeline: Timeline, own: Places, device: int) -> DeviceTime:
    events = timeline.events
    is_kernel, copying = events.kind[own] == Kind.KERNEL, events.kind[own] == Kind.MEMCPY
    communicating = is_kernel & timeline.communicates[events.name[own]]
    compute = _union(events, own[is_kernel & ~communicating])
    communication, copies = _union(events, own[communicating]), _union(events, own[copying])
    span_ns = int(events.end_ns[own].max() - events.start_ns[own].min())
    compute_ns, busy_ns = _length(compute), _length(_union(events, own))
    hidden_ns = _overlap(communication, compute)
    hidden_copy_ns = _overlap(copies, _union(events, own[is_kernel]))
    return DeviceTime(
        device=_known(device),
        kernel_time_ns=span_ns,
        compute_ns=compute_ns,
        non_compute_ns=busy_ns - compute_ns,
        idle_ns=span_ns - busy_ns,
        exposed_communication_ns=_length(communication) - hidden_ns,
        hidden_communication_ns=hidden_ns,
        exposed_copy_ns=_length(copies) - hidden_copy_ns,
        hidden_copy_ns=hidden_copy_ns,
        streams=_streams(events, own),
    )


def _streams(events: Events, own: Places) -> tuple[StreamTime, ...]:
    return tuple(
        StreamTime(_known(stream), len(places), _length(_union(events, own[places])))
        for stream, places in places_by(events.stream[own]).items()
    )


def _known(number: int) -> int | None:
    return None if number < 0 else number


def _union(events: Events, chosen: Places) -> Segments:
    return first_come(events.start_ns[chosen], events.end_ns[chosen])


def _length(segments: Segments) -> int:
    return int((segments.end_ns - segments.start_ns).sum())


def _overlap(first: Segments, second: Segments) -> int:
    edges = edges_of([first, second])
    both = first.covers(edges) & second.covers(edges)
    return int(np.diff(edges, append=edges[-1:])[both].sum())
