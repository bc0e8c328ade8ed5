"""The chain of host and device activities that sets the length of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.breakdown.step_times import CATEGORIES, column
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, CAUSES, Cause
from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    added_up,
    edges_of,
    first_come,
    grouped,
    time_by_label,
)
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.analysis.timeline.steps import is_step
from annt_prof.categories import Category
from annt_prof.trace.columns import HOST_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

_LABELS = tuple(category.value for category in CATEGORIES)
_HOST = len(_LABELS)  # becomes a category by what the host does
_DEVICE = _HOST + 1  # becomes a category by the activity
_BEFORE = _DEVICE + 1  # between an activity and what let it begin: by why the device idles
_UNKNOWN = _BEFORE + 1  # before one of which nothing tells what let it begin, likewise
_COMMUNICATION = CAUSES.index(Cause.COMMUNICATION)
_OF_HOST = [
    CAUSES.index(cause)
    for cause in (Cause.DATA_LOADING, Cause.SYNCHRONISE, Cause.LAUNCH, Cause.DISPATCH)
]
_CATEGORY_OF_CAUSE = np.array([column(CATEGORY_OF[cause]) for cause in CAUSES])


class CircularPathError(Exception):
    """An activity was found to wait for itself: a fault of the rules, whatever the file holds."""


class PathStep(msgspec.Struct, frozen=True):
    """A step's time by what was on the path then.

    Attributes:
        name: The step's.
        wall_ns: Its length.
        on_path_ns: Sums to ``wall_ns``; keys are categories, without zeros.
        host_ns: The host's part of it by the phase that it was in, without zeros;
            ``unattributed`` where it was in none.
        idle_ns: The part of ``on_path_ns`` in which no device was busy, likewise; sums to the idle
            time of the step's breakdown.
    """

    name: str
    wall_ns: int
    on_path_ns: dict[str, int]
    host_ns: dict[str, int]
    idle_ns: dict[str, int]


class PathActivity(msgspec.Struct, frozen=True):
    """All device activities of one name that are on the path.

    Attributes:
        name: As in the trace.
        category: What its time counts as.
        count: Activities with time on the path.
        on_path_ns: Within the steps.
    """

    name: str
    category: str
    count: int
    on_path_ns: int


class CriticalPath(msgspec.Struct, frozen=True):
    """The path through the steps.

    Attributes:
        steps: In the order of time.
        activities: The longest on the path first, as many as asked for.
    """

    steps: tuple[PathStep, ...]
    activities: tuple[PathActivity, ...]


def critical_path(timeline: Timeline, top: int) -> CriticalPath | None:
    """Walk back from the end of all work launched in the steps to the first step's start.

    At each point the walk is where the time was decided: in a device activity, then in whatever
    let it begin (see ``gating``), on the host from its launch back to the last call that waited
    for the device, and from there in what that call waited for. So every nanosecond of the steps
    is on the path exactly once, and shortening what is not on it cannot shorten the steps. What
    the device waited for while it idled is ``timeline.idleness``.

    Args:
        timeline: Of a trace with device activities and the launch of any; None is returned for
            one without.
        top: Most activities to list.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    if not timeline.any_launch_known:
        return None
    walked = walk(timeline)
    return CriticalPath(
        steps=_by_step(timeline, stretches(timeline, walked)),
        activities=_longest(timeline, walked)[:top],
    )


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
    kind[on_device] = activity_categories(timeline, gated.event)[pieces.activity[on_device]]
    return Walked(
        path=first_come(pieces.start_ns, pieces.end_ns, np.arange(len(kind))),
        kind=kind,
        activity=np.where(on_device, pieces.activity, NOTHING),
        returned_ns=pieces.returned_ns,
        waited_for=pieces.waited_for,
    )


@dataclass(frozen=True, eq=False)
class Stretches:
    """The path cut wherever what is known of it changes; columns of shape (n,).

    Attributes:
        from_ns: Ascending; each stretch lasts to the next, and nothing is known of the last one.
        category: An index into ``CATEGORIES``, or ``NOTHING`` off the path.
        of_host: Whether the host is on the path.
        phase: That the main thread is in, an index into ``PHASES``, or ``NOWHERE``.
        cause: Why no device is busy, an index into ``CAUSES``; ``NOWHERE`` where one is.
        activity: As of ``Walked``.
    """

    from_ns: Ints
    category: Ints
    of_host: NDArray[np.bool_]
    phase: Ints
    cause: Ints
    activity: Places


def stretches(timeline: Timeline, walked: Walked, *, cut_at: Sequence[Segments] = ()) -> Stretches:
    """Say of every stretch of the path within the steps what it is.

    Args:
        timeline: That was walked.
        walked: The path.
        cut_at: More at whose ends stretches are to end.
    """
    steps, phases, idleness = timeline.whole_steps, timeline.phases.segments, timeline.idleness
    host = timeline.host_activity
    edges = edges_of([walked.path, phases, idleness, host, *cut_at], steps.start_ns, steps.end_ns)
    piece, cause = walked.path.label_at(edges), idleness.label_at(edges)
    kind = np.append(walked.kind, NOTHING)[piece]
    category, of_host = _resolved(kind, cause, host.label_at(edges))
    return Stretches(
        from_ns=edges,
        category=category,
        of_host=of_host,
        phase=phases.label_at(edges),
        cause=cause,
        activity=np.append(walked.activity, NOTHING)[piece],
    )


@dataclass(frozen=True, eq=False)
class _Waits:
    """Calls that waited for a device activity, by their ends; columns of shape (n,)."""

    end_ns: Ints
    activity: Places

    def last_before(self, instants_ns: Ints) -> Places:
        """Return the last call that had returned at each instant, or ``NOTHING``."""
        return np.searchsorted(self.end_ns, instants_ns, side="right") - 1


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
    """Pieces of the path in no order, some of them empty; columns of shape (n,).

    Attributes:
        start_ns: int64.
        end_ns: int64.
        kind: int64: an index into ``_LABELS``, or one of what becomes a category later.
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
    node = _visited(timeline, _last(timeline, end), following, begin)
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
        (arrival_ns, last_ns, _HOST),
        (begun_ns, arrival_ns, _DEVICE),
        (called_ns, begun_ns, np.where(known, _BEFORE, _UNKNOWN)),
        (calling_ns, called_ns, _HOST),
        (host_from_ns, calling_ns, _HOST),
        (reached_ns, host_from_ns, column(Category.SYNC)),
    )
    return _Pieces(
        start_ns=np.concatenate([from_ns for from_ns, _, _ in pieces]),
        end_ns=np.concatenate([until_ns for _, until_ns, _ in pieces]),
        kind=np.concatenate([np.broadcast_to(kind, len(node)) for _, _, kind in pieces]),
        activity=np.tile(node, len(pieces)),
        returned_ns=returned_ns[waited],
        waited_for=following[node[waited]],
    )


def _last(timeline: Timeline, end: int) -> int:
    """Return the activity that the steps end with, or their own end where that is the host's.

    Of what was launched in the steps it is the one that ends after them, if any does. Else the
    host arrives at their end; but where nothing of it is recorded since before the last activity
    ended, nothing tells that it did not wait for that.
    """
    gated = timeline.gates
    begun_ns = np.where(gated.launch_ns == UNKNOWN_NS, gated.start_ns, gated.launch_ns)
    launched = np.flatnonzero(begun_ns < end)
    if not len(launched):
        return len(gated.event)
    last = int(launched[np.argmax(gated.end_ns[launched])])
    return last if gated.end_ns[last] > _host_recorded_until(timeline, end) else len(gated.event)


def _host_recorded_until(timeline: Timeline, end: int) -> int:
    """Return until when the step's threads are recorded, but for the ranges of steps themselves."""
    trace, events = timeline.trace, timeline.events
    recorded = events.of_kind(*HOST_KINDS) & timeline.on_step_threads & (events.start_ns < end)
    recorded &= ~trace.names_where([is_step(name) for name in trace.names])
    return min(int(events.end_ns[recorded].max(initial=0)), end)


def _visited(timeline: Timeline, first: int, following: Places, begin: int) -> Places:
    """Return the activities from the first one back to the beginning; the last may be their end."""
    trace, gated = timeline.trace, timeline.gates
    steps, starts = following.tolist(), gated.start_ns.tolist()
    node, visited = first, [first]
    seen = bytearray(len(steps))
    seen[first] = True
    while (node == len(starts) or starts[node] > begin) and (node := steps[node]) != NOTHING:
        if seen[node]:
            raise CircularPathError(
                f"{trace.names[trace.events.name[gated.event[node]]]!r} at {starts[node]} ns of "
                f"{trace.source} waits for itself"
            )
        seen[node] = True
        visited.append(node)
    return np.array(visited)


def _by_step(timeline: Timeline, told: Stretches) -> tuple[PathStep, ...]:
    steps, edges, on_path = timeline.whole_steps, told.from_ns, told.category
    spans = (steps.start_ns, steps.end_ns)
    time_ns = time_by_label(edges, on_path, len(_LABELS), *spans)
    idle_ns = time_by_label(
        edges, np.where(told.cause == NOWHERE, NOWHERE, on_path), len(_LABELS), *spans
    )
    unknown = len(PHASES)
    phase = np.where(told.phase == NOWHERE, unknown, told.phase)
    host_ns = time_by_label(edges, np.where(told.of_host, phase, NOWHERE), unknown + 1, *spans)
    return tuple(
        PathStep(
            name=steps.names[i],
            wall_ns=int(steps.end_ns[i] - steps.start_ns[i]),
            on_path_ns=_named(_LABELS, time_ns[i]),
            idle_ns=_named(_LABELS, idle_ns[i]),
            host_ns=_named((*(p.value for p in PHASES), Category.UNATTRIBUTED.value), host_ns[i]),
        )
        for i in range(len(steps.names))
    )


def _resolved(kind: Ints, cause: Ints, doing: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the category of the path at some instants, and whether the host is on it there.

    An activity that is not yet let go while no device is busy waits for what the device idles for;
    while another stream is busy it is queued.

    Args:
        kind: Of the pieces of the path, shape (n,).
        cause: Why no device is busy, ``NOWHERE`` where one is; shape (n,).
        doing: What the host does, shape (n,).
    """
    before = np.isin(kind, (_BEFORE, _UNKNOWN)) & (cause != NOWHERE)
    on_host = kind == _HOST
    of_host = on_host | (before & np.isin(cause, _OF_HOST))
    category = np.where(kind == _BEFORE, column(Category.QUEUED), kind)
    category[kind == _UNKNOWN] = column(Category.UNATTRIBUTED)
    category[before] = _CATEGORY_OF_CAUSE[cause[before]]
    category[on_host] = _CATEGORY_OF_CAUSE[doing[on_host]]
    category[on_host & (cause == _COMMUNICATION)] = column(Category.COMMUNICATION)
    return category, of_host


def _named(names: Sequence[str], row: Ints) -> dict[str, int]:
    return {name: int(ns) for name, ns in zip(names, row, strict=True) if ns}


def _longest(timeline: Timeline, walked: Walked) -> tuple[PathActivity, ...]:
    """Return the activities on the path by name and category, the longest first."""
    trace, steps, path = timeline.trace, timeline.whole_steps, walked.path
    stepping = first_come(steps.start_ns, steps.end_ns)
    within_ns = stepping.length_before(path.end_ns) - stepping.length_before(path.start_ns)
    on_path, category = walked.activity[path.label], walked.kind[path.label]
    kept = (on_path != NOTHING) & (within_ns > 0)
    on_path, category, within_ns = on_path[kept], category[kept], within_ns[kept]
    key = (
        trace.events.name[timeline.gates.event[on_path]].astype(np.int64) * len(_LABELS) + category
    )
    group, keys = grouped(key)
    counts = np.bincount(group, minlength=len(keys))
    total_ns = added_up(group, within_ns, len(keys))
    return tuple(
        PathActivity(
            name=trace.names[keys[i] // len(_LABELS)],
            category=_LABELS[keys[i] % len(_LABELS)],
            count=int(counts[i]),
            on_path_ns=int(total_ns[i]),
        )
        for i in np.lexsort((keys, -total_ns))
    )
