"""Does annt-prof's timed step take as long as a loop that one writes by hand?

    python benchmarks/fidelity.py [SCENARIO] [--device {cpu,cuda}] [--launches N] [--rounds N]
                                  [--iterations N] [--set KEY=VALUE]

The scenario's baseline runs in annt-prof's own worker. Beside it, in a process forked from the
same server, runs a bare loop written here with torch alone: the same model, data set and
optimizer, and nothing of annt-prof in its loop. The two take turns in shuffled order, and every few
rounds fresh processes take over, as in a run. Printed are the paired ratio of their step times,
with its 95 % interval over launches, and an A/A pair of two bare loops, which shows what the
machine itself allows to be seen.

A step time is a window's wall time over its iterations. On a device the bare loop waits for it as
a window begins and ends, and nowhere between, as one does in a notebook; a window must be long
enough for that to weigh nothing. Without a scenario of yours the step is one for the device: see
``ON_DEVICE``.

Supports SGD, Adam and AdamW, with a constant or a one-cycle rate, and no clipping.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for benchmarks

from annt_prof.loop.messages import Assignment
from annt_prof.loop.starting import start_training, start_training_server
from annt_prof.plan import BASELINE, Variant
from annt_prof.scenario.loading import load
from annt_prof.windows.messages import Built, Prepared, TimedReply, TimedRequest, WarmRequest
from benchmarks.intervals import interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.scenario.schema import Scenario
    from annt_prof.workers.process import Worker

SCENARIO = Path(__file__).resolve().parent.parent / "scenarios" / "resnet50_digits.yaml"
ON_DEVICE = ("model.name=resnet18", "dataset.name=synthetic", "dataset.augmentation=[]",
             "dataset.batch_size=256", "dataset.workers=0")  # fmt: skip
"""A step of about 10 ms on a large device: short enough that a host that dawdles would show."""

CONTENDERS = ("annt-prof", "bare", "bare again")


@dataclass(frozen=True)
class Shape:
    """How much is measured; one window of each contender is a round."""

    launches: int
    rounds: int
    iterations: int
    switch_in: int


ON_CPU_SHAPE = Shape(launches=8, rounds=4, iterations=6, switch_in=1)
ON_DEVICE_SHAPE = Shape(launches=5, rounds=1, iterations=400, switch_in=8)
"""Long windows rather than many: the bare one begins with an idle device, so its first batch is
loaded and copied before anything runs, while annt-prof's first event comes in mid-flow. That is 3
to 5 ms of a window, which is 0.1 % of 400 iterations and was half a percent of 80."""


def bare_loop(connection: Any, scenario: Scenario, device_type: str) -> None:
    """What a careful person writes in a notebook; answers requests for windows."""
    import torch
    from torch.utils.data import DataLoader

    from annt_prof.workload.datasets import make_dataset
    from annt_prof.workload.models import make_model

    device = torch.device(device_type)
    torch.manual_seed(scenario.seed)
    data = make_dataset(scenario.dataset, train=True, data_dir=None)
    loader = DataLoader(
        data.dataset,
        batch_size=scenario.dataset.batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=scenario.dataset.workers,
    )
    made = make_model(scenario.model, data.num_classes, scenario.dataset.image_size)
    model = made.model.to(device).train()
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
    scheduler, cycle = None, scenario.schedule.epochs * len(loader)
    if scenario.schedule.name == "one_cycle":
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, scenario.optimizer.lr, total_steps=cycle
        )
    criterion = torch.nn.CrossEntropyLoss()

    def forever() -> Any:
        while True:
            yield from loader

    batches = forever()

    def step() -> None:
        inputs, targets = next(batches)
        inputs, targets = inputs.to(device), targets.to(device)
        loss = criterion(model(inputs), targets)
        loss.backward()
        optimizer.step()
        # Where the product's step has it: after the copy, the device would wait for it.
        optimizer.zero_grad()
        if scheduler is not None and scheduler.last_epoch < cycle - 1:  # one more is refused
            scheduler.step()

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    for _ in range(scenario.window.warmup):
        step()
    wait()
    connection.send("ready")
    while (request := connection.recv()) is not None:
        switch_in, iterations = request
        for _ in range(switch_in):
            step()
        wait()
        began = time.perf_counter_ns()
        for _ in range(iterations):
            step()
        wait()
        connection.send((time.perf_counter_ns() - began) / iterations)


class Contender(Protocol):
    """Something that runs a window and tells its time per iteration, in nanoseconds."""

    def window(self, index: int, iterations: int, switch_in: int) -> float:
        """Run one."""

    def wait(self) -> None:
        """Wait until it is warmed up."""

    def end(self) -> None:
        """End its process."""


@dataclass
class Product:
    """annt-prof's own worker."""

    worker: Worker

    def wait(self) -> None:
        """Wait until it is built, and have it warmed up.

        Without a limit, and without iterations to look at: it is to take as many steps as the bare
        loops take before their first window.
        """
        built = self.worker.receive()
        assert isinstance(built, Built)
        self.worker.send(WarmRequest(limit_s=math.inf, look=0))
        prepared = self.worker.receive()
        assert isinstance(prepared, Prepared)

    def window(self, index: int, iterations: int, switch_in: int) -> float:
        """Run one timed window."""
        self.worker.send(
            TimedRequest(
                round=index, launch=0, position=0, iterations=iterations, switch_in=switch_in
            )
        )
        reply = self.worker.receive()
        assert isinstance(reply, TimedReply)
        return statistics.fmean(reply.window.step_ns)

    def end(self) -> None:
        """End its process."""
        self.worker.end()


@dataclass
class Bare:
    """A hand-written loop."""

    connection: Any
    process: Any

    def wait(self) -> None:
        """Wait until it is warmed up."""
        assert self.connection.recv() == "ready"

    def window(self, index: int, iterations: int, switch_in: int) -> float:
        """Run one window."""
        del index
        self.connection.send((switch_in, iterations))
        return self.connection.recv()

    def end(self) -> None:
        """End its process."""
        self.process.kill()
        self.process.join()


def start_bare(context: Any, scenario: Scenario, device_type: str) -> Bare:
    """Fork a bare loop from the same server as the worker."""
    ours, theirs = context.Pipe()
    process = context.Process(target=bare_loop, args=(theirs, scenario, device_type))
    process.start()
    theirs.close()
    return Bare(ours, process)


def assignment(scenario: Scenario, device_type: str, folder: Path) -> Assignment:
    """Return what annt-prof's worker is told to train: the baseline."""
    return Assignment(
        scenario, Variant(BASELINE, ()), device_type, None, folder, folder / "log",
        folder / "compiled",
    )  # fmt: skip


def launch(context: Any, assigned: Assignment, shape: Shape) -> Iterator[tuple[str, float]]:
    """Start fresh processes, yield each window's contender and time, and end the processes."""
    scenario, device_type = assigned.scenario, assigned.device_type
    started: tuple[Contender, ...] = (
        Product(start_training(context, assigned)),
        start_bare(context, scenario, device_type),
        start_bare(context, scenario, device_type),
    )
    contenders = dict(zip(CONTENDERS, started, strict=True))
    try:
        for contender in started:
            contender.wait()
        order = list(contenders)
        for index in range(shape.rounds):
            random.shuffle(order)
            for name in order:
                yield name, contenders[name].window(index, shape.iterations, shape.switch_in)
    finally:
        for contender in started:
            contender.end()


@dataclass(frozen=True)
class Comparison:
    """What was measured.

    Attributes:
        window_ns: Time per iteration of each contender's windows, in the order of rounds.
        shape: Of the measuring.
    """

    window_ns: dict[str, list[float]]
    shape: Shape

    def ratio(self, over: str, under: str = "bare") -> tuple[float, float, float]:
        """Return the ratio of two contenders' times with its 95 % interval over launches."""
        pairs = zip(self.window_ns[over], self.window_ns[under], strict=True)
        logs = [math.log(a / b) for a, b in pairs]
        rounds = self.shape.rounds
        launches = [logs[at : at + rounds] for at in range(0, len(logs), rounds)]
        return interval([statistics.fmean(each) for each in launches])


def read(path: Path, overrides: Sequence[str], *, accelerator: bool) -> Scenario:
    """Return the scenario as it takes effect on a CPU or on an accelerator."""
    return load(path, tuple(overrides)).resolve(accelerator=accelerator).scenario


def compare(scenario: Scenario, device_type: str, shape: Shape) -> Comparison:
    """Measure annt-prof's worker and two bare loops."""
    context = start_training_server(("torchvision",))
    windows: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with tempfile.TemporaryDirectory() as name:
        assigned = assignment(scenario, device_type, Path(name))
        for _ in range(shape.launches):
            for contender, ns in launch(context, assigned, shape):
                windows[contender].append(ns)
    return Comparison(windows, shape)


def main() -> None:
    """Run the comparison and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenario", nargs="?", type=Path)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--launches", type=int)
    parser.add_argument("--rounds", type=int, help="Of each launch.")
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--switch-in", type=int)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    given = parser.parse_args()
    on_device = given.device == "cuda"
    usual = ON_DEVICE_SHAPE if on_device else ON_CPU_SHAPE
    shape = Shape(
        given.launches or usual.launches,
        given.rounds or usual.rounds,
        given.iterations or usual.iterations,
        usual.switch_in if given.switch_in is None else given.switch_in,
    )
    for_device = ON_DEVICE if on_device and given.scenario is None else ()
    path = given.scenario or SCENARIO
    scenario = read(path, (*for_device, *given.overrides), accelerator=on_device)
    found = compare(scenario, given.device, shape)
    print(f"{path.name}, {scenario.model.name}, batch {scenario.dataset.batch_size}, "
          f"{given.device}, {os.cpu_count()} cores, {shape.launches} launches, {shape.rounds} "
          f"rounds of {shape.iterations} iterations each")  # fmt: skip
    for name in CONTENDERS:
        print(f"  {name:<11} median step {statistics.median(found.window_ns[name]) / 1e6:9.3f} ms")
    for over in ("annt-prof", "bare again"):
        ratio, low, high = found.ratio(over)
        print(f"  {over} / bare: {ratio:.4f}  95 % [{low:.4f}, {high:.4f}]")


if __name__ == "__main__":
    main()
