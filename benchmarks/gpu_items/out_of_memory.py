"""Out of memory in one variant, on a card of its own and beside a neighbour that fills it."""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
from typing import TYPE_CHECKING, Any

from benchmarks.gpu_items.commands import MEASURED_IN_PART, annt_prof
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.plug_in import install
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import ONE_OF_ITS_KIND, Item, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from benchmarks.gpu_items.reporting import Task


def _item(place: str, title: str) -> Item:
    return Item(
        f"out_of_memory_{place}", __name__, title, (Owed.OUT_OF_MEMORY,),
        estimate_s=45, limit_s=120, arguments=(place,),
        not_rehearsed="" if place == "neighbour" else ONE_OF_ITS_KIND,
    )  # fmt: skip


ITEMS = (
    _item("alone", "one variant asks for more memory than there is"),
    _item("neighbour", "the same while a neighbour holds most of the card"),
)
_HOARD = """
from dataclasses import dataclass, field

import torch

from annt_prof.categories import Category
from annt_prof.techniques.technique import Signature, Technique


@dataclass(frozen=True)
class HoardOptions:
    gigabytes: int = field(default=1, metadata={"description": "Held, in GB."})

    def apply(self, setup):
        setup.hoard = torch.empty(self.gigabytes * 10**9, dtype=torch.uint8, device=setup.device)


HOARD = Technique(
    name="hoard", summary="holds memory", options=HoardOptions,
    obstacle=lambda options, machine: None,
    signature=Signature((Category.FORWARD,), (), (), "it cannot save anything"),
    mathematics="nothing", source="benchmarks/gpu_items/out_of_memory.py",
)
"""
_MORE_THAN_THERE_IS_GB = 10_000_000
_LEFT_GB = 9
"""The neighbour leaves so much: about 70 GB are held of a card of 80."""

_ASKED_BESIDE_GB = 20
"""Fits an empty card and not what the neighbour leaves."""


def main() -> None:
    """Report how each variant ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("place", choices=("alone", "neighbour"))
    task, given = task_of(parser)
    beside = given.place == "neighbour"
    gigabytes = _ASKED_BESIDE_GB if beside and task.on_device else _MORE_THAN_THERE_IS_GB
    environment = install(task.scratch, "hoarding", _HOARD, {"hoard": "HOARD"})
    path = task.scratch / "hoarding.yaml"
    path.write_text(json.dumps(_scenario(task, gigabytes)))
    with _neighbour(task) if beside else contextlib.nullcontext(0) as held:
        answer = annt_prof(
            "run", path, "--device", task.device, "--json", folder=task.scratch,
            environment=environment,
        )  # fmt: skip
    if beside:
        task.report(Reading("held by the neighbour", held / 1e9, "GB"))
    task.report(Reading("exit status", answer.status, trouble=answer.trouble(MEASURED_IN_PART)))
    for variant in answer.document.get("variants", ()):
        wanted = "out_of_memory" if "hoard" in variant["techniques"] else "measured"
        status, reason = variant["status"], variant["reason"]
        trouble = "" if status == wanted else f"{status} and not {wanted}: {reason}"
        task.report(Reading(f"{variant['name']}: {status}", note=reason or "", trouble=trouble))


def _scenario(task: Task, gigabytes: int) -> dict[str, Any]:
    size, batch = (8, 2) if task.tiny else (32, 64)
    return {
        "name": "hoarding",
        "model": {"source": "torchvision", "name": "resnet18", "stem": "cifar"},
        "dataset": {"name": "synthetic", "image_size": size, "batch_size": batch},
        "techniques": {"hoard": {"gigabytes": gigabytes}},
        "window": {
            "warmup": 1, "iterations": 2, "switch_in": 1, "rounds": 2, "rounds_per_launch": 1,
            "min_launches": 2, "time_budget_s": 10, "traced_iterations": 1,
        },
    }  # fmt: skip


@contextlib.contextmanager
def _neighbour(task: Task) -> Iterator[int]:
    """Let another process hold memory; yields its bytes."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_hold, args=(theirs, task.device), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv()
    finally:
        process.kill()
        process.join()


def _hold(connection: Connection[Any, Any], device: str) -> None:
    import torch

    size = 10**8
    if device == "cuda":
        free, _ = torch.cuda.mem_get_info()
        size = max(free - _LEFT_GB * 10**9, 0)
    held = torch.empty(size, dtype=torch.uint8, device=device)
    connection.send(held.numel())
    connection.recv()


if __name__ == "__main__":
    main()
