"""The timed window: a whole number of optimizer steps without a profiler."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from annt_prof.runs.record import TimedWindow
from annt_prof.windows.stopwatch import stopwatch_for, wait_for

if TYPE_CHECKING:
    from annt_prof.windows.messages import TimedRequest
    from annt_prof.windows.training import Training, Window


def timed_window(training: Training, request: TimedRequest) -> Window[TimedWindow]:
    """Time one window.

    Switch-in iterations come first, in whole optimizer steps, and are dropped: caches and clocks
    belong to the variant before. The device is waited for at the two ends only.
    """
    device = training.device
    stopwatch = stopwatch_for(device)
    wait_for(device)
    started_ns, began = time.monotonic_ns(), training.iterations
    switch_in = training.approach_timed(
        request.switch_in, request.iterations, at_epoch=request.at_epoch
    )
    while training.iterations - began < switch_in:
        yield None
    first, waited_ns = training.iterations, training.waited_ns
    ends = [first]  # of optimizer steps, in iterations
    stopwatch.mark()
    while ends[-1] - first < request.iterations:
        yield None
        ends.append(training.iterations)
        stopwatch.mark()
    wait_for(device)
    ended_ns = time.monotonic_ns()
    laps_ns = stopwatch.laps_ns()
    groups = [end - start for start, end in itertools.pairwise(ends)]
    # An iteration's share of its optimizer step, so that accumulation does not alternate
    # between cheap iterations and dear ones.
    step_ns = tuple(round(lap / group) for lap, group in zip(laps_ns, groups, strict=True))
    return TimedWindow(
        round=request.round,
        position=request.position,
        started_ns=started_ns,
        ended_ns=ended_ns,
        step_ns=step_ns,
        iterations=ends[-1] - first,
        samples=(ends[-1] - began) * training.batch_size,
        wall_ns=sum(laps_ns),
        launch=request.launch,
        first_iteration=first,
        waited_ns=training.waited_ns - waited_ns,
        dropped=first - began,
    )
