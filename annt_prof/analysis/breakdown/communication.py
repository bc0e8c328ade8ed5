"""Communication as the host sees it: what distributed training annotates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, edges_of, first_come
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

# Source: the RECORD_FUNCTION names of torch/csrc/distributed/c10d.
_PREFIXES = (
    "gloo:",
    "nccl:",
    "mpi:",
    "ucc:",
    "xccl:",
    "c10d::",
    "_c10d_functional::",
    "record_param_comms",
)


def is_distributed(timeline: Timeline) -> bool:
    """Tell whether more than one process took part, by the header or by what was sent."""
    return (timeline.trace.world_size or 1) > 1 or bool(_communicating(timeline).any())


def exposed_communication(timeline: Timeline) -> tuple[Segments, Segments]:
    """Return when the host communicates on any thread, all of it and what nothing hides.

    It is hidden while any thread computes, that is, runs an operator that is no communication.
    Autograd's evaluation is a wrapper and no work of its own: hooks that communicate run in it.
    """
    events = timeline.events
    communicating = _communicating(timeline)
    working = events.of_kind(Kind.OPERATOR) & ~communicating & ~timeline.evaluations
    whole = first_come(events.start_ns[communicating], events.end_ns[communicating])
    work = first_come(events.start_ns[working], events.end_ns[working])
    edges = edges_of([whole, work], np.zeros(0, np.int64))
    exposed = (whole.covers(edges) & ~work.covers(edges))[:-1]
    return whole, first_come(edges[:-1][exposed], edges[1:][exposed])


def _communicating(timeline: Timeline) -> NDArray[np.bool_]:
    trace = timeline.trace
    named = trace.names_where([name.startswith(_PREFIXES) for name in trace.names])
    return named & trace.events.of_kind(Kind.OPERATOR, Kind.ANNOTATION)
