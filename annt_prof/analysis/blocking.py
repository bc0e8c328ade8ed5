"""Calls that hold the host until the device has done something.

Some do so by definition. A copy from or to pageable memory may or may not, whatever its name
says, so there the trace decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annt_prof.analysis.intervals import Segments, first_come
from annt_prof.analysis.launches import UNKNOWN_CALL, launch_calls
from annt_prof.analysis.passes import EVALUATION
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.steps import Steps
    from annt_prof.trace.columns import Trace

# Calls that return when the device is done. hipMemcpyWithStream waits for its stream.
# Source: the CUDA runtime and driver API, and HIP's, sections on synchronisation and memory.
_SYNCHRONISING = frozenset(
    {
        *(f"{vendor}{what}Synchronize" for vendor in ("cuda", "hip") for what in
          ("Device", "Stream", "Event", "Thread")),
        *(f"cu{what}Synchronize" for what in ("Ctx", "Stream", "Event")),
        *(f"{vendor}{copy}" for vendor in ("cuda", "hip") for copy in
          ("Memcpy", "Memcpy2D", "Memcpy3D", "MemcpyToSymbol", "MemcpyFromSymbol")),
        "hipMemcpyWithStream", "hipMemcpyHtoD", "hipMemcpyDtoH", "cuMemcpy", "cuMemcpyHtoD_v2",
        "cuMemcpyDtoH_v2",
    }
)  # fmt: skip


class PageableWaits(NamedTuple):
    """Copying calls in which the host waited for their own copy; columns of shape (n,).

    Attributes:
        call: Index into the trace's events.
        copy: Index of the copy that the call made.
    """

    call: NDArray[np.intp]
    copy: NDArray[np.intp]


def pageable_waits(trace: Trace) -> PageableWaits:
    """Find the calls that copied from or to pageable memory and waited for it.

    Such a call "might be synchronous", its asynchronous form too. One that reads from the device
    waited if it returned no earlier than its copy ended. One that writes to the device waits for
    its stream and then stages the buffer piece by piece as the device takes it, so that it may
    return before the last piece has arrived: it waited if it returned no earlier than its copy
    began. Small buffers are taken over at once, and their copies begin later.

    Source: CUDA runtime API, "API synchronization behavior", versions 11.1 and 12.4.
    """
    events = trace.events
    pageable = trace.names_where(["Pageable" in name for name in trace.names])
    copy = np.flatnonzero(pageable & events.of_kind(Kind.MEMCPY))
    call = launch_calls(events, copy)
    copying = np.array(["memcpy" in name.lower() for name in trace.names], bool)
    known = call != UNKNOWN_CALL
    known[known] = copying[events.name[call[known]]]
    call, copy = call[known], copy[known]
    to_device = np.array([is_to_device(name) for name in trace.names], bool)[events.name[copy]]
    until_ns = np.where(to_device, events.start_ns[copy], events.end_ns[copy])
    waited = events.end_ns[call] >= until_ns
    return PageableWaits(call[waited], copy[waited])


def is_to_device(name: str) -> bool:
    """Tell by a copy's name, CUDA's or ROCm's, whether it goes from the host to a device."""
    return "HtoD" in name or "HostToDevice" in name


def synchronising(trace: Trace, steps: Steps) -> Segments:
    """Return when the host is blocked in a call that waits for the device.

    Calls of the main thread count, and of autograd's threads: while these run a backward pass
    the main thread waits for them. Other threads (pinning, watchdogs) hold nobody up.
    """
    chosen = np.flatnonzero(waiting_calls(trace, steps))
    return first_come(trace.events.start_ns[chosen], trace.events.end_ns[chosen])


def waiting_calls(trace: Trace, steps: Steps) -> NDArray[np.bool_]:
    """Tell which events are the calls that ``synchronising`` is made of; bool, shape (n,)."""
    events = trace.events
    evaluating = trace.names_where([name.startswith(EVALUATION) for name in trace.names])
    threads = np.append(events.thread[evaluating], steps.main_thread)
    return synchronising_calls(trace) & np.isin(events.thread, threads)


def synchronising_calls(trace: Trace) -> NDArray[np.bool_]:
    """Tell which events are calls that waited for the device; bool, shape (n,)."""
    named = trace.names_where([name in _SYNCHRONISING for name in trace.names])
    found = named & trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)
    found[pageable_waits(trace).call] = True
    return found
