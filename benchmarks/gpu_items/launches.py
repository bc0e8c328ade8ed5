"""What a process of one variant costs: seconds until it is warmed up, and device memory."""

from __future__ import annotations

import dataclasses
import multiprocessing
import time
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items import sizing
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from benchmarks.gpu_items.reporting import Task

ITEMS = (
    Item(
        "launches", __name__, "seconds per launch, memory per context",
        (Owed.SHIPPED_SCENARIOS,), estimate_s=40, limit_s=120,
    ),
)  # fmt: skip
_TINY = ("model.name=resnet18", "dataset.batch_size=2", "dataset.image_size=8", "window.warmup=1")
_LAUNCHES = 3


def main() -> None:
    """Report both and keep them for the parts to come."""
    task, _ = task_of()
    launch_s, window_s = _launches(task)
    task.report(Reading("launch of one variant", launch_s, "s"))
    task.report(Reading("one timed window", window_s, "s"))
    found = dataclasses.replace(sizing.Sizing(), launch_s=launch_s, window_s=window_s)
    if task.on_device:
        context_bytes = _context_bytes()
        task.report(Reading("device memory of one context", context_bytes / 1e6, "MB"))
        found = dataclasses.replace(found, context_bytes=context_bytes)
    sizing.save(task.sizing, found)


def _launches(task: Task) -> tuple[float, float]:
    """Return the mean seconds of launches that follow one another, and of a window."""
    from annt_prof.loop.starting import start_training, start_training_server
    from benchmarks import fidelity

    given = _TINY if task.tiny else ()
    scenario = fidelity.read(fidelity.SCENARIO, given, accelerator=task.on_device)
    assigned = fidelity.assignment(scenario, task.device, task.scratch)
    context = start_training_server(("torchvision",))
    launched, windows = [], []
    for _ in range(1 if task.tiny else _LAUNCHES):
        began = time.monotonic()
        contender = fidelity.Product(start_training(context, assigned))
        contender.wait()
        launched.append(time.monotonic() - began)
        began = time.monotonic()
        contender.window(0, scenario.window.iterations, scenario.window.switch_in)
        windows.append(time.monotonic() - began)
        contender.end()
    # The first one fills caches that all later ones find.
    later = launched[1:] or launched
    return sum(later) / len(later), sum(windows) / len(windows)


def _context_bytes() -> int:
    """Return by how much free memory falls as another process touches the device."""
    import torch

    torch.cuda.init()
    torch.zeros(1, device="cuda")
    before, _ = torch.cuda.mem_get_info()
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_touch, args=(theirs,))
    process.start()
    ours.recv()
    after, _ = torch.cuda.mem_get_info()
    ours.send("enough")
    process.join()
    return before - after


def _touch(connection: Connection[Any, Any]) -> None:
    import torch

    torch.zeros(1, device="cuda")
    torch.cuda.synchronize()
    connection.send("touched")
    connection.recv()


if __name__ == "__main__":
    main()
