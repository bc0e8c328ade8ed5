"""Everything that one trace tells, put together."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof import units
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.analysis.breakdown.not_measured import NO_HOST, NO_LAUNCH
from annt_prof.analysis.path.critical_path import CriticalPath, critical_path
from annt_prof.analysis.path.idle import Idle, idle
from annt_prof.analysis.tables.copies import CopyRow, copies
from annt_prof.analysis.tables.doubts import doubts
from annt_prof.analysis.tables.host_view import HostStep, host_view
from annt_prof.analysis.tables.kernel_table import KernelTable, kernel_table
from annt_prof.analysis.tables.memory_use import MemoryUse, memory_use, untold_memory
from annt_prof.analysis.tables.pitfalls import LEAST_STEPS, TraceMistake, pitfalls
from annt_prof.analysis.tables.queue import Queue, queue
from annt_prof.analysis.tables.synchronisations import Synchronisation, synchronisations
from annt_prof.analysis.tables.temporal import Temporal, temporal
from annt_prof.analysis.timeline.intervals import distinct
from annt_prof.analysis.timeline.phase_sources import phase_sources
from annt_prof.analysis.timeline.steps import EVERY_STEP, WHOLE_TRACE
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.analysis.timeline.unrecorded import why_no_activities
from annt_prof.errors import UserError
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.trace.columns import Trace

_SHORT_STEP = 0.5
"""Share of the median step below which a step is told to be another than the rest. It is a choice:
a mean over steps of which one does half of the work, or none, is the mean of two things."""

_OF_THE_DEVICE = (
    "breakdown", "temporal", "kernels", "queue", "critical_path", "idle", "copies", "pitfalls",
)  # fmt: skip
_OF_ACTIVITIES = ("temporal", "kernels", "queue", "critical_path", "idle", "copies")
_NEED_WHOLE_STEPS = ("breakdown", "host", "critical_path", "idle")
_NO_DEVICE = "the trace has no device activities"
_NO_MEMORY = "no allocations were recorded; the profiler's profile_memory=True does"
_LOST = "the file breaks off, so activities between those left may be lost"
_NEED_ALL_EVENTS = (
    "temporal", "critical_path", "kernels.share_of_steps", "kernels.phases", "kernels.modules",
    "kernels.lines", "queue.depth_p50", "queue.depth_max", "queue.num_shorter_than_launch",
    "synchronisations.operator", "copies.exposed_ns", "copies.hidden_ns", "memory", "pitfalls",
)  # fmt: skip


class Analysis(msgspec.Struct, frozen=True):
    """What a trace file shows. None is not zero: ``not_measured`` has the reason.

    Attributes:
        source: The file.
        num_events: Timed events read.
        device_names: As the file's header lists them.
        rank: In a distributed run; None where the file does not tell.
        world_size: Likewise.
        remarks: What to know before believing a figure: losses, damaged durations, no steps.
        breakdown: Per step and on average; None where the device was not recorded, as is all
            else that needs its activities.
        host: The same steps from the host's side.
        temporal: Whole-trace device time.
        kernels: Of the steps.
        queue: How far the host ran ahead of them.
        critical_path: What sets the length of the steps.
        idle: The device's gaps in the steps.
        synchronisations: Blocking calls of the steps.
        copies: Of the steps.
        memory: Of each device within the steps.
        pitfalls: Known mistakes that happen in every step.
        complete: Whether the file holds all its events. Where it breaks off, counts and times
            are of what is left, and what the lost ones could change is None.
        not_measured: Name of each of these that is None, with the reason; of a part's field as
            ``part.field``.
    """

    source: str
    num_events: int
    device_names: tuple[str, ...]
    rank: int | None
    world_size: int | None
    remarks: tuple[str, ...]
    breakdown: Breakdown | None
    host: tuple[HostStep, ...] | None
    temporal: Temporal | None
    kernels: KernelTable | None
    queue: Queue | None
    critical_path: CriticalPath | None
    idle: Idle | None
    synchronisations: tuple[Synchronisation, ...] | None
    copies: tuple[CopyRow, ...] | None
    memory: tuple[MemoryUse, ...] | None
    pitfalls: tuple[TraceMistake, ...] | None
    complete: bool
    not_measured: dict[str, str]


def analyze(
    trace: Trace, selection: slice = EVERY_STEP, top: int = 30, accelerator: bool | None = None
) -> Analysis:
    """Analyse a trace.

    Of a file that breaks off, what holds event by event is shown (kernels, copies, calls) without
    what others that are lost could change (shares, what hides what, queues, habits), and what
    needs all events of a step (breakdown, gaps, the host's view) only for steps that are known
    to be whole. So it is with steps whose kernels the profiler lost.

    Args:
        trace: Of any PyTorch program.
        selection: Positions of the steps to look at, counted from 0.
        top: Most kernels and gaps to list.
        accelerator: Whether the program used one; None where only the trace can tell.

    Raises:
        UserError: The trace holds nothing that takes time, or no step is selected.
    """
    return analyze_timeline(Timeline(trace, selection, accelerator), top)


def analyze_timeline(timeline: Timeline, top: int = 30) -> Analysis:
    """Analyse a trace that more is asked of than its analysis; as ``analyze``, and raises likewise.

    Args:
        timeline: Of any PyTorch program.
        top: Most kernels and gaps to list.
    """
    trace = timeline.trace
    unrecorded, lost = timeline.unrecorded is not None, bool(trace.losses)
    beside = ThreadPoolExecutor(max_workers=1)
    try:
        device_time = beside.submit(lambda: None if lost else temporal(timeline))
        problem = _none_whole(timeline)
        whole = problem is None
        timeline.phases  # noqa: B018 - both threads begin with them, and each would find them
        # Half of the work: numpy holds no lock while it sorts and searches.
        memory = beside.submit(lambda: None if lost else memory_use(timeline, top))
        kernels = beside.submit(kernel_table, timeline, top)
        waiting = beside.submit(queue, timeline)
        host = beside.submit(lambda: host_view(timeline) if whole else None)
        calls, copied = beside.submit(synchronisations, timeline), beside.submit(copies, timeline)
        path = beside.submit(lambda: critical_path(timeline, top) if whole and not lost else None)
        breakdown = break_down(timeline) if whole and not unrecorded else None
        gaps = idle(timeline, top) if whole else None
        habits = None if lost or unrecorded else pitfalls(timeline)
        untold = untold_memory(timeline)
        return Analysis(
            source=trace.source,
            num_events=len(trace.events),
            device_names=trace.device_names,
            rank=trace.rank,
            world_size=trace.world_size,
            remarks=tuple(_remarks(timeline, breakdown, untold if memory.result() else None)),
            breakdown=breakdown,
            host=host.result(),
            temporal=device_time.result(),
            kernels=kernels.result(),
            queue=waiting.result(),
            critical_path=path.result(),
            idle=gaps,
            synchronisations=calls.result(),
            copies=copied.result(),
            memory=memory.result(),
            pitfalls=habits,
            complete=not lost,
            not_measured=_lacking(waiting.result(), kernels.result())
            | _lacking_memory(memory.result(), untold)
            | _not_measured(timeline, problem)
            | dict.fromkeys(_OF_THE_DEVICE if unrecorded else (), why_no_activities(trace)),
        )
    finally:
        beside.shutdown(cancel_futures=True)  # at an error, or Ctrl-C, nothing more is begun


def _none_whole(timeline: Timeline) -> str | None:
    """Return why no selected step is whole, of a trace that lacks events; None where one is.

    Raises:
        UserError: The trace lacks nothing and has no step, or none is selected.
    """
    try:
        timeline.whole_steps  # noqa: B018 - asked for what it raises
    except UserError as error:
        if not timeline.trace.losses and not len(timeline.lost_launches.from_ns):
            raise
        return error.message
    return None


def _not_measured(timeline: Timeline, problem: str | None) -> dict[str, str]:
    """Return the parts of the analysis that are None, each with the reason."""
    reasons: dict[str, str] = {}
    so_far = " before the place where the file breaks off" if timeline.trace.losses else ""
    if problem is not None:
        reasons |= dict.fromkeys(_NEED_WHOLE_STEPS, problem)
    if timeline.trace.losses:
        reasons |= dict.fromkeys(_NEED_ALL_EVENTS, _LOST)
    elif len(timeline.steps.names) < LEAST_STEPS:
        reasons["pitfalls"] = f"a habit shows over {LEAST_STEPS} steps or more, not in fewer"
    if not timeline.runtime_calls.any():
        reasons["synchronisations"] = f"the trace has no calls of a device's runtime{so_far}"
    if not len(timeline.activities):
        none = f"{_NO_DEVICE}{so_far}"
        reasons |= dict.fromkeys(_OF_ACTIVITIES, none)
    elif not timeline.any_launch_known:
        reasons |= dict.fromkeys(("queue", "critical_path"), _no_launch(timeline))
    if not timeline.host_recorded:
        reasons["host"] = NO_HOST
    if len(timeline.activities) and not len(timeline.kernels):
        reasons |= dict.fromkeys(("kernels", "queue"), f"the trace has no kernels{so_far}")
    return reasons


def _no_launch(timeline: Timeline) -> str:
    if not timeline.host_recorded:
        return NO_HOST
    return NO_LAUNCH


def _lacking(waiting: Queue | None, kernels: KernelTable | None) -> dict[str, str]:
    """Return why the queue is None, if it is although the trace has kernels."""
    if waiting is not None:
        return {}
    if kernels is not None and not kernels.count:
        return {"queue": "no kernel began in these steps"}
    return {"queue": "no kernel of the steps has its launch in the trace"}


def _lacking_memory(memory: tuple[MemoryUse, ...] | None, untold: str | None) -> dict[str, str]:
    """Return what of the memory is None, each with the reason."""
    if memory is None:
        return {"memory": untold or _NO_MEMORY}
    reasons = {}
    if any(use.holders is None for use in memory):
        reasons["memory.holders"] = (
            "not every [memory] event up to the peak tells its address and size"
        )
    if any(use.peak_reserved_bytes is None for use in memory if use.device != "cpu"):
        reasons["memory.peak_reserved_bytes"] = (
            "not every [memory] event tells how much the allocator held"
        )
    return reasons


def _short_steps(breakdown: Breakdown) -> Iterator[str]:
    median_ns = float(np.median([step.wall_ns for step in breakdown.steps]))
    short = [step for step in breakdown.steps if step.wall_ns < _SHORT_STEP * median_ns]
    if short:
        yield (
            f"{len(short)} of {len(breakdown.steps)} steps, {short[0].name} the first, took less "
            "than half of the median step: the profiler or the program stopped in them, or they "
            "do other work; they are in the mean, and --steps leaves them out"
        )


def _remarks(timeline: Timeline, breakdown: Breakdown | None, untold: str | None) -> Iterator[str]:
    trace = timeline.trace
    yield from trace.losses
    yield from trace.doubts
    if untold is not None:
        yield untold
    if timeline.unrecorded is not None:
        yield timeline.unrecorded
    if not timeline.host_recorded:
        yield (
            f"{NO_HOST}, so it is not known which phase a device activity is of, nor what the "
            "device waited for; torch.profiler's ProfilerActivity.CPU records it"
        )
    yield from doubts(timeline, breakdown)
    if breakdown is not None and breakdown.incomplete and trace.losses:
        yield f"left out as the file breaks off in them: {', '.join(breakdown.incomplete)}"
    devices = distinct(trace.events.device[timeline.activities])
    devices = devices[devices != MISSING]
    if len(devices) > 1:
        yield (
            f"the trace has {len(devices)} devices, which count as one in all but the times of "
            "the whole trace: an instant is busy if any is, and one that idles beside it is not "
            "seen"
        )
    if breakdown is not None:
        yield from phase_sources(timeline.phases)
        yield from _short_steps(breakdown)
    if timeline.steps.names == (WHOLE_TRACE,):
        unreadable = any(
            left_out.kind in (Kind.ANNOTATION, Kind.OPERATOR) for left_out in trace.unreadable
        )
        yield (
            "the trace has no ProfilerStep# that can be read, so it is analysed as one span"
            if unreadable
            else "the trace has no ProfilerStep#, so it is analysed as one span; call "
            "profiler.step() at the end of each iteration to tell them apart"
        )
    if trace.num_clamped:
        were = "was" if trace.num_clamped == 1 else "were"
        clamped = units.count(trace.num_clamped, "duration")
        yield f"{clamped} {were} negative or overflowing, and taken as 0"
    if trace.num_malformed:
        one = trace.num_malformed == 1
        malformed = "1 entry" if one else f"{units.whole(trace.num_malformed)} entries"
        yield (
            f"{malformed} of the list of events {'has' if one else 'have'} no time or an "
            f"impossible type, and {'is' if one else 'are'} left out"
        )
