"""Collectives that the host itself carries out, also where the work is done on a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.trace.columns import Trace

# Ranges of other backends (nccl, xccl, ucc) lie around the launch of kernels, which tell by
# themselves. Source: the profiling titles in torch/csrc/distributed/c10d/ProcessGroupGloo.cpp and
# ProcessGroupMPI.cpp, whose ranges last from a collective's start to its completion.
_CARRIED_OUT_BY_THE_HOST = ("gloo:", "mpi:")


def host_collectives(trace: Trace) -> Segments:
    """Return when any thread carries out a collective on the host."""
    events = trace.events
    carried = trace.names_where([name.startswith(_CARRIED_OUT_BY_THE_HOST) for name in trace.names])
    carried &= events.of_kind(Kind.OPERATOR, Kind.ANNOTATION)
    return first_come(events.start_ns[carried], events.end_ns[carried])
