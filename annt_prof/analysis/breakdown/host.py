"""Accounting for steps without a device: the host is the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.communication import exposed_communication
from annt_prof.analysis.breakdown.not_measured import not_measured_on_host
from annt_prof.analysis.breakdown.operators import passes_by_class
from annt_prof.analysis.breakdown.step_times import CATEGORIES, StepTimes, column
from annt_prof.analysis.breakdown.unattributed import unattributed_on_host
from annt_prof.analysis.timeline.intervals import NOWHERE, edges_of, time_by_label
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Category, Phase

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline

# On a host there is nothing to copy to: what the copying phase takes is the call alone.
_CATEGORY = np.array(
    [
        column(Category.UNATTRIBUTED if phase is Phase.H2D_COPY else Category(phase.value))
        for phase in PHASES
    ]
)
_KEPT_FROM_COMMUNICATION = [
    PHASES.index(Phase.DATA_LOADING), PHASES.index(Phase.SYNC)
]  # fmt: skip


def account_host(timeline: Timeline) -> StepTimes:
    """Give every nanosecond of every step to one category, as the main thread spends it.

    All time inside a phase is the phase's, operators or not. While something communicates and
    no thread computes, the step waits for it, unless the main thread loads data meanwhile.
    """
    steps, phases = timeline.whole_steps, timeline.phases
    whole, exposed = exposed_communication(timeline)
    edges = edges_of([phases.segments, whole, exposed], steps.start_ns, steps.end_ns)
    phase = phases.segments.label_at(edges)
    label = np.where(phase == NOWHERE, column(Category.UNATTRIBUTED), _CATEGORY[phase])
    waiting = exposed.covers(edges) & ~np.isin(phase, _KEPT_FROM_COMMUNICATION)
    label[waiting] = column(Category.COMMUNICATION)
    bounds = (steps.start_ns, steps.end_ns)
    hidden = np.where(whole.covers(edges) & ~waiting, 0, NOWHERE)
    not_measured = not_measured_on_host(timeline)
    hidden_ns = int(time_by_label(edges, hidden, 1, *bounds).sum())
    return StepTimes(
        time_ns=time_by_label(edges, label, len(CATEGORIES), *bounds),
        hidden_ns={}
        if Category.COMMUNICATION in not_measured
        else {Category.COMMUNICATION: hidden_ns},
        kernel_ns={},
        kernel_precision_ns={},
        operator_ns=passes_by_class(timeline),
        host_bound_ns={},
        unattributed_ns=unattributed_on_host(timeline, edges, label),
        not_measured=not_measured,
    )
