"""By when a device had run what was launched, where its own record of that is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, streams_of
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]
    Mask = NDArray[np.bool_]

UNBOUNDED_NS = np.iinfo(np.int64).max

# Source: the CUDA runtime and driver API and HIP's, sections on devices, contexts, streams and
# events; MUSA's are named alike; the unified runtime's queues, which are SYCL's streams.
_WAITS_FOR_THE_DEVICE = re.compile(
    r"(cuda|hip|musa)DeviceSynchronize(_\w+)?|(cu|hip|mu)CtxSynchronize(_\w+)?"
)
_WAITS_FOR_A_STREAM = re.compile(r"(cuda|cu|hip|musa|mu)StreamSynchronize(_\w+)?|urQueueFinish")
_OF_ANOTHER_STREAM = re.compile(
    r"(cuda|cu|hip|musa|mu)(StreamWaitEvent|StreamCreate\w*|EventSynchronize)(_\w+)?"
    r"|(ur|pi)EnqueueEventsWaitWithBarrier(Ext)?|ur(QueueCreate\w*|EventWait)"
)


def calls_named(trace: Trace, is_named: Callable[[str], object]) -> Mask:
    """Tell which events are calls of the device's runtime or driver of such a name."""
    named = trace.names_where([bool(is_named(name)) for name in trace.names])
    return named & trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)


def is_one_stream(trace: Trace, activities: Places) -> bool:
    """Tell whether all that was launched can be taken to have gone to one stream.

    No file tells the stream of a launch without an activity. So not only must all activities be on
    one; nothing may hint at another, which may have lost all of its own: a stream that is created
    or waits for an event, a wait for an event, or other ranks, to which one mostly talks.
    """
    if streams_of(trace.events, activities).max(initial=0) > 0 or (trace.world_size or 1) > 1:
        return False
    return not calls_named(trace, _OF_ANOTHER_STREAM.fullmatch).any()


def next_start(trace: Trace, launched_ns: Ints, activities: Places, calls: Places) -> Ints:
    """Return when the next activity began that was launched after each instant.

    It is asked of the stream with the most activities; where none follows there, it is the end of
    the trace. As a stream runs in the order of launches, what was launched to this one had run.

    Args:
        trace: With an activity whose call is known.
        launched_ns: Instants, shape (n,).
        activities: Indices of its device activities, shape (m,).
        calls: The call that launched each, shape (m,).

    Returns:
        ns, shape (n,).
    """
    events = trace.events
    known = calls != UNKNOWN_CALL
    stream = streams_of(events, activities[known])
    busiest = stream == np.bincount(stream).argmax()
    launch_ns = events.start_ns[calls[known][busiest]]
    order = np.argsort(launch_ns, kind="stable")
    start_ns = events.start_ns[activities[known][busiest][order]]
    earliest = np.minimum.accumulate(start_ns[::-1])[::-1]
    place = np.searchsorted(launch_ns[order], launched_ns, side="right")
    following: Ints = np.append(earliest, events.end_ns.max(initial=0))[place]
    return following


def waited_for(trace: Trace, launched_ns: Ints, activities: Places, *, one_stream: bool) -> Ints:
    """Return when the host knew that the device had done what was launched by each instant.

    That is when a call returned that waits for the whole device. One that waits for a stream tells
    it only where there is no other, and none tells it of several devices, as it waits for one.

    Args:
        trace: Any.
        launched_ns: Instants, shape (n,).
        activities: Indices of its device activities.
        one_stream: Whether everything went to one stream.

    Returns:
        ns, shape (n,); ``UNBOUNDED_NS`` where no such call follows.
    """
    waits = calls_named(trace, _WAITS_FOR_THE_DEVICE.fullmatch)
    if one_stream:
        waits |= calls_named(trace, _WAITS_FOR_A_STREAM.fullmatch)
    device = trace.events.device[activities]
    waits &= not (device != device[:1]).any()
    waiting = trace.events[waits]
    order = np.argsort(waiting.start_ns, kind="stable")
    returned_ns = np.minimum.accumulate(waiting.end_ns[order][::-1])[::-1]
    place = np.searchsorted(waiting.start_ns[order], launched_ns)
    done: Ints = np.append(returned_ns, UNBOUNDED_NS)[place]
    return done
