"""Is a training that waits for its loader measured as one that does?

    python benchmarks/loader_bound.py [--workers 0 1 2 4] [--budget-s 30] [--device {cpu,cuda}]

A data set that sleeps for each sample, with no, one, two and four loader processes: of several,
batches arrive in bursts. Printed are the step time and the traced ``data_loading`` of ``annt-prof
run`` beside a bare loop over a ``DataLoader``: its wall clock over its iterations, and how long it
waited for batches, both over iterations in which each process has had its turn equally often and
no queue that filled before is left. ``annt-prof`` tells the wait twice: of its timed windows, and
of the traced one, in which what the profiler costs is waited less. Then what annt-prof says of
``amp`` there, which cannot help.

The limits, on an idle machine: step time within 3 %, waits within 10 %. Past one, the exit status
is 1.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for benchmarks

from benchmarks.answers import answer

STEP_SHARE, WAIT_SHARE = 0.03, 0.1
BATCH, SLEEP_S, FORWARD_S = 16, 0.005, 0.010
_PREFETCHED = 2  # batches of each process, torch's default
_ITERATIONS = 40  # at least so many
_MODULE = f"""
import time

import torch


class Sleeping(torch.utils.data.Dataset):
    num_classes = 10

    def __len__(self):
        return 100_000

    def __getitem__(self, index):
        time.sleep({SLEEP_S})
        return torch.zeros(8), index % 10


class Net(torch.nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.linear = torch.nn.Linear(8, num_classes)

    def forward(self, inputs):
        time.sleep({FORWARD_S})
        return self.linear(inputs)
"""


@dataclass(frozen=True)
class Truth:
    """Of the bare loop, in seconds per iteration."""

    step_s: float
    waited_s: float


@dataclass(frozen=True)
class Told:
    """What annt-prof says of the baseline, in seconds per iteration, and of ``amp``."""

    step_s: float
    waited_s: float
    traced_s: float
    verdict: str
    reason: str


def bare(folder: Path, workers: int, device_name: str) -> Truth:
    """Train by hand."""
    import torch

    sys.path.insert(0, str(folder))
    import sleeping_work

    torch.manual_seed(0)
    torch.set_num_threads(1)
    device = torch.device(device_name)
    loader = torch.utils.data.DataLoader(
        sleeping_work.Sleeping(), BATCH, shuffle=True, drop_last=True, num_workers=workers
    )
    model = sleeping_work.Net().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    batches = iter(loader)
    turns = max(workers, 1)
    before = turns * _PREFETCHED + turns
    counted = math.ceil(_ITERATIONS / turns) * turns
    waited_s = began = 0.0
    for number in range(before + counted):
        if number == before:
            waited_s, began = 0.0, time.perf_counter()
        asked = time.perf_counter()
        inputs, targets = next(batches)
        waited_s += time.perf_counter() - asked
        loss = torch.nn.functional.cross_entropy(model(inputs.to(device)), targets.to(device))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return Truth((time.perf_counter() - began) / counted, waited_s / counted)


def scenario(workers: int, budget_s: float) -> dict[str, Any]:
    """Return the same for annt-prof, with ``amp`` beside it."""
    return {
        "name": "loader_bound",
        "model": {"source": "python", "name": "sleeping_work:Net"},
        "dataset": {"name": "sleeping_work:Sleeping", "batch_size": BATCH, "workers": workers},
        "optimizer": {"name": "sgd", "lr": 0.01},
        "techniques": {"amp": {}},
        "design": "alone",
        "window": {"time_budget_s": budget_s, "min_launches": 3},
    }


def measured(folder: Path, workers: int, budget_s: float, device: str) -> Told:
    """Measure with annt-prof, and let it explain.

    Raises:
        SystemExit: A command failed, or the run lost a variant, for the reasons that are told.
    """
    path, runs = folder / f"workers_{workers}.yaml", folder / f"runs_{workers}"
    path.write_text(json.dumps(scenario(workers, budget_s)))
    program = [sys.executable, "-m", "annt_prof"]
    # One thread, as in the bare loop: waking others after a sleep takes milliseconds.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = [*program, "run", path.name, "--device", device, "--runs-dir", runs, "--json"]
    document = answer(running, folder, environment)
    explaining = [*program, "explain", "--runs-dir", runs, "--json"]
    explanation = answer(explaining, folder, environment)
    baseline = next(each for each in document["variants"] if each["name"] == "baseline")
    (amp,) = explanation["techniques"]
    return Told(
        step_s=BATCH / baseline["throughput"],
        waited_s=baseline["waited_per_iteration_ns"] / 1e9,
        traced_s=baseline["breakdown_ns"]["data_loading"] / 1e9,
        verdict=amp["verdict"],
        reason=amp["reason"],
    )


def main() -> int:
    """Print one line for each number of loader processes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 4])
    parser.add_argument("--budget-s", type=float, default=30.0, help="Of each run.")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = parser.parse_args()
    past = 0
    print(f"{BATCH} samples a batch, {SLEEP_S * 1e3:g} ms of sleep each, "
          f"{FORWARD_S * 1e3:g} ms of forward, on {given.device}")  # fmt: skip
    print(f"{'workers':>7} {'step ms':>9} {'bare':>9} {'':>7} {'waits ms':>9} {'bare':>9} "
          f"{'':>7} {'traced':>9}")  # fmt: skip
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "sleeping_work.py").write_text(_MODULE)
        for workers in given.workers:
            truth = bare(folder, workers, given.device)
            told = measured(folder, workers, given.budget_s, given.device)
            step = told.step_s / truth.step_s - 1
            wait = told.waited_s / truth.waited_s - 1
            traced = told.traced_s / truth.waited_s - 1
            past += abs(step) > STEP_SHARE or max(abs(wait), abs(traced)) > WAIT_SHARE
            print(f"{workers:7} {told.step_s * 1e3:9.2f} {truth.step_s * 1e3:9.2f} {step:+7.1%} "
                  f"{told.waited_s * 1e3:9.2f} {truth.waited_s * 1e3:9.2f} {wait:+7.1%} "
                  f"{told.traced_s * 1e3:9.2f} {traced:+7.1%}\n"
                  f"        amp: {told.verdict}: {told.reason}", flush=True)  # fmt: skip
    return int(past > 0)


if __name__ == "__main__":
    sys.exit(main())
