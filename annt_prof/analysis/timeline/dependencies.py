"""What each device activity waited for before it could begin, and each blocking call for its end.

Most traces hold no dependencies. Three rules of how a device works stand in for them: a stream
runs its activities one after the other; nothing runs before it is launched; a call that waits
returns after what it waited for. Where the host put a wait for an event between two launches, the
second may also have waited for another stream. So may one that nothing else held up, and that
began as an activity of another stream ended: for an event that is not recorded, or for room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import last_by
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, UNKNOWN_NS
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Events, Trace

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

NOTHING = -1

TAKING_UP_NS = 20_000
"""Longest time from a launch's return to the activity's start that counts as taking it up.

It is a choice: in public traces of V100, A100, H100 and MI250 an idle device took 2 us in the
median and 8.2 at most, and what takes longer waits for something.
"""

# Source: the CUDA runtime and driver API and HIP's, sections on stream management; the unified
# runtime's barriers, with which PyTorch makes a SYCL queue wait.
_WAITING_FOR_EVENTS = frozenset(
    {
        "cudaStreamWaitEvent", "cuStreamWaitEvent", "hipStreamWaitEvent",
        "urEnqueueEventsWaitWithBarrier", "urEnqueueEventsWaitWithBarrierExt",
        "piEnqueueEventsWaitWithBarrier",
    }
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Gates:
    """Device activities that take time, in the order of their streams; columns of shape (n,).

    Attributes:
        event: Index into the trace's events.
        start_ns: int64.
        end_ns: int64.
        launch_ns: int64, when the launching call began, at most ``start_ns``; ``UNKNOWN_NS``
            where the trace does not hold it.
        launched_ns: int64, when it returned, at most ``start_ns``; likewise.
        told_to_wait: bool, whether the host made the stream wait for an event between its
            previous launch and this one.
        previous: The activity (an index into these columns) whose end let this one begin;
            ``NOTHING`` where it was the launch, or where nothing is known.
    """

    event: Places
    start_ns: Ints
    end_ns: Ints
    launch_ns: Ints
    launched_ns: Ints
    told_to_wait: NDArray[np.bool_]
    previous: Places

    def last_to_end_by(self, instants_ns: Ints) -> Places:
        """Return the activity that ended last at or before each instant, or ``NOTHING``."""
        by_end = np.argsort(self.end_ns, kind="stable")
        place = last_by(self.end_ns[by_end], instants_ns)
        last: Places = np.append(by_end, NOTHING)[place]
        return last


def gates(trace: Trace, activities: Places, calls: Places) -> Gates:
    """Find what let each device activity begin: whichever of its conditions was met last.

    Args:
        trace: With device activities or not.
        activities: Indices of all of them, ascending, shape (n,).
        calls: What launched each, or ``UNKNOWN_CALL``, shape (n,).
    """
    events = trace.events
    takes_time = events.end_ns[activities] > events.start_ns[activities]
    event, call = activities[takes_time], calls[takes_time]
    known = call != UNKNOWN_CALL
    launch_ns = np.minimum(events.start_ns[call], events.start_ns[event])
    returned_ns = np.clip(events.end_ns[call], launch_ns, events.start_ns[event])
    launch_ns = np.where(known, launch_ns, UNKNOWN_NS)
    launched_ns = np.where(known, returned_ns, UNKNOWN_NS)
    # What a file with coarse times has at one instant, its stream ran in the order of launches.
    order = np.lexsort(
        (event, launch_ns, events.start_ns[event], events.stream[event], events.device[event])
    )
    event, launch_ns, launched_ns = event[order], launch_ns[order], launched_ns[order]
    start_ns = events.start_ns[event]
    in_stream = _in_stream(events, event)
    told = _told_to_wait(trace, launch_ns, np.append(launch_ns, UNKNOWN_NS)[in_stream])
    nothing = np.full(len(event), NOTHING)
    gated = Gates(event, start_ns, events.end_ns[event], launch_ns, launched_ns, told, nothing)
    across = gated.last_to_end_by(start_ns)
    own_ns = np.maximum(_ready(gated, in_stream), launched_ns)
    held_up = _later_than(TAKING_UP_NS, start_ns, own_ns)
    held_up &= ~_later_than(TAKING_UP_NS, start_ns, _ready(gated, across))
    across = np.where(told | held_up, across, NOTHING)
    last = np.where(_ready(gated, across) > _ready(gated, in_stream), across, in_stream)
    gated.previous[:] = np.where(_ready(gated, last) > launch_ns, last, NOTHING)
    return gated


def _ready(gated: Gates, previous: Places) -> Ints:
    """Return when the previous activity let each one begin; ``UNKNOWN_NS`` for ``NOTHING``."""
    ready_ns = np.append(gated.end_ns, UNKNOWN_NS)[previous]
    bounded: Ints = np.minimum(ready_ns, gated.start_ns)
    return bounded


def _later_than(by_ns: int, instant_ns: Ints, other_ns: Ints) -> NDArray[np.bool_]:
    """Tell which instants are later than others by more than so much, or than ``UNKNOWN_NS``."""
    known = other_ns != UNKNOWN_NS
    later: NDArray[np.bool_] = ~known | (instant_ns - np.where(known, other_ns, 0) > by_ns)
    return later


def _in_stream(events: Events, event: Places) -> Places:
    previous = np.arange(len(event)) - 1
    same = (events.stream[event] == events.stream[event[previous]]) & (
        events.device[event] == events.device[event[previous]]
    )
    same[:1] = False
    return np.where(same, previous, NOTHING)


def _told_to_wait(trace: Trace, launch_ns: Ints, since_ns: Ints) -> NDArray[np.bool_]:
    events = trace.events
    waits = trace.names_where([name in _WAITING_FOR_EVENTS for name in trace.names])
    wait_ns = np.sort(events.start_ns[waits & events.of_kind(Kind.RUNTIME, Kind.DRIVER)])
    told: NDArray[np.bool_] = np.searchsorted(wait_ns, launch_ns) > np.searchsorted(
        wait_ns, since_ns
    )
    return told
