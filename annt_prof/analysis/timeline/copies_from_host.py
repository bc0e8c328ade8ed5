"""Whether the steps copy anything from the host to a device, hidden under kernels or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline

# Runtimes of which it is known what their copies look like: CUDA's and its driver's, HIP's, and
# Intel's Unified Runtime, the plugin interface before it, and Level Zero.
_TELLING = re.compile(r"cuda|cu[A-Z]|hip|ur[A-Z]|pi[A-Z]|ze[A-Z]")


def copies_from_host(timeline: Timeline) -> bool | None:
    """Tell whether any copy from the host is made or running within the whole steps.

    Returns:
        None where a call in them copies and the trace does not hold the copy, where no call is of a
        runtime whose copies are known, and where the trace does not show what its device did.
    """
    events, steps = timeline.events, timeline.whole_steps
    stepping = first_come(steps.start_ns, steps.end_ns)
    copies = timeline.copies[timeline.to_device[events.name[timeline.copies]]]
    launched_ns = timeline.launch_times(copies)
    instants_ns = np.concatenate((events.start_ns[copies], events.end_ns[copies], launched_ns))
    if stepping.covers(instants_ns).any():
        return True
    if timeline.unrecorded is not None or not len(timeline.activities):
        return None
    names = timeline.trace.names
    calls = timeline.runtime_calls & timeline.trace.names_where(
        ["memcpy" in name.lower() for name in names]
    )
    telling = timeline.trace.names_where([_TELLING.match(name) is not None for name in names])
    if not (telling & timeline.runtime_calls).any():
        return None
    made = timeline.launch_calls(timeline.copies)
    calls[made[made != UNKNOWN_CALL]] = False
    return None if stepping.covers(events.start_ns[calls]).any() else False
