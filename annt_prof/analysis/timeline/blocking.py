"""Calls that hold the host until the device has done something.

Some do so by definition. A copy from or to pageable memory may or may not, whatever its name
says, so there the trace decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annt_prof.analysis.timeline.copy_names import TO_DEVICE, copy_kind
from annt_prof.analysis.timeline.intervals import distinct
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

# Calls that return when the device is done. hipMemcpyWithStream waits for its stream.
# Intel's runtime also has waits that are put into a queue (urEnqueueEventsWait...): those hold up
# the device, not the host.
# Source: the CUDA runtime and driver API, and HIP's, sections on synchronisation and memory; for
# Intel the Unified Runtime, the plugin interface before it, and Level Zero.
_SYNCHRONISING = frozenset(
    {
        *(f"{vendor}{what}Synchronize" for vendor in ("cuda", "hip") for what in
          ("Device", "Stream", "Event", "Thread")),
        *(f"cu{what}Synchronize" for what in ("Ctx", "Stream", "Event")),
        *(f"{vendor}{copy}" for vendor in ("cuda", "hip") for copy in
          ("Memcpy", "Memcpy2D", "Memcpy3D", "MemcpyToSymbol", "MemcpyFromSymbol")),
        "hipMemcpyWithStream", "hipMemcpyHtoD", "hipMemcpyDtoH", "cuMemcpy", "cuMemcpyHtoD_v2",
        "cuMemcpyDtoH_v2",
        "urQueueFinish", "urEventWait", "urDeviceWaitExp", "piQueueFinish", "piEventsWait",
        *(f"ze{what}Synchronize" for what in
          ("Device", "CommandQueue", "CommandListHost", "EventHost", "FenceHost")),
    }
)  # fmt: skip

FREEING = frozenset({"cudaFree", "hipFree", "cuMemFree_v2", "cuMemUnmap", "hipMemUnmap"})
"""Calls that give device memory back; they may wait until the device is done with it.

Source: the CUDA runtime API, cudaFree: "implicit synchronization".
"""
# Variants of a call for another kind of default stream. Source: cuda_runtime_api.h and cuda.h.
_VARIANTS = ("_ptsz", "_ptds", "_spt")


class PageableWaits(NamedTuple):
    """Copying calls in which the host waited for their own copy; columns of shape (n,).

    Attributes:
        call: Index into the trace's events.
        copy: Index of the copy that the call made.
    """

    call: NDArray[np.intp]
    copy: NDArray[np.intp]


def pageable_waits(
    trace: Trace, copies: NDArray[np.intp], calls: NDArray[np.intp]
) -> PageableWaits:
    """Find the calls that copied from or to pageable memory and waited for it.

    Such a call "might be synchronous", its asynchronous form too. One that reads from the device
    waited if it returned no earlier than its copy ended. One that writes to the device waits for
    its stream and then stages the buffer piece by piece as the device takes it, so that it may
    return before the last piece has arrived: it waited if it returned no earlier than its copy
    began. Small buffers are taken over at once, and their copies begin later.

    Args:
        trace: Of any PyTorch program.
        copies: Indices of its copies, shape (n,).
        calls: What launched each, or ``UNKNOWN_CALL``, shape (n,).

    Source: CUDA runtime API, "API synchronization behavior", versions 11.1 and 12.4.
    """
    events = trace.events
    pageable = np.array(["Pageable" in name for name in trace.names], bool)
    copying = np.array(["memcpy" in name.lower() for name in trace.names], bool)
    chosen = pageable[events.name[copies]] & (calls != UNKNOWN_CALL)
    chosen[chosen] = copying[events.name[calls[chosen]]]
    call, copy = calls[chosen], copies[chosen]
    until_ns = np.where(
        copies_to_device(trace)[events.name[copy]], events.start_ns[copy], events.end_ns[copy]
    )
    waited = events.end_ns[call] >= until_ns
    return PageableWaits(call[waited], copy[waited])


def copies_to_device(trace: Trace) -> NDArray[np.bool_]:
    """Tell which names of copies are of those to a device; bool, shape (names,)."""
    verdicts = np.zeros(len(trace.names), bool)
    copies = trace.events.of_kind(Kind.MEMCPY)
    for name in distinct(trace.events.name[copies]).tolist():  # of few of the names, mostly
        verdicts[name] = copy_kind(trace.names[name]).direction == TO_DEVICE
    return verdicts


def synchronising_calls(trace: Trace, waits: PageableWaits) -> NDArray[np.bool_]:
    """Tell which events are calls that waited for the device; bool, shape (n,).

    Args:
        trace: Of any PyTorch program.
        waits: Of the same trace.
    """
    named = trace.names_where([plain_call(name) in _SYNCHRONISING for name in trace.names])
    waiting = named & trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)
    waiting[waits.call] = True
    return waiting


def plain_call(name: str) -> str:
    """Return a call's name without what tells its kind of default stream."""
    variant = next((suffix for suffix in _VARIANTS if name.endswith(suffix)), "")
    return name.removesuffix(variant)
