"""Windows: a whole number of optimizer steps, timed without a profiler or traced with one."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from torch.profiler import ProfilerActivity, profile, schedule

from annt_prof.categories import Phase
from annt_prof.loop.queues import drain, queue_capacity
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.runs.record import TimedWindow
from annt_prof.windows.loaders import loaders_paused
from annt_prof.windows.phases import marked
from annt_prof.windows.stopwatch import stopwatch_for, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.windows.messages import TimedRequest


def run_steps(loop: Loop, iterations: int) -> int:
    """Run whole optimizer steps until at least ``iterations`` are done; return how many were."""
    done = 0
    while done < iterations:
        done += optimizer_step(loop)
    return done


def arrive(loop: Loop, switch_in: int, iterations: int, *, at_epoch: bool) -> int:
    """Come to where a window begins, with its switch-in behind; return the iterations done.

    Args:
        loop: What to train.
        switch_in: Iterations to run before the window, in whole optimizer steps.
        iterations: Of the window.
        at_epoch: Whether the window begins with an epoch. The switch-in is then an epoch of its
            own, cut short. Otherwise the window lies within an epoch, in whose middle every group
            is whole and no loader starts, if an epoch is that long.
    """
    batches = loop.batches
    if at_epoch:
        if not batches.between_epochs:
            batches.end_epoch()
        if not switch_in:
            return 0
        batches.shorten_next(switch_in)
        return run_steps(loop, batches.remaining)
    if batches.remaining < switch_in + iterations:
        batches.end_epoch()
    return run_steps(loop, switch_in)


def run_timed(loop: Loop, request: TimedRequest) -> TimedWindow:
    """Run one timed window.

    Switch-in iterations run first, in whole optimizer steps, and are dropped: caches and clocks
    belong to the variant before. The device is waited for at the two ends only.
    """
    device = loop.setup.device
    stopwatch = stopwatch_for(device)
    wait_for(device)
    started_ns = time.monotonic_ns()
    dropped = arrive(loop, request.switch_in, request.iterations, at_epoch=request.at_epoch)
    first, waited_ns = loop.iterations, loop.batches.waited_ns
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
        wall_ns=sum(laps_ns),
        launch=request.launch,
        first_iteration=first,
        waited_ns=loop.batches.waited_ns - waited_ns,
        dropped=dropped,
    )


def run_traced(
    loop: Loop, iterations: int, path: Path, *, unrecorded: int = 1, at_epoch: bool = False
) -> int:
    """Run one window under ``torch.profiler`` and write its trace.

    Some iterations run unrecorded, since the first ones under the profiler pay for its start. The
    device is waited for before the recorded steps and inside the last one, so that all work of
    these steps, and no other, lies within them.

    Loader processes stand still while the profiler starts, which takes seconds where there is a
    device. The first optimizer step under it is slow too, so their queue is emptied after that
    one: from a full queue more iterations than these run without waiting for data, whatever
    training does.

    Without an accelerator the shapes of inputs are not recorded. What the profiler keeps for
    them lies between the tensors on the host's heap, so that freed tensors leave holes too small
    for the next ones and every step touches new pages: AdamW on ViT-B/16 then took 700 ms a step
    in place of 110 ms, and the trace blamed the optimizer for a third of the step.

    Args:
        loop: What to train.
        iterations: At least so many, in whole optimizer steps.
        path: Of the trace, ``.json.gz``.
        unrecorded: Iterations before them, at least, under the profiler, after its first step.
        at_epoch: Whether the recorded iterations begin with an epoch.

    Returns:
        Iterations recorded, one ``ProfilerStep#`` each.
    """
    device = loop.setup.device
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    warmup, recorded, drains = _groups_to_trace(loop, iterations, unrecorded, at_epoch=at_epoch)
    with contextlib.ExitStack() as stack:
        with loaders_paused():
            profiler = stack.enter_context(
                profile(
                    activities=activities,
                    schedule=schedule(wait=0, warmup=sum(warmup), active=sum(recorded), repeat=1),
                    on_trace_ready=lambda finished: finished.export_chrome_trace(str(path)),
                    record_shapes=device.type != "cpu",
                    profile_memory=True,
                )
            )
        finished = 0

        def end_iteration() -> None:
            nonlocal finished
            finished += 1
            if finished in (sum(warmup), sum(warmup) + sum(recorded)):
                with marked(Phase.SYNC):
                    wait_for(device)
                with loaders_paused():
                    profiler.step()
            else:
                profiler.step()

        for number, _ in enumerate((*warmup, *recorded)):
            if drains and number == 1:
                drain(loop)
            optimizer_step(loop, marked, end_iteration)
    return sum(recorded)


def _groups_to_trace(
    loop: Loop, iterations: int, unrecorded: int, *, at_epoch: bool
) -> tuple[list[int], list[int], bool]:
    """Come to where a traced window begins.

    Returns:
        Its groups, unrecorded and recorded ones, and whether the queue is to be emptied after the
        first: not where the recorded ones begin with an epoch and so with an empty queue.
    """
    batches, first = loop.batches, loop.setup.accumulation
    if at_epoch:
        arrive(loop, 0, iterations, at_epoch=True)
        batches.shorten_next(max(1, unrecorded))
        warmup, recorded = loop.upcoming_groups(batches.remaining, iterations)
        return warmup, recorded, False
    needed = first + queue_capacity(loop) + unrecorded + iterations
    if batches.remaining < needed:
        batches.end_epoch()
    warmup, recorded = loop.upcoming_groups(first + unrecorded, iterations)
    return warmup, recorded, batches.remaining >= needed
