"""Kernels that were launched and are not in the trace: the profiler lost them.

What their device did is then not known, and looks like idling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.finishing import (
    UNBOUNDED_NS,
    calls_named,
    is_one_stream,
    next_start,
    waited_for,
)
from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    Segments,
    distinct,
    edges_of,
    first_come,
)
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, launched_before_recording
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
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
        following_ns: When the next activity began, on the stream with the most, that was launched
            after them, and no later than ``until_ns``; shape (lost + late,).
        until_ns: By when their kernels had run, whatever their stream: where there is one alone,
            ``following_ns``; else when a wait for the whole device that began after them returned,
            ``UNBOUNDED_NS`` where none did; shape (lost + late,).
        one_stream: Whether all that was launched went to one stream.
        busy: When a device activity is recorded; empty where nothing is lost or late.
    """

    launches: int
    lost: int
    late: int
    launch_ns: Ints
    from_ns: Ints
    following_ns: Ints
    until_ns: Ints
    one_stream: bool
    busy: Segments

    def doubtful_ns(self, steps: Steps) -> Ints:
        """Return for how long of each step lost kernels may have run at most while it seems idle.

        Where nothing bounds them it is to the end of the last step; ns, shape (steps,).
        """
        return self._idle_ns(steps, self.until_ns)

    def is_unbounded(self, steps: Steps) -> bool:
        """Tell whether any that nothing bounds may have run while one of these steps seems idle."""
        unbounded = self.until_ns == UNBOUNDED_NS
        until_ns = np.where(unbounded, self.until_ns, self.from_ns)
        return bool(self._idle_ns(steps, until_ns).any())

    def unknown(self, steps: Steps) -> Mask:
        """Tell which steps cannot be believed; bool, shape (steps,).

        Those in which lost kernels may have run for more than ``MOST_DOUBT`` of the time, unless
        they are fewer than ``FEW_LOST`` of the step's launches. Where their stream is not known,
        this is told as if they ran until the device was past their launch, and to the end of the
        step that launched them at least: what may have run for ever would take every step away.
        """
        step = steps.step_at(self.from_ns)
        step_end_ns = np.where(step == NOWHERE, self.from_ns, steps.end_ns[step])
        until_ns = np.minimum(np.maximum(self.following_ns, step_end_ns), self.until_ns)
        begun = np.searchsorted(self.launch_ns, np.stack((steps.start_ns, steps.end_ns)))
        # Of the intervals, those that begin before the step's end and end after its start.
        touching = np.searchsorted(self.from_ns, steps.end_ns) - np.searchsorted(
            np.sort(until_ns), steps.start_ns, side="right"
        )
        doubtful_ns = self._idle_ns(steps, until_ns)
        doubtful = doubtful_ns > MOST_DOUBT * (steps.end_ns - steps.start_ns)
        unknown: Mask = doubtful & (touching > FEW_LOST * (begun[1] - begun[0]))
        return unknown

    def _idle_ns(self, steps: Steps, until_ns: Ints) -> Ints:
        """Return for how long of each step the device seems idle from any launch until then."""
        waiting = first_come(self.from_ns, np.minimum(until_ns, steps.end_ns.max(initial=0)))
        edges = edges_of([waiting, self.busy])
        seems_idle = (waiting.covers(edges) & ~self.busy.covers(edges))[:-1]
        idle = first_come(edges[:-1][seems_idle], edges[1:][seems_idle])
        return idle.length_before(steps.end_ns) - idle.length_before(steps.start_ns)


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
    single, graph = calls_named(trace, _ONE_KERNEL.fullmatch), calls_named(trace, _GRAPH.fullmatch)
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
    events = trace.events
    launch_ns = events.start_ns[launching]
    lost_ns = np.sort(launch_ns[missing])
    last_ns = launch_ns[~missing].max(initial=np.iinfo(np.int64).min)
    late = int((lost_ns > last_ns).sum()) if not missing.all() else 0
    one_stream, following_ns, until_ns = True, lost_ns, lost_ns
    seen = activities[:0]
    if len(lost_ns):
        seen, one_stream = activities, is_one_stream(trace, activities)
        waited_ns = waited_for(trace, lost_ns, activities, one_stream=one_stream)
        following_ns = np.minimum(next_start(trace, lost_ns, activities, calls), waited_ns)
        until_ns = following_ns if one_stream else waited_ns
    return LostLaunches(
        launches=len(launching),
        lost=len(lost_ns) - late,
        late=late,
        launch_ns=np.sort(launch_ns),
        from_ns=lost_ns,
        following_ns=following_ns,
        until_ns=until_ns,
        one_stream=one_stream,
        busy=first_come(events.start_ns[seen], events.end_ns[seen]),
    )


def _captured(trace: Trace) -> Mask:
    """Tell which events begin while a stream is captured into a graph, on whichever thread.

    An end without its begin closes a capture that began before the recording.
    """
    start_ns = trace.events.start_ns
    begins = np.sort(start_ns[calls_named(trace, _CAPTURE_BEGINS.fullmatch)])
    ends = np.sort(start_ns[calls_named(trace, _CAPTURE_ENDS.fullmatch)])
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
