"""The same steps from the host's point of view: what its main thread did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, edges_of, first_come, time_by_label
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.analysis.timeline.torch_ranges import NAMING
from annt_prof.categories import Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline


class HostStep(msgspec.Struct, frozen=True):
    """One step as its main thread spent it; the first five sum to the step's wall time.

    Attributes:
        name: The step's.
        data_loading_ns: In the data loader.
        blocked_ns: In calls and polling loops that wait for the device, outside the loader.
        dispatch_ns: In operators and calls of the device's runtime; without a device the
            operators are the work itself.
        waiting_for_backward_ns: Outside all of these while another thread ran the backward pass.
        python_ns: The rest: Python between operators, and whatever was not recorded.
        backward_thread_ns: How long autograd's other threads were evaluating; runs beside the
            main thread.
    """

    name: str
    data_loading_ns: int
    blocked_ns: int
    dispatch_ns: int
    waiting_for_backward_ns: int
    python_ns: int
    backward_thread_ns: int


_PARTS = 5


def host_view(timeline: Timeline) -> tuple[HostStep, ...] | None:
    """Partition each step's wall time by what the main thread did.

    At an instant with several, the loader wins over blocking calls, these over dispatch.

    Returns:
        One per step; None where the trace has no host events.
    """
    trace, events = timeline.trace, timeline.events
    steps, phases, main = timeline.whole_steps, timeline.phases, timeline.on_main_thread
    if not main.any():
        return None
    named = trace.names_where([name.startswith(NAMING) for name in trace.names])
    operating = events.of_kind(Kind.OPERATOR)

    def union(chosen: NDArray[np.bool_]) -> Segments:
        return first_come(events.start_ns[chosen], events.end_ns[chosen])

    waits = timeline.waits[main[timeline.waits.call]]
    blocked = first_come(waits.start_ns, waits.end_ns)
    dispatching = union(main & ((operating & ~named) | timeline.runtime_calls))
    elsewhere = union(timeline.backward_functions & ~main)
    layers = [phases.segments, blocked, dispatching, elsewhere]
    edges = edges_of(layers, steps.start_ns, steps.end_ns)
    label = np.full(len(edges), _PARTS - 1)  # in the order of HostStep's fields
    label[elsewhere.covers(edges)] = 3
    label[dispatching.covers(edges)] = 2
    label[blocked.covers(edges)] = 1
    label[phases.segments.label_at(edges) == PHASES.index(Phase.DATA_LOADING)] = 0
    bounds = (steps.start_ns, steps.end_ns)
    parts = time_by_label(edges, label, _PARTS, *bounds)
    beside = time_by_label(edges, np.where(elsewhere.covers(edges), 0, NOWHERE), 1, *bounds)
    return tuple(
        HostStep(
            name=name,
            data_loading_ns=int(parts[row, 0]),
            blocked_ns=int(parts[row, 1]),
            dispatch_ns=int(parts[row, 2]),
            waiting_for_backward_ns=int(parts[row, 3]),
            python_ns=int(parts[row, 4]),
            backward_thread_ns=int(beside[row, 0]),
        )
        for row, name in enumerate(steps.names)
    )
