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
    events = timeline.events[timeline.activities]
    if not len(events):
        return None
    devices = tuple(
        _device(events[places], device, timeline.communicates)
        for device, places in places_by(events.device).items()
    )
    return Temporal(
        kernel_time_ns=sum(d.kernel_time_ns for d in devices),
        compute_ns=sum(d.compute_ns for d in devices),
        non_compute_ns=sum(d.non_compute_ns for d in devices),
        idle_ns=sum(d.idle_ns for d in devices),
        devices=devices,
    )


def _device(events: Events, device: int, communicates: NDArray[np.bool_]) -> DeviceTime:
    is_kernel = events.of_kind(Kind.KERNEL)
    communicating = is_kernel & communicates[events.name]
    copying = events.of_kind(Kind.MEMCPY)
    compute = _union(events, is_kernel & ~communicating)
    communication, copies = _union(events, communicating), _union(events, copying)
    span_ns = int(events.end_ns.max() - events.start_ns.min())
    compute_ns, busy_ns = _length(compute), _length(_union(events, np.ones(len(events), bool)))
    hidden_ns = _overlap(communication, compute)
    hidden_copy_ns = _overlap(copies, _union(events, is_kernel))
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
        streams=_streams(events),
    )


def _streams(events: Events) -> tuple[StreamTime, ...]:
    return tuple(
        StreamTime(_known(stream), len(places), _length(_union(events, places)))
        for stream, places in places_by(events.stream).items()
    )


def _known(number: int) -> int | None:
    return None if number < 0 else number


def _union(events: Events, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> Segments:
    return first_come(events.start_ns[chosen], events.end_ns[chosen])


def _length(segments: Segments) -> int:
    return int((segments.end_ns - segments.start_ns).sum())


def _overlap(first: Segments, second: Segments) -> int:
    edges = edges_of([first, second])
    both = first.covers(edges) & second.covers(edges)
    return int(np.diff(edges, append=edges[-1:])[both].sum())
