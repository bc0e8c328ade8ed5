"""Our driver of windows: it runs the training step, and shapes epochs so that windows fit in."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.loop.queues import drain, queue_capacity
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.windows.phases import marked, unmarked
from annt_prof.windows.timed import timed_window
from annt_prof.windows.traced import traced_window
from annt_prof.windows.training import TracedSteps

if TYPE_CHECKING:
    import torch

    from annt_prof.runs.record import TimedWindow
    from annt_prof.windows.messages import TimedRequest, TracedRequest
    from annt_prof.windows.phases import PhaseMarker
    from annt_prof.windows.training import ResultT, Window


def run_timed(loop: Loop, request: TimedRequest) -> TimedWindow:
    """Run one timed window."""
    return _drive(loop, timed_window(_Driven(loop), request), unmarked)


def run_traced(loop: Loop, request: TracedRequest) -> int:
    """Run one traced window, write its trace, and return how many iterations it recorded."""
    return _drive(loop, traced_window(_Driven(loop), request), marked)


def _drive(loop: Loop, window: Window[ResultT], phase: PhaseMarker) -> ResultT:
    """Run optimizer steps for as long as the window lasts."""
    with closing(window):  # a step that fails leaves no profiler behind
        while True:
            try:
                end_iteration = next(window)
            except StopIteration as over:
                return over.value  # type: ignore[no-any-return]
            optimizer_step(loop, phase, end_iteration)


def run_steps(loop: Loop, iterations: int) -> int:
    """Run whole optimizer steps until at least ``iterations`` are done; return how many were."""
    done = 0
    while done < iterations:
        done += optimizer_step(loop)
    return done


def arrive(loop: Loop, switch_in: int, iterations: int, *, at_epoch: bool) -> int:
    """Come to where a window can begin once its switch-in is done.

    Args:
        loop: What to train.
        switch_in: Iterations to run before the window, in whole optimizer steps.
        iterations: Of the window.
        at_epoch: Whether the window begins with an epoch. The switch-in is then an epoch of its
            own, cut short. Otherwise the window lies within an epoch, in whose middle every group
            is whole and no loader starts, if an epoch is that long.

    Returns:
        The iterations of switch-in from there on.
    """
    batches = loop.batches
    if at_epoch:
        if not batches.between_epochs:
            batches.end_epoch()
        if not switch_in:
            return 0
        batches.shorten_next(switch_in)
        return batches.remaining
    if batches.remaining < switch_in + iterations:
        batches.end_epoch()
    return switch_in


@dataclass(frozen=True)
class _Driven:
    """Our loop as windows see it."""

    loop: Loop

    @property
    def device(self) -> torch.device:
        return self.loop.setup.device

    @property
    def batch_size(self) -> int:
        return self.loop.setup.loader.batch_size

    @property
    def iterations(self) -> int:
        return self.loop.iterations

    @property
    def waited_ns(self) -> int:
        return self.loop.batches.waited_ns

    def approach_timed(self, switch_in: int, iterations: int, *, at_epoch: bool) -> int:
        return arrive(self.loop, switch_in, iterations, at_epoch=at_epoch)

    def approach_traced(self, request: TracedRequest) -> TracedSteps:
        """Drain the queue after the first step, unless the recorded steps begin with an epoch.

        They then begin with an empty queue.
        """
        loop, batches, first = self.loop, self.loop.batches, self.loop.setup.accumulation
        if request.at_epoch:
            arrive(loop, 0, request.iterations, at_epoch=True)
            batches.shorten_next(max(1, request.unrecorded))
            unrecorded, recorded = loop.upcoming_groups(batches.remaining, request.iterations)
            return TracedSteps(tuple(unrecorded), tuple(recorded), drains=False)
        needed = first + queue_capacity(loop) + request.unrecorded + request.iterations
        if batches.remaining < needed:
            batches.end_epoch()
        unrecorded, recorded = loop.upcoming_groups(first + request.unrecorded, request.iterations)
        return TracedSteps(tuple(unrecorded), tuple(recorded), drains=batches.remaining >= needed)

    def drain(self) -> None:
        drain(self.loop)
