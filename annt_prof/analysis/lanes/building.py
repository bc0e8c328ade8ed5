"""Lanes of a trace: every thread, every stream, the critical path and the idle time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.lanes.columns import items, joined
from annt_prof.analysis.lanes.gaps import gaps_by_cause
from annt_prof.analysis.lanes.hosts import host_lanes
from annt_prof.analysis.lanes.lanes import NONE, UNKNOWN_NS, ItemKind, Lane, LaneKind, Lanes
from annt_prof.analysis.lanes.own_names import (
    CATEGORY_NAMES,
    CAUSE_NAMES,
    HOST_NAME,
    OWN_NAMES,
)
from annt_prof.analysis.lanes.path_marks import path_marks
from annt_prof.analysis.lanes.selection import select
from annt_prof.analysis.lanes.streams import stream_lanes
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, CAUSES
from annt_prof.analysis.timeline.intervals import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.columns import Items
    from annt_prof.analysis.lanes.path_marks import PathMarks
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

_CATEGORY_OF_CAUSE = np.array([CATEGORIES.index(CATEGORY_OF[cause]) for cause in CAUSES])


def build_lanes(timeline: Timeline) -> Lanes:
    """Return the items that overlap the selected steps, in their lanes.

    Raises:
        UserError: The trace holds nothing that takes time, or no step is selected.
        CircularPathError: The walk along the critical path came to an activity twice.
    """
    marks, chosen = path_marks(timeline), select(timeline)
    lanes, parts = host_lanes(timeline, chosen, marks)
    for kind, title, own in (
        (LaneKind.PATH, "critical path", _path(timeline, marks)),
        (LaneKind.IDLE, "device idle", _gaps(timeline)),
    ):
        if own is not None:
            own.lane = np.full(len(own.start_ns), len(lanes))
            lanes.append(Lane(kind, title, 1))
            parts.append(own)
    stream_titles, activities = stream_lanes(timeline, chosen, marks, len(lanes))
    return _lanes(timeline, [*lanes, *stream_titles], joined([*parts, activities]))


def _path(timeline: Timeline, marks: PathMarks | None) -> Items | None:
    if marks is None:
        return None
    name = np.where(marks.of_host, HOST_NAME, CATEGORY_NAMES + marks.category)
    of_event = timeline.events.name[marks.event]
    return items(
        marks.start_ns,
        marks.end_ns,
        ItemKind.PATH,
        name=np.where(marks.event == NOTHING, len(timeline.trace.names) + name, of_event),
        label=marks.category,
        category=marks.category,
        on_path=True,
        parent=marks.event,
    )


def _gaps(timeline: Timeline) -> Items | None:
    gaps = gaps_by_cause(timeline)
    if gaps is None:
        return None
    return items(
        gaps.start_ns,
        gaps.end_ns,
        ItemKind.GAP,
        name=len(timeline.trace.names) + CAUSE_NAMES + gaps.label,
        label=gaps.label,
        category=_CATEGORY_OF_CAUSE[gaps.label],
        on_path=True,
    )


def _lanes(timeline: Timeline, lanes: Sequence[Lane], whole: Items) -> Lanes:
    steps, origin_ns = timeline.steps, int(timeline.steps.start_ns[0])
    place = np.full(len(timeline.events) + 1, NONE)
    own = whole.event != NONE
    place[whole.event[own]] = np.flatnonzero(own)
    used, name = np.unique(whole.name, return_inverse=True)
    names = (*timeline.trace.names, *OWN_NAMES)
    return Lanes(
        lanes=tuple(lanes),
        names=tuple(names[i] for i in used.tolist()),
        step_names=steps.names,
        step_start_ns=steps.start_ns - origin_ns,
        step_end_ns=steps.end_ns - origin_ns,
        origin_ns=origin_ns,
        lane=whole.lane.astype(np.int16),
        row=whole.row.astype(np.int16),
        kind=whole.kind.astype(np.int8),
        start_ns=whole.start_ns - origin_ns,
        end_ns=whole.end_ns - origin_ns,
        name=name.astype(np.int32).reshape(-1),
        label=whole.label.astype(np.int8),
        category=whole.category.astype(np.int8),
        on_path=np.asarray(whole.on_path, bool),
        launched_by=place[whole.launched_by].astype(np.int32),
        launched_ns=np.where(whole.launched_by == NONE, UNKNOWN_NS, whole.launched_ns - origin_ns),
        parent=place[whole.parent].astype(np.int32),
        step=_step_of(steps, whole.start_ns).astype(np.int32),
    )


def _step_of(steps: Steps, start_ns: Ints) -> Ints:
    """Return the step each item begins in, or else the first one after that."""
    begun_in = steps.step_at(start_ns)
    following = np.searchsorted(steps.start_ns, start_ns, side="right")
    after = np.minimum(following, len(steps.names) - 1)
    return np.where(begun_in == NOWHERE, after, begun_in)
