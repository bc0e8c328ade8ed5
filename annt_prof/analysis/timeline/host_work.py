"""How long the host is busy with work of its own, which no step is shorter than."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.idleness import CAUSES, Cause
from annt_prof.analysis.timeline.intervals import edges_of, first_come
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Phase

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

LONGEST_CALL_NS = 100_000
"""Longest call of a device's runtime that counts as work while the device has something to do.

It is a choice: a launch takes about 10 us, and one that takes ten times as long may be waiting for
room in the device's queue, as allocations may for the device. Where the device idles and nothing is
launched, no call can be waiting for it.
"""

_OF_HOST = (CAUSES.index(Cause.DISPATCH), CAUSES.index(Cause.LAUNCH))

_PINNING = ("aten::pin_memory", "aten::_pin_memory")
_ASKING = ("Query", "QueryStatus")


def own_host_work_ns(timeline: Timeline) -> int:
    """Return how long the main thread works itself in the mean step at least, ns.

    Python and operators count, in a phase or in none. Left out is what may end sooner where batches
    come to the device otherwise: loading them, copying and pinning, collectives that the host
    carries out, waits, and whatever may be one.

    Returns:
        0 where nothing of the host is recorded, and where it asks for events in a way that is not
        known to be a wait and may be one.
    """
    steps, host = timeline.whole_steps, timeline.host_activity
    if not timeline.host_recorded or _asks(timeline):
        return 0
    idle, phases, collectives = (
        timeline.idleness,
        timeline.phases.segments,
        timeline.host_collectives,
    )
    copying, long = _calls(timeline)
    layers = [host, idle, phases, collectives, copying, long]
    edges = edges_of(layers, steps.start_ns, steps.end_ns)
    from_ns = edges[:-1]
    works = host.label_at(from_ns) == CAUSES.index(Cause.DISPATCH)
    works &= phases.label_at(from_ns) != PHASES.index(Phase.H2D_COPY)
    works &= ~collectives.covers(from_ns) & ~copying.covers(from_ns)
    works &= ~long.covers(from_ns) | np.isin(idle.label_at(from_ns), _OF_HOST)
    works &= first_come(steps.start_ns, steps.end_ns).covers(from_ns)
    return int(np.diff(edges)[works].sum()) // len(steps.names)


def _calls(timeline: Timeline) -> tuple[Segments, Segments]:
    """Return when the step's threads copy or pin, and when they are in long calls."""
    trace, events = timeline.trace, timeline.events
    copying = timeline.runtime_calls & trace.names_where(
        ["memcpy" in name.lower() for name in trace.names]
    )
    copying |= trace.names_where([name in _PINNING for name in trace.names])
    long = timeline.runtime_calls & (events.end_ns - events.start_ns > LONGEST_CALL_NS)
    copying, long = copying & timeline.on_step_threads, long & timeline.on_step_threads
    return (
        first_come(events.start_ns[copying], events.end_ns[copying]),
        first_come(events.start_ns[long], events.end_ns[long]),
    )


def _asks(timeline: Timeline) -> bool:
    """Tell whether the host asks for the device outside waits, but for allocators' asking."""
    trace, events = timeline.trace, timeline.events
    asking = trace.names_where([name.endswith(_ASKING) for name in trace.names])
    asking &= timeline.runtime_calls & timeline.on_step_threads
    operators = trace.names_where([name.startswith("aten::") for name in trace.names])
    operators &= timeline.on_step_threads
    operating = first_come(events.start_ns[operators], events.end_ns[operators])
    at_ns = events.start_ns[asking]
    return bool((~operating.covers(at_ns) & ~timeline.waiting.covers(at_ns)).any())
