"""Why the device had nothing to do: every gap within the steps, with its cause."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    added_up,
    edges_of,
    first_come,
    time_by_label,
)
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Phase

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


class Cause(StrEnum):
    """Why a gap is there."""

    QUEUED = "queued"
    """What ends the gap had been launched before it began: the device's own delay between two
    activities. The host is not to blame."""
    OTHER_STREAM = "other_stream"
    """Likewise, and the host had made its stream wait for an event of another stream."""
    DATA_LOADING = "data_loading"
    """The host was late, and mostly in the data loader."""
    SYNCHRONISE = "synchronise"
    """The host was late, and mostly blocked in a call that waits for the device."""
    DISPATCH = "dispatch"
    """The host was late, and mostly running Python and operators."""
    UNKNOWN = "unknown"
    """The trace does not hold the launch of what ends the gap."""


CAUSES = tuple(Cause)
# What the host was doing, in the columns that ``_host_time`` counts.
_HOST = (Cause.DATA_LOADING, Cause.SYNCHRONISE, Cause.DISPATCH)


class Gap(msgspec.Struct, frozen=True):
    """A time within a step in which no stream of any device was busy.

    Attributes:
        step: The step's name.
        start_ns: On the trace's own clock.
        length_ns: Up to the next activity or the end of the step.
        cause: A ``Cause``.
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
        by_cause_ns: Whole gaps by their cause.
    """

    gaps: tuple[Gap, ...]
    num_gaps: int
    total_ns: int
    by_cause_ns: dict[str, int]


def idle(timeline: Timeline, top: int) -> Idle | None:
    """Find every gap; None where the trace has no device activities.

    A gap at the end of a step is caused by what the host did in it, as nothing of the step
    follows. Several devices in one trace count as one: a gap is where all of them are idle.

    Args:
        timeline: Of a trace with device activities or not.
        top: Most gaps to list.
    """
    trace, events, activities = timeline.trace, timeline.events, timeline.activities
    if not len(activities):
        return None
    steps = timeline.whole_steps
    gaps, of_step = _gaps(first_come(events.start_ns[activities], events.end_ns[activities]), steps)
    by_start = activities[np.argsort(events.start_ns[activities], kind="stable")]
    following = np.searchsorted(events.start_ns[by_start], gaps.start_ns, side="left")
    cause = _causes(timeline, gaps, by_start[np.minimum(following, len(by_start) - 1)])
    length = gaps.end_ns - gaps.start_ns
    by_end = activities[np.argsort(events.end_ns[activities], kind="stable")]
    preceding = np.searchsorted(events.end_ns[by_end], gaps.start_ns, side="right") - 1
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
    totals = added_up(cause, length, len(CAUSES))
    return Idle(
        gaps=tuple(listed),
        num_gaps=len(length),
        total_ns=int(length.sum()),
        by_cause_ns={known_cause.value: int(totals[i]) for i, known_cause in enumerate(CAUSES)},
    )


def _gaps(busy: Segments, steps: Steps) -> tuple[Segments, Ints]:
    """Return the parts of the steps that nothing covers, and the step that each belongs to."""
    stepping = first_come(steps.start_ns, steps.end_ns, np.arange(len(steps.names)))
    edges = edges_of([busy, stepping])
    label = np.where(busy.covers(edges), NOWHERE, stepping.label_at(edges))[:-1]
    start, end = edges[:-1][label != NOWHERE], edges[1:][label != NOWHERE]
    label = label[label != NOWHERE]
    # The end of a busy stretch that touches the next one is an edge inside no gap; an edge of a
    # step always parts two gaps. So neighbours with one label are one gap.
    begins = np.ones(len(start), bool)
    begins[1:] = (start[1:] != end[:-1]) | (label[1:] != label[:-1])
    ends = np.append(begins[1:], True)[: len(start)]
    return first_come(start[begins], end[ends], label[begins]), label[begins]


def _causes(timeline: Timeline, gaps: Segments, next_activity: NDArray[np.intp]) -> Ints:
    """Return indices into ``CAUSES``, shape (gaps,)."""
    launched_ns = timeline.launch_times(next_activity)
    ends_step = ~(timeline.events.start_ns[next_activity] == gaps.end_ns)
    host = _host_time(timeline, gaps)
    of_host = np.array([CAUSES.index(cause) for cause in _HOST])
    cause: Ints = of_host[np.argmax(host, axis=1)]
    queued = ~ends_step & (launched_ns <= gaps.start_ns)
    gated = timeline.gates
    told_to_wait = np.isin(next_activity, gated.event[gated.told_to_wait])
    cause[queued] = CAUSES.index(Cause.QUEUED)
    cause[queued & told_to_wait] = CAUSES.index(Cause.OTHER_STREAM)
    cause[~ends_step & (launched_ns == UNKNOWN_NS)] = CAUSES.index(Cause.UNKNOWN)
    return cause


def _host_time(timeline: Timeline, gaps: Segments) -> Ints:
    """Return how long the host did each of ``_HOST`` within each gap, ns, shape (gaps, 3)."""
    phases, waiting = timeline.phases, timeline.waiting
    edges = edges_of([phases.segments, waiting, gaps])
    phase = phases.segments.label_at(edges)
    label = np.full(len(edges), _HOST.index(Cause.DISPATCH))
    label[waiting.covers(edges) | (phase == PHASES.index(Phase.SYNC))] = _HOST.index(
        Cause.SYNCHRONISE
    )
    label[phase == PHASES.index(Phase.DATA_LOADING)] = _HOST.index(Cause.DATA_LOADING)
    return time_by_label(edges, label, len(_HOST), gaps.start_ns, gaps.end_ns)
