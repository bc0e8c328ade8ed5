"""Which call on the host launched each device activity, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, grouped
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Events

UNKNOWN_NS = np.iinfo(np.int64).min
UNKNOWN_CALL = -1


def launch_calls(events: Events, activities: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the call that launched each device activity.

    A call and what it launched share a correlation id; 0 and below are no ids. Many activities
    may hang on one call (a CUDA graph). Where several calls bear the id (traces merged from
    processes), the last one that began before the activity launched it.

    Args:
        events: All events of a trace.
        activities: Indices of the device activities, shape (n,).

    Returns:
        Indices into the events, shape (n,); ``UNKNOWN_CALL`` where the trace does not hold it.
    """
    calls = np.flatnonzero(events.of_kind(Kind.RUNTIME, Kind.DRIVER) & (events.correlation > 0))
    wanted = events.correlation[activities]
    result = np.full(len(activities), UNKNOWN_CALL, np.intp)
    if not len(calls) or not len(activities):
        return result
    calls = calls[np.lexsort((events.start_ns[calls], events.correlation[calls]))]
    correlation, start_ns = events.correlation[calls], events.start_ns[calls]
    first = np.searchsorted(correlation, wanted)
    known = np.append(correlation, 0)[first] == wanted
    known &= wanted > 0
    last_before = _last_at_or_before(correlation, start_ns, wanted, events.start_ns[activities])
    # Where clocks disagree every call may seem late: then it is the first one.
    result[known] = calls[np.maximum(first, last_before)[known]]
    return result


def operators_of(events: Events, activities: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the operator that each device activity belongs to, which has its external id.

    Args:
        events: All events of a trace.
        activities: Indices of device activities, shape (n,).

    Returns:
        Indices into the events, shape (n,); ``NOWHERE`` where no operator has the id.
    """
    operators = np.flatnonzero(events.of_kind(Kind.OPERATOR) & (events.external_id > 0))
    result = np.full(len(activities), NOWHERE, np.intp)
    if not len(operators):
        return result
    operators = operators[np.argsort(events.external_id[operators], kind="stable")]
    ids = events.external_id[operators]
    wanted = events.external_id[activities]
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    known = ids[place] == wanted
    result[known] = operators[place[known]]
    return result


def _last_at_or_before(
    correlation: NDArray[np.int64],
    start_ns: NDArray[np.int64],
    wanted: NDArray[np.int64],
    instant_ns: NDArray[np.int64],
) -> NDArray[np.intp]:
    """Find the last call with a correlation up to the wanted one, begun by the instant.

    The calls are sorted by correlation, then start. Returns -1 where there is none.
    """
    num_calls = len(correlation)
    is_activity = np.repeat([False, True], [num_calls, len(wanted)])
    order = np.lexsort(
        (
            is_activity,
            np.concatenate((start_ns, instant_ns)),
            np.concatenate((correlation, wanted)),
        )
    )
    calls_before = np.cumsum(~is_activity[order]) - 1
    result = np.empty(len(wanted), np.intp)
    sorted_activity = is_activity[order]
    result[order[sorted_activity] - num_calls] = calls_before[sorted_activity]
    return result


def streams_of(events: Events, activities: NDArray[np.intp]) -> NDArray[np.intp]:
    """Number the streams that activities ran on, each device's apart; shape (n,), from 0."""
    device, _ = grouped(events.device[activities])
    stream, streams = grouped(events.stream[activities])
    numbered, _ = grouped(device * len(streams) + stream)
    return numbered


def launched_before_recording(
    events: Events, activities: NDArray[np.intp], calls: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Tell which device activities were launched before the profiler recorded calls.

    Of those without a call it is one whose correlation id is below every recorded call's, as the
    ids count calls; one that began before any recorded call; and, as a stream runs in the order of
    launches, whatever lies before one of these in its stream.

    Args:
        events: All events of a trace.
        activities: Indices of the device activities, shape (n,).
        calls: The call that launched each, ``UNKNOWN_CALL`` where there is none, shape (n,).

    Returns:
        bool, shape (n,); nowhere true where no call is recorded.

    Source: ids count up from call to call in CUPTI's own records (pytorch/pytorch issue 99615 has
    some).
    """
    recorded = events.of_kind(Kind.RUNTIME, Kind.DRIVER) & (events.correlation > 0)
    before = np.zeros(len(activities), bool)
    orphans = np.flatnonzero(calls == UNKNOWN_CALL)
    if not len(orphans) or not recorded.any():
        return before
    ids, start_ns = events.correlation[activities[orphans]], events.start_ns[activities[orphans]]
    early = (ids > 0) & (ids < events.correlation[recorded].min())
    early |= start_ns < events.start_ns[recorded].min()
    stream = streams_of(events, activities[orphans])
    last_ns = np.full(stream.max() + 1, UNKNOWN_NS)
    np.maximum.at(last_ns, stream[early], start_ns[early])
    before[orphans] = start_ns <= last_ns[stream]
    return before
