"""How much a profiler recorded on the host, which is what its recording costs by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.trace.columns import HOST_KINDS

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.trace.columns import Trace


def host_events(trace: Trace, steps: Steps) -> int:
    """Count the operators, annotations and runtime calls that begin within the steps.

    Those of all threads count, as any may hold up the step.
    """
    start_ns = trace.events.start_ns[trace.events.of_kind(*HOST_KINDS)]
    return int(first_come(steps.start_ns, steps.end_ns).covers(start_ns).sum())
