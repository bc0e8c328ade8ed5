"""Lanes of the host's threads: phases, operators by depth, and calls of the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.lanes.columns import items
from annt_prof.analysis.lanes.lanes import NONE, NOT_DRAWN, ItemKind, Lane, LaneKind
from annt_prof.analysis.lanes.nesting import nested
from annt_prof.analysis.lanes.own_names import PHASE_NAMES
from annt_prof.analysis.lanes.selection import overlapping
from annt_prof.analysis.timeline.steps import NO_THREAD

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.columns import Items
    from annt_prof.analysis.lanes.path_marks import PathMarks
    from annt_prof.analysis.lanes.selection import Selection
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

MOST_ROWS = 6
"""Of operators in a thread: deeper ones are kernels' last wrappers, which screens have no room
for."""


def host_lanes(
    timeline: Timeline, chosen: Selection, marks: PathMarks | None
) -> tuple[list[Lane], list[Items]]:
    """Return a lane for each thread that did anything in the steps, and what they did.

    The main thread is the first, then those that ran a backward pass, then the others in the order
    of the file.
    """
    events, operators, calls = timeline.events, chosen.operators, chosen.calls
    lane_of_thread = _lanes_of_threads(timeline, chosen)
    lane, call_lane = lane_of_thread[events.thread[operators]], lane_of_thread[events.thread[calls]]
    depths = nested(lane, events.start_ns[operators], events.end_ns[operators])
    outermost = nested(call_lane, events.start_ns[calls], events.end_ns[calls]).depth == 0
    call_around = depths.innermost(call_lane, events.start_ns[calls])
    threads = np.argsort(np.where(lane_of_thread == NONE, len(lane_of_thread), lane_of_thread))
    threads = threads[: int((lane_of_thread != NONE).sum())]
    lanes = [
        _lane(timeline, int(thread), depths.depth[lane == number], outermost[call_lane == number])
        for number, thread in enumerate(threads)
    ]
    first_row = np.array([int(lane.phases) for lane in lanes], np.int64)
    last_row = np.array([lane.num_rows - 1 for lane in lanes], np.int64)
    row = depths.rows(MOST_ROWS)
    own = items(
        events.start_ns[operators],
        events.end_ns[operators],
        ItemKind.OPERATOR,
        event=operators,
        lane=lane,
        row=np.where(row == NOT_DRAWN, NOT_DRAWN, row + first_row[lane]),
        parent=np.append(operators, NONE)[depths.around],
        **_told(timeline, operators, marks),
    )
    called = items(
        events.start_ns[calls],
        events.end_ns[calls],
        ItemKind.CALL,
        event=calls,
        lane=call_lane,
        row=np.where(outermost, last_row[call_lane], NOT_DRAWN),
        parent=np.append(operators, NONE)[call_around],
        **_told(timeline, calls, marks),
    )
    return lanes, [_phases(timeline, chosen, marks), own, called]


def _lanes_of_threads(timeline: Timeline, chosen: Selection) -> Ints:
    """Return the lane of each thread, ``NONE`` of those that have none; shape (threads,)."""
    events, main = timeline.events, timeline.all_steps.main_thread
    lane = np.full(len(timeline.trace.threads), NONE, np.int64)
    present = np.unique(events.thread[np.concatenate((chosen.operators, chosen.calls))])
    backward = np.unique(events.thread[timeline.backward_functions])
    order = np.lexsort((present, ~np.isin(present, backward), present != main))
    threads = present[order]
    if main != NO_THREAD and main not in threads and len(_of_steps(timeline, chosen)):
        threads = np.append(main, threads)
    lane[threads] = np.arange(len(threads))
    return lane


def _of_steps(timeline: Timeline, chosen: Selection) -> NDArray[np.intp]:
    """Return the places of the phases that overlap the steps."""
    phases = timeline.phases.segments
    return np.flatnonzero(overlapping(chosen.stepping, phases.start_ns, phases.end_ns))


def _lane(timeline: Timeline, thread: int, depth: Ints, outermost: NDArray[np.bool_]) -> Lane:
    is_main = thread == timeline.all_steps.main_thread
    num_operators = min(int(depth.max(initial=NONE)) + 1, MOST_ROWS)
    has_phases, has_calls = is_main and len(timeline.phases.seen) > 0, len(outermost) > 0
    return Lane(
        kind=LaneKind.THREAD,
        title=_title(timeline, thread, is_main=is_main),
        num_rows=has_phases + num_operators + has_calls,
        num_cut=int((depth >= MOST_ROWS).sum() + (~outermost).sum()),
        phases=has_phases,
        calls=has_calls,
    )


def _title(timeline: Timeline, thread: int, *, is_main: bool) -> str:
    number = timeline.trace.threads[thread][1]
    if is_main:
        return f"main thread {number}"
    ran = timeline.events.thread[timeline.backward_functions]
    return f"autograd thread {number}" if (ran == thread).any() else f"thread {number}"


def _phases(timeline: Timeline, chosen: Selection, marks: PathMarks | None) -> Items:
    phases, places = timeline.phases.segments, _of_steps(timeline, chosen)
    start_ns, end_ns = phases.start_ns[places], phases.end_ns[places]
    return items(
        start_ns,
        end_ns,
        ItemKind.PHASE,
        name=len(timeline.trace.names) + PHASE_NAMES + phases.label[places],
        label=phases.label[places],
        on_path=_under_host(marks, start_ns, end_ns),
    )


def _told(
    timeline: Timeline, events: NDArray[np.intp], marks: PathMarks | None
) -> dict[str, NDArray[np.generic]]:
    """Return what operators and calls have in common."""
    all_events = timeline.events
    start_ns, end_ns = all_events.start_ns[events], all_events.end_ns[events]
    holding_up = timeline.on_step_threads[events]
    return {
        "name": all_events.name[events],
        "label": timeline.phases.segments.label_at(start_ns),
        "on_path": holding_up & _under_host(marks, start_ns, end_ns),
    }


def _under_host(marks: PathMarks | None, start_ns: Ints, end_ns: Ints) -> NDArray[np.bool_]:
    """Tell during which intervals the host is on the path for some time."""
    if marks is None:
        return np.zeros(len(start_ns), bool)
    host = marks.host
    under: NDArray[np.bool_] = host.length_before(end_ns) > host.length_before(start_ns)
    return under
