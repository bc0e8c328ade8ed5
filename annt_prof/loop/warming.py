"""The untimed iterations of a fresh process, and what they tell of those to come."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.loop.queues import drain, queue_capacity
from annt_prof.loop.step import optimizer_step
from annt_prof.windows.stopwatch import stopwatch_for, wait_for

if TYPE_CHECKING:
    from annt_prof.loop.step import Loop


@dataclass(frozen=True)
class Warmth:
    """What warming up took.

    Attributes:
        first_step_s: Of the very first optimizer step, in which a model is compiled.
        step_ns: Of later optimizer steps, per iteration; only those from an empty queue on where
            there are loader processes.
    """

    first_step_s: float
    step_ns: tuple[int, ...]


def warm_up(loop: Loop, warmup: int, limit_s: float, *, look: int = 0) -> Warmth:
    """Run the first iterations of a process.

    Where loader processes filled their queue meanwhile, it is emptied, and as many iterations as
    there are processes follow: after them training waits for data as it will for good, so that
    twice as many more tell how long a step takes.

    Args:
        loop: Nothing was run of it yet.
        warmup: Iterations, rounded up to optimizer steps; at least two optimizer steps are run.
        limit_s: Seconds after which no further one is begun, but for these two.
        look: Iterations to time at least, where the limit allows.
    """
    began = time.monotonic()
    done = optimizer_step(loop)
    wait_for(loop.setup.device)
    first_step_s = time.monotonic() - began
    _collect_garbage()
    if not queue_capacity(loop):
        told = max(warmup - done, look)
        return Warmth(first_step_s, _timed_steps(loop, told, began + limit_s))
    _timed_steps(loop, warmup - done, began + limit_s)
    drain(loop)
    workers = loop.setup.loader.num_workers
    _timed_steps(loop, workers, began + limit_s)
    return Warmth(first_step_s, _timed_steps(loop, max(2 * workers, look), began + limit_s))


def _collect_garbage() -> None:
    """Have the first full collection of this process behind it.

    It looks at all that imports left behind, 0.2 to 0.3 s, once a fresh process has allocated so
    many objects more: in the first windows of some variants, and of others in none. The next one
    comes when a quarter as many have been added, which training does not do.
    Source: Python's gc module, notes on the oldest generation.
    """
    gc.collect()


def _timed_steps(loop: Loop, iterations: int, until: float) -> tuple[int, ...]:
    """Run at least one optimizer step and return each one's time per iteration, ns."""
    stopwatch = stopwatch_for(loop.setup.device)
    stopwatch.mark()
    groups: list[int] = []
    while not groups or (sum(groups) < iterations and time.monotonic() < until):
        groups.append(optimizer_step(loop))
        stopwatch.mark()
    wait_for(loop.setup.device)
    laps_ns = stopwatch.laps_ns()
    return tuple(round(lap / group) for lap, group in zip(laps_ns, groups, strict=True))
