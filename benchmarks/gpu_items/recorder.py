"""What the telemetry recorder costs a training beside it, and what it reads of a device."""

from __future__ import annotations

import csv
import math
import os
import time
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import (
    PRODUCT_NEEDS,
    Item,
    Reading,
    at_least,
    interval_holds,
    within,
)

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.gpu_items.reporting import Task

ITEMS = (
    Item(
        "recorder", __name__, "cost of the telemetry recorder", (Owed.NVML,), 50, 120,
        needs=(*PRODUCT_NEEDS, "pynvml", "sklearn"),
    ),
)  # fmt: skip
_PAIRS, _ITERATIONS, _SWITCH_IN = 12, 60, 5
_COST = 0.01
_LEAST_RATE = 20  # Hz


def main() -> None:
    """Report the ratio of windows with it and without, and its columns."""
    import torch

    from annt_prof.telemetry.sampler import Sampler
    from benchmarks.gpu_items import product
    from benchmarks.intervals import interval

    task, _ = task_of()
    device = torch.device(task.device)
    scenario = product.read_scenario(_scenario(task), task.scratch, accelerator=task.on_device)
    setup = product.build_setup(scenario, device)
    if task.on_device:
        product.switch_on("dataset_on_device", {}, setup)
    loop = product.Loop(setup, scenario.seed)
    product.run_steps(loop, 2 if task.tiny else 20)
    uuid = str(torch.cuda.get_device_properties(0).uuid) if task.on_device else None
    path = task.keep / "telemetry.csv"
    logs, note, sampled_s = [], "", 0.0
    iterations, switch_in = (3, 1) if task.tiny else (_ITERATIONS, _SWITCH_IN)
    for _ in range(2 if task.tiny else _PAIRS):
        without = product.timed_ns(loop, iterations, switch_in)
        sampler = Sampler.start(path, os.getpid(), task.on_device, uuid)
        note = sampler.note  # waits until it samples
        began = time.monotonic()
        beside = product.timed_ns(loop, iterations, switch_in)
        sampled_s += time.monotonic() - began
        sampler.stop()
        logs.append(math.log(beside / without))
    ratio, low, high = interval(logs)
    task.report(
        Reading(
            "step beside it over step without", ratio,
            expected=task.judged(within(1.0, _COST)), interval=(low, high), note=note,
        )
    )  # fmt: skip
    task.report(
        Reading(
            "the same, by its interval", ratio,
            expected=task.judged(interval_holds(1.0, _COST)), interval=(low, high),
        )
    )  # fmt: skip
    _report_columns(task, path, sampled_s)


def _scenario(task: Task) -> dict[str, Any]:
    """Return a step that no loader holds up: one that did made pairs differ by 4.5 %."""
    size, batch = (8, 2) if task.tiny else (32, 256)
    return {
        "name": "recorder",
        "model": {"source": "torchvision", "name": "resnet18", "stem": "cifar"},
        "dataset": {"name": "digits", "image_size": size, "batch_size": batch},
    }


def _report_columns(task: Task, path: Path, sampled_s: float) -> None:
    from annt_prof.telemetry import columns

    with path.open() as file:
        rows = [row for row in csv.DictReader(file) if row[columns.TIME_NS] != columns.TIME_NS]
    rate = len(rows) / sampled_s
    task.report(Reading("rows a second", rate, "Hz", task.judged(at_least(_LEAST_RATE))))
    for column in columns.DEVICE_COLUMNS:
        filled = sum(bool(row[column]) for row in rows)
        seen = sorted({row[column] for row in rows if row[column]}, key=float)
        shown = f"{seen[0]} to {seen[-1]}" if seen else "never"
        wanted = column in (columns.GPU_ENERGY_MILLIJOULES, columns.GPU_THROTTLE_BITS)
        expected = task.judged(at_least(1)) if wanted else None
        task.report(Reading(column, filled, "rows", expected, note=shown))


if __name__ == "__main__":
    main()
