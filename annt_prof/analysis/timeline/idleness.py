"""Why no device was busy, instant by instant: the one decision on a device's idle time.

The breakdown, the table of gaps and the critical path all take it from here, so that none of them
can give the same nanosecond another cause.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline import dependencies
from annt_prof.analysis.timeline.intervals import Segments, edges_of, first_come
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Category, Phase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


class Cause(StrEnum):
    """Why no device is busy."""

    QUEUED = "queued"
    """Something had been launched and had not begun: the device's own delay. The host is not to
    blame."""
    OTHER_STREAM = "other_stream"
    """Likewise, and the host had made a stream wait for an event before it launched it."""
    COMMUNICATION = "communication"
    """The host carried out a collective itself, and its main thread did not load data meanwhile."""
    DATA_LOADING = "data_loading"
    """Nothing was launched: the host was in the data loader."""
    SYNCHRONISE = "synchronise"
    """Nothing was launched: the host was waiting for the device, or just told that it was done."""
    LAUNCH = "launch"
    """The host was in a call that launches, or the device was taking up what it had just been
    given: with an empty queue it waits for that too."""
    DISPATCH = "dispatch"
    """Nothing was launched: the host was running Python and operators."""
    UNKNOWN = "unknown"
    """The trace does not hold the launch of what comes next, or nothing of the host at all."""


CAUSES = tuple(Cause)

CATEGORY_OF = {
    Cause.QUEUED: Category.QUEUED,
    Cause.OTHER_STREAM: Category.QUEUED,
    Cause.COMMUNICATION: Category.COMMUNICATION,
    Cause.DATA_LOADING: Category.DATA_LOADING,
    Cause.SYNCHRONISE: Category.SYNC,
    Cause.LAUNCH: Category.HOST_BOUND,
    Cause.DISPATCH: Category.HOST_BOUND,
    Cause.UNKNOWN: Category.UNATTRIBUTED,
}
"""What of a breakdown the idle time of each cause is."""
_DISPATCH = CAUSES.index(Cause.DISPATCH)


def idleness(timeline: Timeline) -> Segments:
    """Give every idle nanosecond of the steps of a trace, selected or not, to one cause.

    The host is late until the call that launches returned, and as long as an idle device takes to
    begin at once, which a host that is ahead hides. From then on what was launched waits in the
    device's queue: for the device itself, for an event, for what was launched before it. So while
    anything is queued the host is not to blame, whatever it does meanwhile.

    Several devices count as one: it is idle while all of them are.

    Args:
        timeline: Of a trace with device activities.

    Returns:
        Labelled with indices into ``CAUSES``.
    """
    events, activities, steps = timeline.events, timeline.activities, timeline.all_steps
    start_ns = events.start_ns[activities]
    busy = first_come(start_ns, events.end_ns[activities])
    calls = timeline.launch_calls(activities)
    known = calls != UNKNOWN_CALL
    launch_ns = np.minimum(events.start_ns[calls], start_ns)
    # A call that has not returned may still be at work on what it launches.
    returned_ns = np.clip(events.end_ns[calls], launch_ns, start_ns)
    at_once = _begun_at_once(busy, launch_ns, returned_ns, start_ns)
    told = _told_to_wait(timeline)
    queued = _between(returned_ns, start_ns, known & ~at_once & ~told)
    waiting = _between(returned_ns, start_ns, known & ~at_once & told)
    launching = _between(launch_ns, returned_ns, known)
    taking_up = _between(returned_ns, start_ns, known & at_once)
    unknown = _before_unknown(busy, start_ns, known)
    host, collectives = timeline.host_activity, timeline.waited_collectives
    begin_ns, end_ns = steps.start_ns.min(keepdims=True), steps.end_ns.max(keepdims=True)
    layers = [busy, queued, waiting, launching, taking_up, unknown, host, collectives]
    edges = edges_of(layers, begin_ns, end_ns)
    idle = ~busy.covers(edges[:-1]) & (edges[:-1] >= begin_ns) & (edges[:-1] < end_ns)
    from_ns, until_ns = edges[:-1][idle], edges[1:][idle]
    cause = host.label_at(from_ns)
    cause[(cause == _DISPATCH) & launching.covers(from_ns)] = CAUSES.index(Cause.LAUNCH)
    cause[unknown.covers(from_ns) | (not timeline.host_recorded)] = CAUSES.index(Cause.UNKNOWN)
    if not timeline.any_launch_known:
        cause[cause == _DISPATCH] = CAUSES.index(Cause.UNKNOWN)
    cause[waiting.covers(from_ns)] = CAUSES.index(Cause.OTHER_STREAM)
    cause[queued.covers(from_ns)] = CAUSES.index(Cause.QUEUED)
    cause[taking_up.covers(from_ns)] = CAUSES.index(Cause.LAUNCH)
    cause[collectives.covers(from_ns)] = CAUSES.index(Cause.COMMUNICATION)
    return Segments(from_ns, until_ns, cause)


def host_activity(timeline: Timeline) -> Segments:
    """Label the whole of the steps by what the host does, whether the device is busy or not.

    Returns:
        Labelled with the indices of ``DATA_LOADING``, ``SYNCHRONISE`` and ``DISPATCH``.
    """
    steps, phases, waiting = timeline.all_steps, timeline.phases.segments, timeline.waiting
    begin_ns, end_ns = steps.start_ns.min(keepdims=True), steps.end_ns.max(keepdims=True)
    edges = edges_of([phases, waiting], begin_ns, end_ns)
    edges = edges[(edges >= begin_ns) & (edges <= end_ns)]
    phase = phases.label_at(edges)
    label = np.full(len(edges), _DISPATCH)
    label[waiting.covers(edges) | (phase == PHASES.index(Phase.SYNC))] = CAUSES.index(
        Cause.SYNCHRONISE
    )
    label[phase == PHASES.index(Phase.DATA_LOADING)] = CAUSES.index(Cause.DATA_LOADING)
    return Segments(edges[:-1], edges[1:], label[:-1])


def _told_to_wait(timeline: Timeline) -> NDArray[np.bool_]:
    """Tell of each activity whether its stream was made to wait for an event before it."""
    told = np.zeros(len(timeline.events), bool)
    told[timeline.gates.event[timeline.gates.told_to_wait]] = True
    return told[timeline.activities]


def _between(from_ns: Ints, until_ns: Ints, chosen: NDArray[np.bool_]) -> Segments:
    return first_come(from_ns[chosen], until_ns[chosen])


def _begun_at_once(
    busy: Segments, launch_ns: Ints, returned_ns: Ints, start_ns: Ints
) -> NDArray[np.bool_]:
    """Tell which activities an idle device began as soon as it could; all of shape (n,)."""
    into_idle = busy.length_before(start_ns) == busy.length_before(launch_ns)
    at_once: NDArray[np.bool_] = into_idle & (start_ns - returned_ns <= dependencies.TAKING_UP_NS)
    return at_once


def _before_unknown(busy: Segments, start_ns: Ints, known: NDArray[np.bool_]) -> Segments:
    """Return the idle times that end with an activity whose launch the trace does not hold."""
    begins_ns = np.append(np.iinfo(np.int64).min, busy.end_ns[:-1])[: len(busy.start_ns)]
    gaps = begins_ns < busy.start_ns
    begins_ns, ends_ns = begins_ns[gaps], busy.start_ns[gaps]
    by_start = np.argsort(start_ns, kind="stable")
    ending = by_start[np.searchsorted(start_ns[by_start], ends_ns, side="left")]
    return _between(begins_ns, ends_ns, ~known[ending])
