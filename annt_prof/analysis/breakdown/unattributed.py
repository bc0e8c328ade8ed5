"""Why time is unattributed, so that nobody has to guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.step_times import column
from annt_prof.analysis.timeline.intervals import NOWHERE, first_come, time_by_label
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.categories import Category, Unattributed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

_REASONS = tuple(Unattributed)


def unattributed_on_device(
    timeline: Timeline, computing: Places, edges_ns: Ints, label: Ints
) -> dict[str, int]:
    """Split the unattributed time of a device by reason, over all steps.

    Args:
        timeline: Of a trace with device activities.
        computing: Indices of the activities that compute, which alone can be unattributed; the
            first of several that run has the time.
        edges_ns: Instants, ascending, with every start and end of a step and of them among these.
        label: Column of ``CATEGORIES`` that holds from each edge to the next.

    Returns:
        ns by ``Unattributed``, those without any left out; sums to the unattributed time. What no
        activity covers is idle time.
    """
    events = timeline.events
    of_activity = _reasons(timeline, computing)
    covering = first_come(events.start_ns[computing], events.end_ns[computing], of_activity)
    unattributed = label == column(Category.UNATTRIBUTED)
    reason = np.full(len(label), NOWHERE)
    reason[unattributed] = covering.label_at(edges_ns[unattributed])
    reason[reason == NOWHERE] = _REASONS.index(Unattributed.IDLE_UNKNOWN)
    return _added_up(timeline, edges_ns, label, reason)


def unattributed_on_host(timeline: Timeline, edges_ns: Ints, label: Ints) -> dict[str, int]:
    """Split the unattributed time of a main thread without a device; as for a device."""
    phase = timeline.phases.segments.label_at(edges_ns)
    reason = np.where(
        phase == NOWHERE,
        _in_no_phase(timeline),
        _REASONS.index(Unattributed.COPYING_OR_WAITING),
    )
    return _added_up(timeline, edges_ns, label, reason)


def _reasons(timeline: Timeline, computing: Places) -> Ints:
    """Return why each activity is unattributed, as far as it is."""
    launched_ns = timeline.launch_times(computing)
    before = timeline.launched_before[np.searchsorted(timeline.activities, computing)]
    phase = timeline.phases.segments.label_at(launched_ns)
    reason = np.where(
        phase == NOWHERE,
        _in_no_phase(timeline),
        _REASONS.index(Unattributed.COPYING_OR_WAITING),
    )
    unknown = np.where(
        before,
        _REASONS.index(Unattributed.LAUNCHED_BEFORE_RECORDING),
        _REASONS.index(Unattributed.LAUNCH_NOT_RECORDED),
    )
    return np.where(launched_ns == UNKNOWN_NS, unknown, reason)


def _in_no_phase(timeline: Timeline) -> int:
    seen = timeline.phases.seen
    return _REASONS.index(Unattributed.OUTSIDE_PHASES if seen else Unattributed.NO_PHASES)


def _added_up(timeline: Timeline, edges_ns: Ints, label: Ints, reason: Ints) -> dict[str, int]:
    steps = timeline.whole_steps
    chosen = np.where(label == column(Category.UNATTRIBUTED), reason, NOWHERE)
    time_ns = time_by_label(edges_ns, chosen, len(_REASONS), steps.start_ns, steps.end_ns)
    total_ns = time_ns.sum(axis=0)
    return {r.value: int(ns) for r, ns in zip(_REASONS, total_ns, strict=True) if ns}
