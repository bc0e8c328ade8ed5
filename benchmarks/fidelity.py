"""Does annt-prof's timed step take as long as a loop that one writes by hand?

    python benchmarks/fidelity.py [SCENARIO] [--launches N] [--rounds N] [--iterations N]
                                  [--set KEY=VALUE]

The scenario's baseline runs in annt-prof's own worker. Beside it, in a process forked from the
same server, runs a bare loop written here with torch alone: the same model, data set and
optimizer, and nothing of annt-prof in its loop. The two take turns in shuffled order, and every few
rounds fresh processes take over, as in a run. Printed are the paired ratio of their step times,
with its 95 % interval over launches, and an A/A pair of two bare loops, which shows what the
machine itself allows to be seen.

Supports SGD, Adam and AdamW, with a constant or a one-cycle rate, and no clipping.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from annt_prof.explain.pairing import speedup
from annt_prof.plan import BASELINE, Variant
from annt_prof.runner.messages import Assignment, TimedReply, TimedRequest
from annt_prof.runner.process import Worker, fork_server, start_training
from annt_prof.runs.record import TimedWindow, VariantRecord
from annt_prof.scenario.loading import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.schema import Scenario


def bare_loop(connection: Any, scenario: Scenario) -> None:
    """What a careful person writes in a notebook; answers requests for windows."""
    import torch
    from torch.utils.data import DataLoader

    from annt_prof.workload.datasets import make_dataset
    from annt_prof.workload.models import make_model

    torch.manual_seed(scenario.seed)
    data = make_dataset(scenario.dataset, train=True, data_dir=None)
    loader = DataLoader(
        data.dataset,
        batch_size=scenario.dataset.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=scenario.dataset.workers,
    )
    model = make_model(scenario.model, data.num_classes, scenario.dataset.image_size).model.train()
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    extra = {}
    if scenario.optimizer.name == "sgd":
        extra = {
            "momentum": scenario.optimizer.momentum,
            "nesterov": scenario.optimizer.nesterov,
        }
    optimizer = kinds[scenario.optimizer.name](
        model.parameters(),
        lr=scenario.optimizer.lr,
        weight_decay=scenario.optimizer.weight_decay,
        **extra,
    )
    scheduler = None
    if scenario.schedule.name == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, scenario.optimizer.lr, total_steps=scenario.schedule.epochs * len(loader)
        )
    criterion = torch.nn.CrossEntropyLoss()

    def forever() -> Any:
        while True:
            yield from loader

    batches = forever()

    def step() -> None:
        inputs, targets = next(batches)
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        if scheduler is not None:
            scheduler.step()

    for _ in range(scenario.window.warmup):
        step()
    connection.send("ready")
    while (request := connection.recv()) is not None:
        switch_in, iterations = request
        for _ in range(switch_in):
            step()
        laps = []
        for _ in range(iterations):
            began = time.perf_counter_ns()
            step()
            laps.append(time.perf_counter_ns() - began)
        connection.send(laps)


class Contender(Protocol):
    """Something that runs a window and tells its median step, in nanoseconds."""

    def window(self, index: int, iterations: int, switch_in: int) -> int:
        """Run one."""


@dataclass
class Product:
    """annt-prof's own worker."""

    worker: Worker

    def window(self, index: int, iterations: int, switch_in: int) -> int:
        """Run one timed window."""
        self.worker.send(TimedRequest(index, 0, 0, iterations, switch_in))
        reply = self.worker.receive()
        assert isinstance(reply, TimedReply)
        return reply.window.median_ns


@dataclass
class Bare:
    """A hand-written loop."""

    connection: Any

    def window(self, index: int, iterations: int, switch_in: int) -> int:
        """Run one window."""
        del index
        self.connection.send((switch_in, iterations))
        return round(statistics.median(self.connection.recv()))


def start_bare(context: Any, scenario: Scenario) -> tuple[Bare, Any]:
    """Fork a bare loop from the same server as the worker."""
    ours, theirs = context.Pipe()
    process = context.Process(target=bare_loop, args=(theirs, scenario))
    process.start()
    assert ours.recv() == "ready"
    return Bare(ours), process


def launch(
    context: Any, assignment: Assignment, arguments: argparse.Namespace
) -> Iterator[tuple[str, int]]:
    """Start fresh processes, yield each window's contender and median, and end the processes."""
    worker = start_training(context, assignment)
    worker.receive()
    first, first_process = start_bare(context, assignment.scenario)
    second, second_process = start_bare(context, assignment.scenario)
    contenders: dict[str, Contender] = {
        "annt-prof": Product(worker), "bare": first, "bare again": second,
    }  # fmt: skip
    order = list(contenders)
    for index in range(arguments.rounds):
        random.shuffle(order)
        for name in order:
            yield name, contenders[name].window(index, arguments.iterations, arguments.switch_in)
    worker.end()
    for process in (first_process, second_process):
        process.kill()


def as_record(name: str, medians: list[int], batch_size: int, rounds: int) -> VariantRecord:
    """Give medians the shape that the product's own statistics take."""
    windows = tuple(
        TimedWindow(index, 0, 0, 0, (median,), 1, batch_size, median, index // rounds)
        for index, median in enumerate(medians)
    )
    return VariantRecord(name, (), "measured", windows=windows, samples_per_iteration=batch_size)


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", default="scenarios/resnet50_digits.yaml")
    parser.add_argument("--launches", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=4, help="Of each launch.")
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--switch-in", type=int, default=1)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    arguments = parser.parse_args()
    path = Path(arguments.scenario)
    scenario = load(path, arguments.overrides).resolve(accelerator=False).scenario

    context = fork_server(("torchvision",))
    medians: dict[str, list[int]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        assignment = Assignment(
            scenario, Variant(BASELINE, ()), "cpu", None, path.parent, folder / "log",
            folder / "compiled",
        )  # fmt: skip
        for _ in range(arguments.launches):
            for contender, median in launch(context, assignment, arguments):
                medians.setdefault(contender, []).append(median)

    records = {
        name: as_record(name, found, scenario.dataset.batch_size, arguments.rounds)
        for name, found in medians.items()
    }
    print(f"{path.name}, batch {scenario.dataset.batch_size}, {os.cpu_count()} cores, "
          f"{arguments.launches} launches, {arguments.rounds} rounds of {arguments.iterations} "
          "iterations each")  # fmt: skip
    for name, found in medians.items():
        print(f"  {name:<11} median step {statistics.median(found) / 1e6:9.3f} ms")
    for over in ("annt-prof", "bare again"):
        # speedup() is baseline over variant, so the bare loop stands in the variant's place.
        ratio = speedup(records[over], records["bare"])
        assert ratio is not None
        assert ratio.low is not None
        assert ratio.high is not None
        print(f"  {over} / bare: {ratio.ratio:.4f}  95 % [{ratio.low:.4f}, {ratio.high:.4f}]")


if __name__ == "__main__":
    main()
