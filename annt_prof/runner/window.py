"""Windows: a whole number of optimizer steps, timed without a profiler or traced with one."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Protocol

import torch
from torch.profiler import ProfilerActivity, profile, schedule

from annt_prof.categories import Phase
from annt_prof.runner.step import Loop, marked, optimizer_step
from annt_prof.runs.record import TimedWindow

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runner.messages import TimedRequest


class Stopwatch(Protocol):
    """Marks instants as the device reaches them, without waiting for it."""

    def mark(self) -> None:
        """Mark this point of the device's work."""

    def laps_ns(self) -> list[int]:
        """Nanoseconds between neighbouring marks. Call with the device idle."""


class HostStopwatch:
    """For a CPU, where work is done once the call returns."""

    def __init__(self) -> None:
        self._marks: list[int] = []

    def mark(self) -> None:
        """Read the monotonic clock."""
        self._marks.append(time.monotonic_ns())

    def laps_ns(self) -> list[int]:
        """Differences of the readings."""
        return [b - a for a, b in zip(self._marks, self._marks[1:], strict=False)]


class DeviceStopwatch:
    """For CUDA: events in the stream, read after the window.

    An event resolves about half a microsecond. Source: CUDA runtime, cudaEventElapsedTime.
    """

    def __init__(self) -> None:
        self._marks: list[torch.cuda.Event] = []

    def mark(self) -> None:
        """Record an event on the current stream."""
        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record()
        self._marks.append(event)

    def laps_ns(self) -> list[int]:
        """Elapsed times between the events."""
        return [
            round(a.elapsed_time(b) * 1e6)
            for a, b in zip(self._marks, self._marks[1:], strict=False)
        ]


def wait_for(device: torch.device) -> None:
    """Wait until the device is idle; a CPU always is."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def run_steps(loop: Loop, iterations: int) -> int:
    """Run whole optimizer steps until at least ``iterations`` are done; return how many were."""
    done = 0
    while done < iterations:
        done += optimizer_step(loop)
    return done


def run_timed(loop: Loop, request: TimedRequest) -> TimedWindow:
    """Run one timed window.

    Switch-in iterations run first, in whole optimizer steps, and are dropped: caches and clocks
    belong to the variant before. The device is waited for at the two ends only.
    """
    device = loop.setup.device
    stopwatch: Stopwatch = DeviceStopwatch() if device.type == "cuda" else HostStopwatch()
    wait_for(device)
    started_ns = time.monotonic_ns()
    dropped = run_steps(loop, request.switch_in)
    groups: list[int] = []
    stopwatch.mark()
    while sum(groups) < request.iterations:
        groups.append(optimizer_step(loop))
        stopwatch.mark()
    wait_for(device)
    ended_ns = time.monotonic_ns()
    laps_ns = stopwatch.laps_ns()
    # An iteration's share of its optimizer step, so that accumulation does not alternate
    # between cheap iterations and dear ones.
    step_ns = tuple(round(lap / group) for lap, group in zip(laps_ns, groups, strict=True))
    kept = sum(groups)
    return TimedWindow(
        round=request.round,
        position=request.position,
        started_ns=started_ns,
        ended_ns=ended_ns,
        step_ns=step_ns,
        iterations=kept,
        samples=(dropped + kept) * loop.setup.loader.batch_size,
        median_ns=round(statistics.median(over_spans(laps_ns, groups, request.span))),
        launch=request.launch,
    )


def over_spans(laps_ns: list[int], groups: list[int], span: int) -> list[float]:
    """Return the time per iteration over stretches of at least ``span`` iterations.

    The median of single steps leaves the slow ones out; that of optimizer steps of k iterations
    has them in its means. Over stretches of one length both are the same figure, so grouping
    iterations is no effect by itself.

    Args:
        laps_ns: Of each optimizer step.
        groups: Iterations of each optimizer step.
        span: Iterations; what is left over at the end joins the last stretch.
    """
    stretches: list[tuple[int, int]] = []
    ns = iterations = 0
    for lap, group in zip(laps_ns, groups, strict=True):
        ns, iterations = ns + lap, iterations + group
        if iterations >= span:
            stretches.append((ns, iterations))
            ns = iterations = 0
    if iterations:
        last = stretches.pop() if stretches else (0, 0)
        stretches.append((last[0] + ns, last[1] + iterations))
    return [total / count for total, count in stretches]


def run_traced(loop: Loop, iterations: int, path: Path) -> int:
    """Run one window under ``torch.profiler`` and write its trace.

    One optimizer step warms the profiler up unrecorded, since the first one under it pays for
    its start. The device is waited for before the recorded steps and inside the last one, so
    that all work of these steps, and no other, lies within them.

    Without an accelerator the shapes of inputs are not recorded. What the profiler keeps for
    them lies between the tensors on the host's heap, so that freed tensors leave holes too small
    for the next ones and every step touches new pages: AdamW on ViT-B/16 then took 700 ms a step
    in place of 110 ms, and the trace blamed the optimizer for a third of the step.

    Args:
        loop: What to train.
        iterations: At least so many, in whole optimizer steps.
        path: Of the trace, ``.json.gz``.

    Returns:
        Iterations recorded, one ``ProfilerStep#`` each.
    """
    device = loop.setup.device
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    groups = loop.upcoming_groups(1 + -(-iterations // loop.setup.accumulation))
    warmup, recorded = groups[0], sum(groups[1:])
    with profile(
        activities=activities,
        schedule=schedule(wait=0, warmup=warmup, active=recorded, repeat=1),
        on_trace_ready=lambda finished: finished.export_chrome_trace(str(path)),
        record_shapes=device.type != "cpu",
        profile_memory=True,
    ) as profiler:
        finished = 0

        def end_iteration() -> None:
            nonlocal finished
            finished += 1
            if finished in (warmup, warmup + recorded):
                with marked(Phase.SYNC):
                    wait_for(device)
            profiler.step()

        for _ in groups:
            optimizer_step(loop, marked, end_iteration)
    return recorded
