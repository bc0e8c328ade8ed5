"""The walk back in time along what let each activity begin, from the end of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.breakdown.step_times import CATEGORIES, column
from annt_prof.analysis.path.visited import visited
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.intervals import distinct, first_come, last_by
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.analysis.timeline.steps import is_step
from annt_prof.categories import Category
from annt_prof.trace.columns import HOST_KINDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

# Kinds of pieces beside the categories, of which each becomes one in ``stretches``.
HOST = len(CATEGORIES)
"""By what the host does."""
BEFORE = HOST + 1
"""Between an activity and what let it begin: by why the device idles."""
UNKNOWN = BEFORE + 1
"""Before an activity of which nothing tells what let it begin, likewise."""
_DEVICE = UNKNOWN + 1  # becomes a category by the activity


@dataclass(frozen=True, eq=False)
class Walked:
    """The path itself.

    Attributes:
        path: Labelled with the piece that each stretch of it is; whole between the first step's
            start and the last one's end.
        kind: int64, by piece: an index into ``CATEGORIES``, or what becomes one as ``stretches``
            are told.
        activity: By piece: what the device was at, an index into the gates; ``NOTHING`` where the
            piece is no device activity.
        returned_ns: When each wait of the host for the device on the path ended, shape (waits,).
        waited_for: What each waited for, an index into the gates, shape (waits,).
    """

    path: Segments
    kind: Ints
    activity: Places
    returned_ns: Ints
    waited_for: Places


def walk(timeline: Timeline) -> Walked:
    """Follow the path; see ``critical_path``.

    Args:
        timeline: Of a trace with device activities and the launch of any.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    pieces, gated = _walk(timeline, _waits(timeline)), timeline.gates
    on_device = (pieces.kind == _DEVICE) & (pieces.activity < len(gated.event))
    kind = pieces.kind.copy()
    kind[on_device] = activity_categories(timeline, gated.event[pieces.activity[on_device]])
    return Walked(
        path=first_come(pieces.start_ns, pieces.end_ns, np.arange(len(kind))),
        kind=kind,
        activity=np.where(on_device, pieces.activity, NOTHING),
        returned_ns=pieces.returned_ns,
        waited_for=pieces.waited_for,
    )


@dataclass(frozen=True, eq=False)
class _Waits:
    """Calls that waited for a device activity, by their ends; columns of shape (n,)."""

    end_ns: Ints
    activity: Places

    def last_before(self, instants_ns: Ints) -> Places:
        """Return the last call that had returned at each instant, or ``NOTHING``."""
        return last_by(self.end_ns, instants_ns)


def _waits(timeline: Timeline) -> _Waits:
    """Find the waits in which an activity ended; the others had nothing to wait for.

    A call that waited for its own pageable copy waited for nothing else, and may return while
    the end of the copy is still under way. One that took no time waited for nothing, and so
    cannot have held up its own launch, which is at the same instant. Of two that returned at one
    instant the host was last in the one that began later.
    """
    gated, waits = timeline.gates, timeline.holding_up
    waits = waits[waits.end_ns > waits.start_ns]
    waits = waits[np.lexsort((waits.start_ns, waits.end_ns))]
    activity = gated.last_to_end_by(waits.end_ns)
    copied = _own_copies(timeline, waits.call)
    activity = np.where(copied == NOTHING, activity, copied)
    ended_ns = np.append(gated.end_ns, UNKNOWN_NS)[activity]
    waited = ended_ns > waits.start_ns
    return _Waits(waits.end_ns[waited], activity[waited])


def _own_copies(timeline: Timeline, calls: Places) -> Places:
    """Return the pageable copy (an index into the gates) that each call waited for."""
    place_of_event = np.full(len(timeline.events), NOTHING)
    place_of_event[timeline.gates.event] = np.arange(len(timeline.gates.event))
    copy_of_call = np.full(len(timeline.events), NOTHING)
    waits = timeline.pageable_waits
    copy_of_call[waits.call] = place_of_event[waits.copy]
    copies: Places = copy_of_call[calls]
    return copies


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces of the path in no order; columns of shape (n,).

    Attributes:
        start_ns: int64.
        end_ns: int64.
        kind: int64: an index into ``CATEGORIES``, or one of what becomes a category later.
        activity: Index into the gates where the kind is ``_DEVICE``.
        returned_ns: When each wait for the device on the path ended, shape (waits,).
        waited_for: What each waited for, an index into the gates, shape (waits,).
    """

    start_ns: Ints
    end_ns: Ints
    kind: Ints
    activity: Places
    returned_ns: Ints
    waited_for: Places


def _walk(timeline: Timeline, waits: _Waits) -> _Pieces:
    """Follow the gates back in time.

    No activity is met twice. What one waited for began no later, and where it began at the same
    instant it was launched before: a stream's order is that of launches then, and a call that
    has taken time began, and launched its own copy, before anything was launched on its return.
    The end of the steps is one more node behind the activities, at which the host arrives: the
    walk starts there unless they end with an activity.
    """
    gated, steps = timeline.gates, timeline.whole_steps
    begin, end = int(steps.start_ns.min()), int(steps.end_ns.max())
    start_ns, end_ns = np.append(gated.start_ns, end), np.append(gated.end_ns, end)
    launch_ns, previous = np.append(gated.launch_ns, end), np.append(gated.previous, NOTHING)
    launched_ns = np.append(gated.launched_ns, end)
    by_launch = (previous == NOTHING) & (launch_ns != UNKNOWN_NS)
    wait = np.where(by_launch, waits.last_before(launch_ns), NOTHING)
    following = np.where(by_launch, np.append(waits.activity, NOTHING)[wait], previous)
    node = visited(timeline, _last(timeline, waits, end), following, begin)
    launched, waited = by_launch[node], wait[node] != NOTHING
    returned_ns = np.where(waited, np.append(waits.end_ns, begin)[wait[node]], end_ns.max())
    # An activity's time on the path ends where that of the next one in time begins, or where the
    # call returned that waited for it.
    left_ns = np.minimum(start_ns[node], returned_ns)
    arrival_ns = np.minimum(end_ns[node], np.append(end_ns.max(), left_ns[:-1]))
    reached_ns = np.append(arrival_ns[1:], begin)
    begun_ns = np.maximum(start_ns[node], begin)
    host_from_ns = np.where(waited, returned_ns, reached_ns)
    known = launched | (following[node] != NOTHING)
    calling_ns = np.where(launched, np.maximum(launch_ns[node], begin), reached_ns)
    called_ns = np.where(launched, np.maximum(launched_ns[node], begin), reached_ns)
    last_ns = np.full(len(node), end)
    last_ns[1:] = arrival_ns[1:]
    pieces = (
        (arrival_ns, last_ns, HOST),
        (begun_ns, arrival_ns, _DEVICE),
        (called_ns, begun_ns, np.where(known, BEFORE, UNKNOWN)),
        (calling_ns, called_ns, HOST),
        (host_from_ns, calling_ns, HOST),
        (reached_ns, host_from_ns, column(Category.SYNC)),
    )
    lasting = [np.flatnonzero(from_ns < until_ns) for from_ns, until_ns, _ in pieces]
    return _Pieces(
        start_ns=_picked(lasting, [from_ns for from_ns, _, _ in pieces]),
        end_ns=_picked(lasting, [until_ns for _, until_ns, _ in pieces]),
        kind=_picked(lasting, [np.broadcast_to(kind, len(node)) for _, _, kind in pieces]),
        activity=_picked(lasting, [node] * len(pieces)),
        returned_ns=returned_ns[waited],
        waited_for=following[node[waited]],
    )


def _picked(places: list[Places], columns: list[Ints]) -> Ints:
    """Return the chosen places of each column, one after the other."""
    chosen: list[Ints] = [column[here] for here, column in zip(places, columns, strict=True)]
    return np.concatenate(chosen)


def _last(timeline: Timeline, waits: _Waits, end: int) -> int:
    """Return the activity that the steps end with, or their own end where that is the host's.

    Of what was launched in the steps it is the one that ends after them, if any does: the device is
    behind. But where the host last waited for the device longer before the end than that overhangs,
    it was the host that had the more to do. Else the host arrives at the end; but where nothing of
    it is recorded since before the last activity ended, nothing tells that it did not wait for it.
    """
    gated = timeline.gates
    begun_ns = np.where(gated.launch_ns == UNKNOWN_NS, gated.start_ns, gated.launch_ns)
    launched = np.flatnonzero(begun_ns < end)
    if not len(launched):
        return len(gated.event)
    last = int(launched[np.argmax(gated.end_ns[launched])])
    last_end_ns = int(gated.end_ns[last])
    if last_end_ns > end:
        place = int(waits.last_before(np.array([end]))[0])
        free_ns = end - int(waits.end_ns[place]) if place != NOTHING else 0
        return last if last_end_ns - end >= free_ns or place == NOTHING else len(gated.event)
    if not _host_recorded_after(timeline, last_end_ns, end):
        return last
    return len(gated.event)


def _host_recorded_after(timeline: Timeline, instant: int, end: int) -> bool:
    """Tell whether the step's threads are recorded at or after an instant, but for whole steps.

    What begins behind the end of the steps does not count.
    """
    trace, events = timeline.trace, timeline.events
    later = np.flatnonzero((events.end_ns >= instant) & (events.start_ns < end))
    later = later[timeline.on_step_threads[later] & np.isin(events.kind[later], HOST_KINDS)]
    return any(not is_step(trace.names[name]) for name in distinct(events.name[later]).tolist())
