"""Which module and which line of Python an event belongs to, where Python frames were recorded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, innermost, places_by
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

_MODULE = "nn.Module: "
_LINE = re.compile(r".+\.py\(\d+\): ")
# A line of torch itself tells nobody where to look. Paths are cut at site-packages or absolute.
_OF_TORCH = re.compile(r"(^|/)torch/")


def modules_around(trace: Trace, chosen: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the innermost module around the begin of each event, on its own thread.

    Args:
        trace: Recorded ``with_stack=True`` or ``with_modules=True``, or not.
        chosen: Indices of host events, shape (n,).

    Returns:
        Indices into ``Trace.names``, shape (n,); ``NOWHERE`` where no frame is known. Backward
        passes run on a thread without frames.
    """
    return _around(trace, chosen, [name.startswith(_MODULE) for name in trace.names])


def lines_around(trace: Trace, chosen: NDArray[np.intp]) -> NDArray[np.int64]:
    """Return the innermost line of Python around each event that is not torch's own; likewise."""
    named = [
        bool(_LINE.match(name)) and not _OF_TORCH.search(name.split("(")[0]) for name in trace.names
    ]
    return _around(trace, chosen, named)


def _around(trace: Trace, chosen: NDArray[np.intp], named: list[bool]) -> NDArray[np.int64]:
    events = trace.events
    result = np.full(len(chosen), NOWHERE, np.int64)
    frames = np.flatnonzero(trace.names_where(named) & events.of_kind(Kind.PYTHON))
    chosen_by_thread = places_by(events.thread[chosen])
    for thread, places in places_by(events.thread[frames]).items():
        mine = chosen_by_thread.get(thread)
        if mine is None:
            continue
        instants, here = np.sort(events.start_ns[chosen[mine]]), frames[places]
        begun = np.searchsorted(instants, events.start_ns[here])
        # Of the many frames only those around one of the events are flattened.
        here = here[np.searchsorted(instants, events.end_ns[here]) > begun]
        around = innermost(
            events.start_ns[here], events.end_ns[here], events.name[here].astype(np.int64)
        )
        result[mine] = around.label_at(events.start_ns[chosen[mine]])
    return result
