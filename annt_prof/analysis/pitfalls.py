"""Known mistakes that a device's trace shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.intervals import first_come
from annt_prof.analysis.launches import UNKNOWN_NS, launch_times
from annt_prof.analysis.phases import PHASES
from annt_prof.analysis.synchronisations import synchronisations
from annt_prof.categories import Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.phases import Phases
    from annt_prof.analysis.steps import Steps
    from annt_prof.trace.columns import Trace

_PASSES = (Phase.FORWARD, Phase.BACKWARD)
_FREEING = frozenset({"cudaFree", "hipFree", "cuMemFree_v2", "cuMemUnmap", "hipMemUnmap"})


def pitfalls(trace: Trace, steps: Steps, phases: Phases) -> tuple[str, ...]:
    """Return a sentence for each mistake that happens in every step or more often."""
    return tuple(_found(trace, steps, phases))


def _found(trace: Trace, steps: Steps, phases: Phases) -> Iterator[str]:
    num_steps = len(steps.names)
    copies, pageable = _copies(trace, steps, phases)
    if copies >= num_steps:
        yield (
            f"{copies / num_steps:.0f} host-to-device copies a step are launched inside the "
            "passes: the model makes tensors on the host and moves them"
        )
    if pageable >= num_steps:
        yield (
            f"{pageable / num_steps:.0f} host-to-device copies a step come from memory that is "
            "not pinned: the host waits for each, non-blocking or not"
        )
    for call in synchronisations(trace, steps) or ():
        if call.operator is not None and call.count >= num_steps:
            inner = "" if call.inner_operator == call.operator else f" ({call.inner_operator})"
            yield (
                f"{call.operator}{inner} waits for the device "
                f"{call.count / num_steps:.0f} times a step"
            )
    freed = _calls(trace, steps, _FREEING)
    if freed >= num_steps:
        yield (
            f"device memory is given back {freed / num_steps:.0f} times a step, which waits for "
            "the device: empty_cache in the loop, or memory that hardly suffices"
        )


def _copies(trace: Trace, steps: Steps, phases: Phases) -> tuple[int, int]:
    """Return how many copies to the device are launched in the passes, and how many pageable."""
    events = trace.events
    named = trace.names_where([_to_device(name) for name in trace.names])
    inside = first_come(steps.start_ns, steps.end_ns).covers(events.start_ns)
    copies = np.flatnonzero(named & inside & events.of_kind(Kind.MEMCPY))
    launched_ns = launch_times(events, copies)
    wanted = [PHASES.index(phase) for phase in _PASSES]
    passing = np.isin(phases.segments.label_at(launched_ns), wanted) & (launched_ns != UNKNOWN_NS)
    pageable = np.array(["Pageable" in trace.names[name] for name in events.name[copies]], bool)
    return int(passing.sum()), int(pageable.sum())


def _to_device(name: str) -> bool:
    return "HtoD" in name or "HostToDevice" in name


def _calls(trace: Trace, steps: Steps, names: frozenset[str]) -> int:
    events = trace.events
    called = trace.names_where([name in names for name in trace.names])
    called &= events.of_kind(Kind.RUNTIME, Kind.DRIVER)
    return int((called & first_come(steps.start_ns, steps.end_ns).covers(events.start_ns)).sum())
