"""Kernels that were launched and are not in the trace: the profiler lost them.

What their device did is then not known, and looks like idling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, distinct, edges_of, first_come
from annt_prof.analysis.timeline.launches import (
    UNKNOWN_CALL,
    launched_before_recording,
    streams_of,
)
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]
    Mask = NDArray[np.bool_]

# Calls that launch exactly one kernel each, or one graph. A copy or memset of no bytes leaves no
# activity (cuBLAS and cuDNN make many), and no file tells the bytes of a call, so these prove
# nothing. Source: the runtimes' and drivers' references; CUPTI appends versions.
_ONE_KERNEL = re.compile(
    r"(cuda|cu|hip|hipExt|hipDrv|musa|mu)(Ext)?(Module)?Launch(Cooperative)?Kernel(ExC|Ex)?(_\w+)?"
    r"|urEnqueueKernelLaunch\w*"
)
_GRAPH = re.compile(r"(cuda|cu|hip|musa|mu)GraphLaunch(_\w+)?")
_WAITS_FOR_ALL = re.compile(
    r"(cuda|hip|musa)(Device|Stream)Synchronize(_\w+)?|cu(Ctx|Stream)Synchronize(_\w+)?"
    r"|urQueueFinish"
)
_CAPTURE_BEGINS = re.compile(r"(cuda|cu|hip|musa|mu)StreamBeginCapture\w*")
_CAPTURE_ENDS = re.compile(r"(cuda|cu|hip|musa|mu)(StreamEndCapture|GraphInstantiate)\w*")

MOST_DOUBT = 0.05
"""Share of a step's time in which lost kernels may have run, up to which the step is believed. It
is a choice: as much as two recordings of one program differ by."""
FEW_LOST = 0.01
"""Share of a step's launches, up to which lost ones do not take the step away, whatever the time
in which they may have run. It is a choice, so that a handful in each step of a trace leaves an
answer; the remark has the bound."""


@dataclass(frozen=True, eq=False)
class LostLaunches:
    """Launches whose kernels the trace does not hold.

    Attributes:
        launches: Calls of the trace that launched a kernel or a graph.
        lost: Those of them whose kernels are lost.
        late: Those, not among the lost, after which no launch of the trace has a kernel: the
            recording ended before theirs did.
        launch_ns: When launches were made, ascending, shape (launches,).
        from_ns: When the lost and late ones were made, ascending, shape (lost + late,).
        until_ns: By when their kernels had run: when the next kernel began that was launched
            after them, as a stream runs in the order of launches, or a wait for the device that
            began after them returned; shape (lost + late,).
        idle: When the device seems idle and they may have run.
    """

    launches: int
    lost: int
    late: int
    launch_ns: Ints
    from_ns: Ints
    until_ns: Ints
    idle: Segments

    def doubtful_ns(self, steps: Steps) -> Ints:
        """Return for how long of each step lost kernels may have run at most, ns, (steps,)."""
        return self.idle.length_before(steps.end_ns) - self.idle.length_before(steps.start_ns)

    def unknown(self, steps: Steps) -> Mask:
        """Tell which steps cannot be believed; bool, shape (steps,).

        Those in which lost kernels may have run for more than ``MOST_DOUBT`` of the time, unless
        they are fewer than ``FEW_LOST`` of the step's launches.
        """
        begun = np.searchsorted(self.launch_ns, np.stack((steps.start_ns, steps.end_ns)))
        # Of the intervals, those that begin before the step's end and end after its start.
        touching = np.searchsorted(self.from_ns, steps.end_ns) - np.searchsorted(
            np.sort(self.until_ns), steps.start_ns, side="right"
        )
        doubtful = self.doubtful_ns(steps) > MOST_DOUBT * (steps.end_ns - steps.start_ns)
        unknown: Mask = doubtful & (touching > FEW_LOST * (begun[1] - begun[0]))
        return unknown


def find_lost_launches(trace: Trace, activities: Places, calls: Places) -> LostLaunches:
    """Find the launches that no device activity bears the correlation id of.

    Nothing is told of a file that breaks off, nor where ids cannot tell: those of a call are
    missing; calls within a stream's capture launch nothing; and as many kernels as seem lost hang
    on no call or are too many for theirs (roctracer gives communication kernels the id 0, and
    rocprofiler several kernels one id).

    Args:
        trace: Any.
        activities: Indices of its device activities, shape (n,).
        calls: The call that launched each, shape (n,).

    Source: lost at the start of a recording, since the device's clock drifts: pytorch/pytorch
    issue 192021 and pytorch/kineto issue 996. Ids: ROCm/roctracer issue 100, pytorch/kineto pull
    request 1416.
    """
    events = trace.events
    single, graph = _of_calls(trace, _ONE_KERNEL.fullmatch), _of_calls(trace, _GRAPH.fullmatch)
    launching = np.flatnonzero((single | graph) & (events.correlation > 0))
    missing = ~_among(events.correlation[launching], events.correlation[activities])
    if missing.any():
        launched = ~(missing & _captured(trace)[launching])
        launching, missing = launching[launched], missing[launched]
    untold = bool(trace.losses) or not (calls != UNKNOWN_CALL).any()
    if not untold and missing.any():
        untold = bool(missing.sum() <= _stray(trace, activities, calls, single))
    return _told(trace, activities, calls, launching, missing & (not untold))


def _among(wanted: Ints, values: Ints) -> Mask:
    """Tell which are among the values; numpy's own isin loads its masked arrays first."""
    there = np.append(distinct(values), np.iinfo(np.int64).max)
    among: Mask = there[np.searchsorted(there, wanted)] == wanted
    return among


def _told(
    trace: Trace, activities: Places, calls: Places, launching: Places, missing: Mask
) -> LostLaunches:
    launch_ns = trace.events.start_ns[launching]
    lost_ns = np.sort(launch_ns[missing])
    last_ns = launch_ns[~missing].max(initial=np.iinfo(np.int64).min)
    late = int((lost_ns > last_ns).sum()) if not missing.all() else 0
    until_ns = lost_ns
    if len(lost_ns):
        next_ns = _next_start(trace, lost_ns, activities, calls)
        until_ns = np.minimum(next_ns, _done_by(trace, lost_ns))
    return LostLaunches(
        launches=len(launching),
        lost=len(lost_ns) - late,
        late=late,
        launch_ns=np.sort(launch_ns),
        from_ns=lost_ns,
        until_ns=until_ns,
        idle=_idle(trace, activities, lost_ns, until_ns),
    )


def _of_calls(trace: Trace, is_named: Callable[[str], object]) -> Mask:
    """Tell which events are calls of the device's runtime or driver of such a name."""
    named = trace.names_where([bool(is_named(name)) for name in trace.names])
    return named & trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)


def _captured(trace: Trace) -> Mask:
    """Tell which events begin while a stream is captured into a graph, on whichever thread.

    An end without its begin closes a capture that began before the recording.
    """
    start_ns = trace.events.start_ns
    begins = np.sort(start_ns[_of_calls(trace, _CAPTURE_BEGINS.fullmatch)])
    ends = np.sort(start_ns[_of_calls(trace, _CAPTURE_ENDS.fullmatch)])
    if not len(begins) and not len(ends):
        return np.zeros(len(start_ns), bool)
    earliest, latest = start_ns.min(), start_ns.max() + 1
    if len(ends) and (not len(begins) or ends[0] < begins[0]):
        begins = np.append(earliest, begins)
    until = np.append(ends, latest)[np.searchsorted(ends, begins)]
    return first_come(begins, until).covers(start_ns)


def _stray(trace: Trace, activities: Places, calls: Places, single: Mask) -> int:
    """Count the kernels that may be those of any call: on none, or too many on theirs."""
    events = trace.events
    kernel = events.kind[activities] == Kind.KERNEL
    homeless = kernel & (calls == UNKNOWN_CALL)
    homeless &= ~launched_before_recording(events, activities, calls)
    owned = calls[kernel & (calls != UNKNOWN_CALL)]
    per_call = np.bincount(owned[single[owned]])
    return int(homeless.sum() + np.maximum(per_call - 1, 0).sum())


def _next_start(trace: Trace, launched_ns: Ints, activities: Places, calls: Places) -> Ints:
    """Return when the next kernel began that was launched after each instant.

    Calls do not tell their stream, so it is asked of the one with the most activities; where
    none follows there, it is the end of the trace. Shape of ``launched_ns``.
    """
    events = trace.events
    known = calls != UNKNOWN_CALL
    stream = streams_of(events, activities[known])
    busiest = stream == np.bincount(stream).argmax()
    launch_ns = events.start_ns[calls[known][busiest]]
    order = np.argsort(launch_ns, kind="stable")
    start_ns = events.start_ns[activities[known][busiest][order]]
    earliest = np.minimum.accumulate(start_ns[::-1])[::-1]
    place = np.searchsorted(launch_ns[order], launched_ns, side="right")
    following: Ints = np.append(earliest, events.end_ns.max(initial=0))[place]
    return following


def _done_by(trace: Trace, launched_ns: Ints) -> Ints:
    """Return when the host knew that the device had done what was launched by each instant.

    That is, a call returned that waits for a device or a stream; its largest where none does.
    Shape of ``launched_ns``.
    """
    waiting = trace.events[_of_calls(trace, _WAITS_FOR_ALL.fullmatch)]
    order = np.argsort(waiting.start_ns, kind="stable")
    returned_ns = np.minimum.accumulate(waiting.end_ns[order][::-1])[::-1]
    place = np.searchsorted(waiting.start_ns[order], launched_ns)
    done: Ints = np.append(returned_ns, np.iinfo(np.int64).max)[place]
    return done


def _idle(trace: Trace, activities: Places, from_ns: Ints, until_ns: Ints) -> Segments:
    """Return when any of these intervals holds and no device activity is recorded."""
    if not len(from_ns):
        return first_come(from_ns, until_ns)
    events = trace.events
    waiting = first_come(from_ns, until_ns)
    busy = first_come(events.start_ns[activities], events.end_ns[activities])
    edges = edges_of([waiting, busy])
    idle = (waiting.covers(edges) & ~busy.covers(edges))[:-1]
    return first_come(edges[:-1][idle], edges[1:][idle])
