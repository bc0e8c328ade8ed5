"""Lanes of the device's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.device import activity_categories
from annt_prof.analysis.lanes.columns import items
from annt_prof.analysis.lanes.lanes import LABELS, NONE, ItemKind, Lane, LaneKind
from annt_prof.analysis.lanes.nesting import nested
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, streams_of
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.columns import Items
    from annt_prof.analysis.lanes.path_marks import PathMarks
    from annt_prof.analysis.lanes.selection import Selection
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

MOST_ROWS = 4
"""Of a stream, in which activities overlap only as branches of one graph do."""

_CLASSES = LABELS[ItemKind.KERNEL]


def stream_lanes(
    timeline: Timeline, chosen: Selection, marks: PathMarks | None, first: int
) -> tuple[list[Lane], Items]:
    """Return a lane for each stream, by device and number, and what ran on them.

    Args:
        timeline: Of any trace.
        chosen: Of it.
        marks: Of its path; None where it is not told.
        first: The index that the first of the lanes will have.
    """
    events, activities = timeline.events, chosen.activities
    start_ns, end_ns = events.start_ns[activities], events.end_ns[activities]
    stream = streams_of(events, activities)
    depths = nested(stream, start_ns, end_ns)
    calls = timeline.launch_calls(activities)
    known = calls != UNKNOWN_CALL
    kind = _kinds(events.kind[activities])
    on_path = np.isin(activities, marks.events) if marks is not None else False
    own = items(
        start_ns,
        end_ns,
        kind,
        event=activities,
        lane=first + stream,
        row=depths.rows(MOST_ROWS),
        name=events.name[activities],
        label=_labels(timeline, activities, kind),
        category=activity_categories(timeline, activities),
        on_path=on_path,
        launched_by=np.where(known, calls, NONE),
        launched_ns=timeline.launch_times(activities),
    )
    return list(_lanes(timeline, activities, stream, depths.depth)), own


def _kinds(kind: NDArray[np.int8]) -> Ints:
    kinds = np.full(len(kind), int(ItemKind.KERNEL), np.int64)
    kinds[kind == Kind.MEMCPY] = ItemKind.COPY
    kinds[kind == Kind.MEMSET] = ItemKind.MEMSET
    return kinds


def _labels(timeline: Timeline, activities: NDArray[np.intp], kind: Ints) -> Ints:
    name = timeline.events.name[activities]
    classes = np.array([_CLASSES.index(c.value) for c in timeline.kernel_classes], np.int64)
    label = classes[name] if len(classes) else np.zeros(len(name), np.int64)
    to_device = timeline.to_device[name]
    label = np.where(kind == ItemKind.COPY, np.where(to_device, 0, 1), label)
    return np.where(kind == ItemKind.MEMSET, 0, label)


def _lanes(
    timeline: Timeline, activities: NDArray[np.intp], stream: Ints, depth: Ints
) -> Iterator[Lane]:
    events = timeline.events
    several = len(np.unique(events.device[activities])) > 1
    for number in range(int(stream.max(initial=NONE)) + 1):
        here = stream == number
        event = activities[here.argmax()]
        title = _title("stream", int(events.stream[event]))
        if several:
            title = f"{_title('device', int(events.device[event]))} {title}"
        deepest = int(depth[here].max()) + 1
        num_cut = int((depth[here] >= MOST_ROWS).sum())
        yield Lane(LaneKind.STREAM, title, min(deepest, MOST_ROWS), num_cut)


def _title(noun: str, number: int) -> str:
    return f"{noun} ?" if number == MISSING else f"{noun} {number}"
