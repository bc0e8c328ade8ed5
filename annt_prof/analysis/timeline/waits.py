"""Stretches in which a host thread waited for the device: in one call, or in a loop that polls."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.blocking import FREEING
from annt_prof.analysis.timeline.intervals import distinct, first_come, places_by
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Events, Trace

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]
    Mask = NDArray[np.bool_]

LONGEST_PAUSE = 0.5
"""Share of a loop that polls which the longest time between two of its calls may take, so that
there are three calls at least.

It is a choice: whoever asked twice in vain, and then no more once the device was done, waited for
it, whatever happened in between; of two calls alone nothing tells that they are a loop.
"""

# Source: the CUDA runtime and driver API, HIP's and Level Zero's, sections on streams and events.
_ASKING = frozenset(
    {
        "cudaEventQuery", "cudaStreamQuery", "cuEventQuery", "cuStreamQuery", "hipEventQuery",
        "hipStreamQuery", "zeEventQueryStatus", "zeFenceQueryStatus",
    }
)  # fmt: skip
# Calls that only tell something and may stand between two questions.
_TELLING = frozenset(
    f"{vendor}{what}" for vendor in ("cuda", "hip")
    for what in ("GetLastError", "PeekAtLastError", "ExtGetLastError", "GetDevice")
)  # fmt: skip
# PyTorch's caching allocators ask for the events of freed blocks as they allocate, and go on
# whatever the answer. Source: CUDACachingAllocator.cpp and CachingHostAllocator.h, process_events.
_ALLOCATING = "aten::"


@dataclass(frozen=True, eq=False)
class Waits:
    """Waits for the device; every column has shape (n,).

    Attributes:
        start_ns: int64.
        end_ns: int64.
        call: Index into the trace's events: the call that waited, or the first one of a loop.
        num_calls: int64: 1, or how often a loop asked.
    """

    start_ns: Ints
    end_ns: Ints
    call: Places
    num_calls: Ints

    def __getitem__(self, chosen: Mask | Places) -> Waits:
        return Waits(*(getattr(self, field.name)[chosen] for field in fields(self)))

    def __len__(self) -> int:
        return len(self.call)


_NONE = Waits(*(np.zeros(0, np.int64) for _ in fields(Waits)))


def waits(trace: Trace, synchronising: Mask, activities: Places) -> Waits:
    """Return all waits of a trace, on any thread: those in a call first, then loops.

    Args:
        trace: Of any PyTorch program.
        synchronising: Which events are calls that waited, shape (events,).
        activities: Indices of the device activities, shape (m,).
    """
    events = trace.events
    is_call = events.of_kind(Kind.RUNTIME, Kind.DRIVER)
    freeing = trace.names_where([name in FREEING for name in trace.names]) & is_call
    asking = trace.names_where([name in _ASKING for name in trace.names]) & is_call
    calls, polled = np.flatnonzero(synchronising), _NONE
    if freeing.any() or asking.any():
        starts_ns, ends_ns = (np.sort(e[activities]) for e in (events.start_ns, events.end_ns))
        freeing[freeing] = _until_idle(events, np.flatnonzero(freeing), starts_ns, ends_ns)
        calls = np.flatnonzero(synchronising | freeing)
        polled = _polled(trace, asking, ends_ns)
    return Waits(
        np.concatenate((events.start_ns[calls], polled.start_ns)),
        np.concatenate((events.end_ns[calls], polled.end_ns)),
        np.concatenate((calls, polled.call)),
        np.concatenate((np.ones(len(calls), np.int64), polled.num_calls)),
    )


def _until_idle(events: Events, calls: Places, starts_ns: Ints, ends_ns: Ints) -> Mask:
    """Tell which calls returned to an idle device that was busy within them.

    Args:
        events: Of the trace.
        calls: Indices, shape (n,).
        starts_ns: Of all device activities, ascending.
        ends_ns: Likewise.
    """
    returned_ns = events.end_ns[calls]
    ended = np.searchsorted(ends_ns, returned_ns, side="right")
    within = ended > np.searchsorted(ends_ns, events.start_ns[calls], side="right")
    waited: Mask = within & (np.searchsorted(starts_ns, returned_ns, side="right") == ended)
    return waited


def _polled(trace: Trace, asking: Mask, ends_ns: Ints) -> Waits:
    """Find loops that asked whether the device was done until it was.

    On their thread nothing else was called or operated meanwhile, and the device ended an activity
    after the last call but one: that is what ended the loop.
    """
    events, queries = trace.events, np.flatnonzero(asking)
    loops: list[tuple[int, int, int, int]] = []
    others, others_by_thread = queries[:0], {}
    if len(queries):
        theirs = np.isin(events.thread, distinct(events.thread[queries])) & ~asking
        theirs &= ~trace.names_where([name in _TELLING for name in trace.names])
        others = np.flatnonzero(theirs & events.of_kind(Kind.RUNTIME, Kind.DRIVER, Kind.OPERATOR))
        others_by_thread = places_by(events.thread[others])
    for thread, places in places_by(events.thread[queries]).items():
        beside = others[others_by_thread.get(thread, np.zeros(0, np.intp))]
        asked = queries[places][~_allocating(trace, queries[places], beside)]
        asked = asked[np.argsort(events.start_ns[asked], kind="stable")]
        other_ns = np.sort(events.start_ns[beside])
        following = np.searchsorted(other_ns, events.start_ns[asked])
        for place, run in places_by(following).items():
            next_ns = int(other_ns[place]) if place < len(other_ns) else None
            end_ns = _answered_ns(events, asked[run], next_ns, ends_ns)
            if end_ns is not None:
                loops.append((int(events.start_ns[asked[run[0]]]), end_ns, asked[run[0]], len(run)))
    columns = np.array(loops, np.int64).reshape(-1, 4).T
    return Waits(columns[0], columns[1], columns[2].astype(np.intp), columns[3])


def _answered_ns(events: Events, run: Places, next_ns: int | None, ends_ns: Ints) -> int | None:
    """Return when a loop of calls knew that the device was done; None if it does not wait.

    Where the call that was told is not recorded, that is when the device was done.

    Args:
        events: Of the trace.
        run: Indices of the calls, in the order of time.
        next_ns: When the thread called or operated again; None if it never did.
        ends_ns: When device activities ended, ascending.
    """
    if len(run) < 2:
        return None
    start_ns, last_ns = int(events.start_ns[run[0]]), int(events.end_ns[run[-1]])
    ended = int(np.searchsorted(ends_ns, events.start_ns[run[-2]], side="right"))
    if ended == len(ends_ns) or ends_ns[ended] > (last_ns if next_ns is None else next_ns):
        return None
    end_ns = max(last_ns, int(ends_ns[ended]))
    pauses_ns = np.append(events.start_ns[run[1:]], end_ns) - events.end_ns[run]
    return end_ns if pauses_ns.max() <= LONGEST_PAUSE * (end_ns - start_ns) else None


def _allocating(trace: Trace, queries: Places, beside: Places) -> Mask:
    """Tell which queries lie in an operator that allocates, given what else is on the thread."""
    events = trace.events
    named = np.array([name.startswith(_ALLOCATING) for name in trace.names], bool)
    operators = beside[named[events.name[beside]]]
    covered = first_come(events.start_ns[operators], events.end_ns[operators])
    return covered.covers(events.start_ns[queries])
