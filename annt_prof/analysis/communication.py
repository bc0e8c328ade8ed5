"""Communication as the host sees it: what distributed training annotates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.intervals import Segments, edges_of, first_come
from annt_prof.analysis.passes import EVALUATION
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

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


def is_distributed(trace: Trace) -> bool:
    """Tell whether more than one process took part, by the header or by what was sent."""
    return (trace.world_size or 1) > 1 or bool(_communicating(trace).any())


def exposed_communication(trace: Trace) -> tuple[Segments, Segments]:
    """Return when the host communicates on any thread, all of it and what nothing hides.

    It is hidden while any thread computes, that is, runs an operator that is no communication.
    Autograd's evaluation is a wrapper and no work of its own: hooks that communicate run in it.
    """
    events = trace.events
    talking = _communicating(trace)
    wrapping = trace.names_where([name.startswith(EVALUATION) for name in trace.names])
    working = events.of_kind(Kind.OPERATOR) & ~talking & ~wrapping
    whole = first_come(events.start_ns[talking], events.end_ns[talking])
    work = first_come(events.start_ns[working], events.end_ns[working])
    edges = edges_of([whole, work], np.zeros(0, np.int64))
    exposed = (whole.covers(edges) & ~work.covers(edges))[:-1]
    return whole, first_come(edges[:-1][exposed], edges[1:][exposed])


def _communicating(trace: Trace) -> NDArray[np.bool_]:
    named = trace.names_where([name.startswith(_PREFIXES) for name in trace.names])
    return named & trace.events.of_kind(Kind.OPERATOR, Kind.ANNOTATION)
