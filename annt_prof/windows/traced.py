"""The traced window: a whole number of optimizer steps under ``torch.profiler``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from torch.profiler import ProfilerActivity, profile, schedule

from annt_prof.categories import Phase
from annt_prof.windows.loaders import loaders_paused
from annt_prof.windows.phases import marked
from annt_prof.windows.stopwatch import wait_for

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from annt_prof.windows.messages import TracedRequest
    from annt_prof.windows.training import TracedSteps, Training, Window


def traced_window(training: Training, request: TracedRequest) -> Window[int]:
    """Run one window under the profiler and write its trace.

    Some iterations run unrecorded, since the first ones under the profiler pay for its start. The
    device is waited for before the recorded steps and inside the last one, so that all work of
    these steps, and no other, lies within them.

    Loader processes stand still while the profiler starts, which takes seconds where there is a
    device. The first optimizer step under it is slow too, so their queue is emptied after that
    one: from a full queue more iterations than these run without waiting for data, whatever
    training does.

    Returns:
        Iterations recorded, one ``ProfilerStep#`` each.
    """
    steps = training.approach_traced(request)
    before, recorded = sum(steps.unrecorded), sum(steps.recorded)
    with contextlib.ExitStack() as stack:
        with loaders_paused():
            profiler = stack.enter_context(_profiler(training.device, steps, request.path))
        finished = 0

        def end_iteration() -> None:
            nonlocal finished
            finished += 1
            if finished in (before, before + recorded):
                with marked(Phase.SYNC):
                    wait_for(training.device)
                with loaders_paused():
                    profiler.step()
            else:
                profiler.step()

        for number, _ in enumerate((*steps.unrecorded, *steps.recorded)):
            if steps.drains and number == 1:
                training.drain()
            yield end_iteration
    return recorded


def _profiler(device: torch.device, steps: TracedSteps, path: Path) -> profile:
    """Return the profiler, which writes the trace once the recorded iterations are over.

    Without an accelerator the shapes of inputs are not recorded. What the profiler keeps for
    them lies between the tensors on the host's heap, so that freed tensors leave holes too small
    for the next ones and every step touches new pages: AdamW on ViT-B/16 then took 700 ms a step
    in place of 110 ms, and the trace blamed the optimizer for a third of the step.
    """
    activities = [ProfilerActivity.CPU]
    if device.type == "cuda":
        activities.append(ProfilerActivity.CUDA)
    return profile(
        activities=activities,
        schedule=schedule(
            wait=0, warmup=sum(steps.unrecorded), active=sum(steps.recorded), repeat=1
        ),
        on_trace_ready=lambda finished: finished.export_chrome_trace(str(path)),
        record_shapes=device.type != "cpu",
        profile_memory=True,
    )
