"""Why the device had nothing to do: every gap within the steps, with its cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.idleness import CAUSES
from annt_prof.analysis.timeline.intervals import NOWHERE, Segments, added_up, cut, last_by
from annt_prof.analysis.timeline.phases import PHASES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


class Gap(msgspec.Struct, frozen=True):
    """A time within a step in which no stream of any device was busy.

    Attributes:
        step: The step's name.
        start_ns: On the trace's own clock.
        length_ns: Up to the next activity or the end of the step.
        cause: The ``Cause`` of most of it.
        phase: What the main thread was in as the gap began; None where it is not known.
        before: Name of the activity that ended last before the gap; None at a trace's start.
        after: Name of the activity that ended the gap; None where the step's end did.
    """

    step: str
    start_ns: int
    length_ns: int
    cause: str
    phase: str | None
    before: str | None
    after: str | None


class Idle(msgspec.Struct, frozen=True):
    """All gaps of the steps.

    Attributes:
        gaps: The longest first, as many as asked for.
        num_gaps: In all.
        total_ns: Of all of them; equals the sum over ``by_cause_ns``.
        by_cause_ns: Every ``Cause``; a gap may have several, one after the other.
    """

    gaps: tuple[Gap, ...]
    num_gaps: int
    total_ns: int
    by_cause_ns: dict[str, int]


def idle(timeline: Timeline, top: int) -> Idle | None:
    """Find every gap; None where the trace has no device activities.

    What caused each nanosecond is decided in ``timeline.idleness``. Several devices in one trace
    count as one: a gap is where all of them are idle.

    Args:
        timeline: Of a trace with device activities or not.
        top: Most gaps to list.
    """
    trace, events, activities = timeline.trace, timeline.events, timeline.activities
    if not len(activities):
        return None
    steps = timeline.whole_steps
    pieces, of_step = idle_pieces(timeline.idleness, steps)
    begins = _beginnings(pieces, of_step)
    gaps, of_step = _joined(pieces, begins), of_step[begins]
    by_start = activities[np.argsort(events.start_ns[activities], kind="stable")]
    following = np.searchsorted(events.start_ns[by_start], gaps.start_ns, side="left")
    by_cause_ns = _by_cause(pieces, begins)
    cause = np.argmax(by_cause_ns, axis=1)
    length = gaps.end_ns - gaps.start_ns
    by_end = activities[np.argsort(events.end_ns[activities], kind="stable")]
    preceding = last_by(events.end_ns[by_end], gaps.start_ns)
    phase = timeline.phases.segments.label_at(gaps.start_ns)
    listed = []
    for i in np.argsort(-length, kind="stable")[:top]:
        ends_step = gaps.end_ns[i] == steps.end_ns[of_step[i]]
        after = None if ends_step else trace.names[events.name[by_start[following[i]]]]
        before = None if preceding[i] < 0 else trace.names[events.name[by_end[preceding[i]]]]
        listed.append(
            Gap(
                step=steps.names[of_step[i]],
                start_ns=int(gaps.start_ns[i]),
                length_ns=int(length[i]),
                cause=CAUSES[cause[i]].value,
                phase=None if phase[i] == NOWHERE else PHASES[phase[i]].value,
                before=before,
                after=after,
            )
        )
    totals = by_cause_ns.sum(axis=0)
    return Idle(
        gaps=tuple(listed),
        num_gaps=len(length),
        total_ns=int(length.sum()),
        by_cause_ns={known_cause.value: int(totals[i]) for i, known_cause in enumerate(CAUSES)},
    )


def idle_pieces(idleness: Segments, steps: Steps) -> tuple[Segments, Ints]:
    """Return the idle times within the steps, each of one cause, and the step of each.

    Steps of a damaged trace that overlap have what they share each.
    """
    pieces = cut(idleness, np.concatenate((steps.start_ns, steps.end_ns)))
    first = np.searchsorted(pieces.start_ns, steps.start_ns)
    last = np.searchsorted(pieces.start_ns, steps.end_ns)
    count = np.maximum(last - first, 0)
    of_step = np.repeat(np.arange(len(steps.names)), count)
    within = np.arange(len(of_step)) + np.repeat(first - (np.cumsum(count) - count), count)
    return Segments(pieces.start_ns[within], pieces.end_ns[within], pieces.label[within]), of_step


def _beginnings(pieces: Segments, of_step: Ints) -> NDArray[np.bool_]:
    """Tell which pieces begin a gap; the others go on with the one before them."""
    begins = np.ones(len(of_step), bool)
    begins[1:] = (pieces.start_ns[1:] != pieces.end_ns[:-1]) | (of_step[1:] != of_step[:-1])
    return begins


def _joined(pieces: Segments, begins: NDArray[np.bool_]) -> Segments:
    """Return the gaps that the pieces make up, all with the label 0."""
    ends = np.append(begins[1:], True)[: len(begins)]
    start_ns = pieces.start_ns[begins]
    return Segments(start_ns, pieces.end_ns[ends], np.zeros(len(start_ns), np.int64))


def _by_cause(pieces: Segments, begins: NDArray[np.bool_]) -> Ints:
    """Return the time of each cause within each gap, ns, shape (gaps, len(CAUSES))."""
    gap = np.cumsum(begins) - 1
    cell = gap * len(CAUSES) + pieces.label
    num_cells = int(begins.sum()) * len(CAUSES)
    times = added_up(cell, pieces.end_ns - pieces.start_ns, num_cells)
    return times.reshape(-1, len(CAUSES))
