"""Device activities that run past the start of the next one on their stream.

A stream does one thing after another, so such times contradict each other: a duration is wrong, or
what the trace shows as one stream is several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import grouped
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, streams_of
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]
    Mask = NDArray[np.bool_]

LEAST_NS = 10_000
"""Less than this is no contradiction. Healthy traces have up to 1.4 us on an H100, where the next
kernel's blocks start while the last ones end; AMD's firmware is a few us off. Source: traces of
ours; ROCm/rocm-systems pull request 1568; AMD-AGI/Hyperloom pull request 1116."""

# A kernel launched by these may be told to start before the one ahead of it has ended. Source: the
# CUDA programming guide, section on programmatic dependent launch.
_EXTENDED = re.compile(r"(cuda|cu)LaunchKernelEx(C)?(_\w+)?")


@dataclass(frozen=True)
class Overruns:
    """Activities that run past the start of the next one on their stream.

    Attributes:
        count: Those that do by ``LEAST_NS`` or more.
        total_ns: By how much in sum.
        longest_ns: By how much at most.
        device_ns: Sum of all activities' durations up to where the next one began.
    """

    count: int
    total_ns: int
    longest_ns: int
    device_ns: int


def find_overruns(trace: Trace, activities: Places, calls: Places) -> Overruns:
    """Find the activities that contradict the next one on their stream.

    The next one is the next that had to wait: neither a further node of a graph, as branches of a
    graph run side by side, nor one that may have been told to start early, nor one that took no
    time (CUPTI has some that lie within another, pytorch/kineto issue 136). Streams of several
    processes in one file are kept apart by who launched.

    Args:
        trace: Any.
        activities: Indices of its device activities, shape (n,).
        calls: The call that launched each, shape (n,).
    """
    events = trace.events
    told = events.stream[activities] != MISSING
    activities, calls = activities[told], calls[told]
    stream = _streams(trace, activities, calls)
    order = np.lexsort((events.end_ns[activities], events.start_ns[activities], stream))
    activities, calls, stream = activities[order], calls[order], stream[order]
    start_ns, end_ns = events.start_ns[activities], events.end_ns[activities]
    following = np.arange(1, len(activities) + 1)
    excess_ns = _excess(stream, start_ns, end_ns, following)
    if excess_ns.any():
        waits = _first_of_its_call(stream, events.correlation[activities])
        waits &= ~_may_start_early(trace, activities, calls) & (end_ns > start_ns)
        place = np.where(waits, np.arange(len(activities)), len(activities))
        following = np.append(np.minimum.accumulate(place[::-1])[::-1], len(activities))[1:]
        excess_ns = _excess(stream, start_ns, end_ns, following)
    return Overruns(
        count=int((excess_ns > 0).sum()),
        total_ns=int(excess_ns.sum()),
        longest_ns=int(excess_ns.max(initial=0)),
        device_ns=int((end_ns - start_ns - excess_ns).sum()),
    )


def _excess(stream: Places, start_ns: Ints, end_ns: Ints, following: Places) -> Ints:
    """Return by how much each runs past the start of one that follows on its stream."""
    same_stream = np.append(stream, -1)[following] == stream
    excess_ns = np.where(same_stream, end_ns - np.append(start_ns, 0)[following], 0)
    return np.where(excess_ns >= LEAST_NS, excess_ns, 0)


def _streams(trace: Trace, activities: Places, calls: Places) -> Places:
    """Number the streams, each process's apart; shape (n,)."""
    stream = streams_of(trace.events, activities)
    numbers: dict[int | str, int] = {}
    of_thread = [numbers.setdefault(process, len(numbers)) for process, _ in trace.threads]
    process = np.array([*of_thread, len(numbers)])[trace.events.thread[calls]]
    process[calls == UNKNOWN_CALL] = len(numbers)
    known = process[calls != UNKNOWN_CALL]
    if not len(known) or known.min() == known.max():
        return stream
    numbered, _ = grouped(stream * (len(numbers) + 1) + process)
    return numbered


def _first_of_its_call(stream: Places, correlation: Ints) -> Mask:
    """Tell which activities, sorted by stream and time, are the first that their call launched.

    What bears no id may be of any call: the first of these alone is taken for one's first.
    """
    order = np.lexsort((np.arange(len(stream)), correlation, stream))
    by_stream, by_call = stream[order], correlation[order]
    differs = (np.diff(by_stream, prepend=-1) != 0) | (np.diff(by_call, prepend=-1) != 0)
    first = np.zeros(len(stream), bool)
    first[order] = differs
    return first


def _may_start_early(trace: Trace, activities: Places, calls: Places) -> Mask:
    extended = np.array([bool(_EXTENDED.fullmatch(name)) for name in trace.names] + [False])
    called = np.where(calls == UNKNOWN_CALL, len(trace.names), trace.events.name[calls])
    early: Mask = extended[called] & (trace.events.kind[activities] == Kind.KERNEL)
    return early
