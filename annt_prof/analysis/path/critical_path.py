"""The chain of host and device activities that sets the length of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.breakdown.step_times import CATEGORIES, column
from annt_prof.analysis.timeline.dependencies import NOTHING
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
from annt_prof.categories import Category, Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.dependencies import Gates
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.phases import Phases
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

QUEUED = "queued"
"""On the path beside the categories: the device's own delay between two activities."""

_LABELS = (*(category.value for category in CATEGORIES), QUEUED)
_QUEUED = _LABELS.index(QUEUED)
_HOST = len(_LABELS)  # becomes a category by the phase that the host is in
_DEVICE = _HOST + 1  # becomes a category by the activity
_HOST_PHASES = {Phase.DATA_LOADING: Category.DATA_LOADING, Phase.SYNC: Category.SYNC}


class CircularPathError(Exception):
    """An activity was found to wait for itself: a fault of the rules, whatever the file holds."""


class PathStep(msgspec.Struct, frozen=True):
    """A step's time by what was on the path then.

    Attributes:
        name: The step's.
        wall_ns: Its length.
        on_path_ns: Sums to ``wall_ns``; keys are categories and ``QUEUED``, without zeros.
        host_ns: The host's part of it by the phase that it was in, without zeros;
            ``unattributed`` where it was in none.
    """

    name: str
    wall_ns: int
    on_path_ns: dict[str, int]
    host_ns: dict[str, int]


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
    is on the path exactly once, and shortening what is not on it cannot shorten the steps.

    Args:
        timeline: Of a trace with device activities; None is returned for one without.
        top: Most activities to list.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    if not len(timeline.activities):
        return None
    gated = timeline.gates
    pieces = _walk(timeline, _waits(timeline))
    path = first_come(pieces.start_ns, pieces.end_ns, np.arange(len(pieces.kind)))
    on_device = (pieces.kind == _DEVICE) & (pieces.activity < len(gated.event))
    category = activity_categories(timeline, gated.event)
    label = pieces.kind.copy()
    label[on_device] = category[pieces.activity[on_device]]
    activity = np.where(on_device, pieces.activity, NOTHING)
    return CriticalPath(
        steps=_by_step(path, label, timeline.steps, timeline.phases),
        activities=_longest(timeline, path, activity, category)[:top],
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
    """Find the calls in which an activity ended; the others had nothing to wait for.

    A call that waited for its own pageable copy waited for nothing else, and may return while
    the end of the copy is still under way. One that took no time waited for nothing, and so
    cannot have held up its own launch, which is at the same instant. Of two that returned at one
    instant the host was last in the one that began later.
    """
    events, gated, calls = timeline.events, timeline.gates, timeline.holding_up
    calls = calls[events.end_ns[calls] > events.start_ns[calls]]
    calls = calls[np.lexsort((events.start_ns[calls], events.end_ns[calls]))]
    activity = gated.last_to_end_by(events.end_ns[calls])
    copied = _own_copies(timeline, calls)
    activity = np.where(copied == NOTHING, activity, copied)
    ended_ns = np.append(gated.end_ns, UNKNOWN_NS)[activity]
    waited = ended_ns > events.start_ns[calls]
    return _Waits(events.end_ns[calls][waited], activity[waited])


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
        kind: int64: an index into ``_LABELS``, or ``_HOST`` or ``_DEVICE``.
        activity: Index into the gates where the kind is ``_DEVICE``.
    """

    start_ns: Ints
    end_ns: Ints
    kind: Ints
    activity: Places


def _walk(timeline: Timeline, waits: _Waits) -> _Pieces:
    """Follow the gates back in time.

    No activity is met twice. What one waited for began no later, and where it began at the same
    instant it was launched before: a stream's order is that of launches then, and a call that
    has taken time began, and launched its own copy, before anything was launched on its return.
    The end of the steps is one more node behind the activities, at which the host arrives: the
    walk starts there unless the device had work left then.
    """
    gated, steps = timeline.gates, timeline.steps
    begin, end = int(steps.start_ns.min()), int(steps.end_ns.max())
    start_ns, end_ns = np.append(gated.start_ns, end), np.append(gated.end_ns, end)
    launch_ns, previous = np.append(gated.launch_ns, end), np.append(gated.previous, NOTHING)
    by_launch = (previous == NOTHING) & (launch_ns != UNKNOWN_NS)
    wait = np.where(by_launch, waits.last_before(launch_ns), NOTHING)
    following = np.where(by_launch, np.append(waits.activity, NOTHING)[wait], previous)
    node = _visited(timeline, _last_launched(gated, end), following, begin)
    launched, waited = by_launch[node], wait[node] != NOTHING
    returned_ns = np.where(waited, np.append(waits.end_ns, begin)[wait[node]], end_ns.max())
    # An activity's time on the path ends where that of the next one in time begins, or where the
    # call returned that waited for it.
    left_ns = np.minimum(start_ns[node], returned_ns)
    arrival_ns = np.minimum(end_ns[node], np.append(end_ns.max(), left_ns[:-1]))
    reached_ns = np.append(arrival_ns[1:], begin)
    begun_ns = np.maximum(start_ns[node], begin)
    host_from_ns = np.where(waited, returned_ns, reached_ns)
    dispatched_ns = np.where(launched, np.maximum(launch_ns[node], begin), reached_ns)
    known = launched | (following[node] != NOTHING)
    before = np.where(
        launched,
        column(Category.HOST_BOUND),
        np.where(known, _QUEUED, column(Category.UNATTRIBUTED)),
    )
    kind = np.repeat([_DEVICE, 0, _HOST, column(Category.SYNC)], len(node))
    kind[len(node) : 2 * len(node)] = before
    return _Pieces(
        start_ns=np.concatenate((begun_ns, dispatched_ns, host_from_ns, reached_ns)),
        end_ns=np.concatenate((arrival_ns, begun_ns, dispatched_ns, host_from_ns)),
        kind=kind,
        activity=np.tile(node, 4),
    )


def _last_launched(gated: Gates, end: int) -> int:
    """Return the activity launched in the steps that ends after them, or the steps' own end."""
    begun_ns = np.where(gated.launch_ns == UNKNOWN_NS, gated.start_ns, gated.launch_ns)
    late = np.flatnonzero((begun_ns < end) & (gated.end_ns > end))
    return int(late[np.argmax(gated.end_ns[late])]) if len(late) else len(gated.event)


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


def _by_step(path: Segments, label: Ints, steps: Steps, phases: Phases) -> tuple[PathStep, ...]:
    edges = edges_of([path, phases.segments], steps.start_ns, steps.end_ns)
    on_path = np.append(label, NOTHING)[path.label_at(edges)]
    phase = phases.segments.label_at(edges)
    of_phase = np.array([column(_HOST_PHASES.get(p, Category.HOST_BOUND)) for p in PHASES])
    on_host = np.append(of_phase, column(Category.HOST_BOUND))[phase]
    spans = (steps.start_ns, steps.end_ns)
    time_ns = time_by_label(
        edges, np.where(on_path == _HOST, on_host, on_path), len(_LABELS), *spans
    )
    unknown = len(PHASES)
    host_phase = np.where(on_path == _HOST, np.where(phase == NOWHERE, unknown, phase), NOWHERE)
    host_ns = time_by_label(edges, host_phase, unknown + 1, *spans)
    return tuple(
        PathStep(
            name=steps.names[i],
            wall_ns=int(steps.end_ns[i] - steps.start_ns[i]),
            on_path_ns=_named(_LABELS, time_ns[i]),
            host_ns=_named((*(p.value for p in PHASES), Category.UNATTRIBUTED.value), host_ns[i]),
        )
        for i in range(len(steps.names))
    )


def _named(names: Sequence[str], row: Ints) -> dict[str, int]:
    return {name: int(ns) for name, ns in zip(names, row, strict=True) if ns}


def _longest(
    timeline: Timeline, path: Segments, activity: Places, category: Ints
) -> tuple[PathActivity, ...]:
    """Return the activities on the path by name and category, the longest first."""
    trace, steps = timeline.trace, timeline.steps
    stepping = first_come(steps.start_ns, steps.end_ns)
    within_ns = stepping.length_before(path.end_ns) - stepping.length_before(path.start_ns)
    on_path = activity[path.label]
    kept = (on_path != NOTHING) & (within_ns > 0)
    on_path, within_ns = on_path[kept], within_ns[kept]
    key = (
        trace.events.name[timeline.gates.event[on_path]].astype(np.int64) * len(_LABELS)
        + category[on_path]
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
