"""How far the host runs ahead of the device: delay from launch to start, and the queue between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import added_up, distinct, first_come
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.analysis.timeline.percentiles import most_within, percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Events

    Ints = NDArray[np.int64]


class Queue(msgspec.Struct, frozen=True):
    """Kernels that began within the steps and whose launch the trace holds.

    Attributes:
        num_kernels: Of these.
        num_unknown: Kernels of the steps without a launch in the trace; not counted here.
        delay_p50_ns: From the begin of the launching call to the begin of the kernel, median.
            A few microseconds throughout mean that the device waits for the host.
        delay_p95_ns: 95th percentile, linear between ranks.
        delay_max_ns: Longest.
        depth_p50: Kernels that have not begun as a call launches more, those included: how many
            are waiting right after each launching call began; median over the calls. A kernel
            that begins with its call never waits. None where the file breaks off.
        depth_max: Most; None likewise.
        num_shorter_than_launch: Kernels whose launching call takes longer than all that it
            launched, kernels, copies and memsets summed: of a graph that is the whole graph. Many
            of these cannot keep the device busy. None where the file breaks off: some of what a
            call launched may be lost.
    """

    num_kernels: int
    num_unknown: int
    delay_p50_ns: int
    delay_p95_ns: int
    delay_max_ns: int
    depth_p50: int | None
    depth_max: int | None
    num_shorter_than_launch: int | None


def queue(timeline: Timeline) -> Queue | None:
    """Return how far the host ran ahead; None where no kernel of the steps has a known launch.

    The host's and the device's clocks are taken as Kineto aligned them; a kernel that seems to
    begin before its launch counts as begun with it.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.steps
    stepping = first_come(steps.start_ns, steps.end_ns)
    kernels = timeline.kernels[stepping.covers(events.start_ns[timeline.kernels])]
    calls = timeline.launch_calls(kernels)
    known = calls != UNKNOWN_CALL
    kernels, calls = kernels[known], calls[known]
    if not len(kernels):
        return None
    called_ns = events.start_ns[calls]
    begun_ns = np.maximum(events.start_ns[kernels], called_ns)
    delay_ns = begun_ns - called_ns
    depth = _depth_after(distinct(calls), called_ns, begun_ns, events)
    call_ns = events.end_ns[calls] - called_ns
    launched_ns = _launched_ns(timeline, calls)
    return Queue(
        num_kernels=len(kernels),
        num_unknown=int((~known).sum()),
        delay_p50_ns=percentiles(delay_ns, 50)[0],
        delay_p95_ns=most_within(delay_ns, 95),
        delay_max_ns=int(delay_ns.max()),
        depth_p50=None if trace.losses else percentiles(depth, 50)[0],
        depth_max=None if trace.losses else int(depth.max()),
        num_shorter_than_launch=None if trace.losses else int((launched_ns < call_ns).sum()),
    )


def _launched_ns(timeline: Timeline, calls: NDArray[np.intp]) -> Ints:
    """Return the time of all activities that each of these calls launched, ns, shape of the calls.

    Those that begin after the steps count too: the call launched them all the same.
    """
    events, activities = timeline.events, timeline.activities
    launching = distinct(calls)
    launched_by = timeline.launch_calls(activities)
    ours = np.isin(launched_by, launching)
    place = np.searchsorted(launching, launched_by[ours])
    took_ns = events.end_ns[activities[ours]] - events.start_ns[activities[ours]]
    return added_up(place, took_ns, len(launching))[np.searchsorted(launching, calls)]


def _depth_after(calls: NDArray[np.intp], called_ns: Ints, begun_ns: Ints, events: Events) -> Ints:
    """Return how many kernels are launched and have not begun once each call has launched its own.

    Of a graph one call launches many, so that the queue before the call would not show them.
    """
    at_ns = events.start_ns[calls]
    launched = np.searchsorted(np.sort(called_ns), at_ns, side="right")
    begun = np.searchsorted(np.sort(begun_ns), at_ns, side="right")
    waiting: Ints = launched - begun
    return waiting
