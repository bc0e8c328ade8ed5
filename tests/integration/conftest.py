"""A tiny scenario of the user's own, and a way to run the real command on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from interruptible import heed_interrupts

SCENARIO = """\
name: tiny
model:
  source: python
  name: tiny_work:Net
dataset:
  name: tiny_work:samples
  batch_size: 4
optimizer: {name: sgd, lr: 0.01}
techniques:
  amp: {dtype: bfloat16}
  gradient_accumulation: {steps: 2}
  pin_memory:
window:
  warmup: 2
  iterations: 4
  switch_in: 2
  rounds: 3
  min_launches: 2
  time_budget_s: 90  # which three rounds end, on a busy machine too
  traced_iterations: 2
"""

MODULE = """\
import os
import signal

import torch
from torch.utils._python_dispatch import _get_current_dispatch_mode


def samples():
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(64, 3, 8, 8, generator=generator)
    return torch.utils.data.TensorDataset(inputs, torch.arange(64) % 10)


class Unpicklable(torch.utils.data.TensorDataset):
    num_classes = 10

    def __init__(self):
        super().__init__(*samples().tensors)
        self.transform = lambda inputs: inputs * 2

    def __getitem__(self, index):
        inputs, label = super().__getitem__(index)
        return self.transform(inputs), label


class Net(torch.nn.Module):
    def __init__(self, num_classes=10, trouble=None):
        super().__init__()
        self.linear = torch.nn.Linear(3 * 8 * 8, num_classes)
        self.trouble = trouble

    def forward(self, inputs):
        if self.trouble == "counting":
            if "flop_counter" in type(_get_current_dispatch_mode()).__module__:
                os.kill(os.getpid(), signal.SIGKILL)
        elif self.trouble and torch.is_autocast_enabled("cpu"):
            print("about to go wrong")
            if self.trouble == "raise":
                raise RuntimeError("the dog ate [bold]the[/bold] weights")
            if self.trouble == "memory":
                raise torch.OutOfMemoryError("tried to allocate 3.00 TiB")
            os.kill(os.getpid(), signal.SIGKILL)
        return self.linear(inputs.flatten(1))
"""


@dataclass(frozen=True)
class Outcome:
    """What a finished command left."""

    status: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.stdout)

    @property
    def variants(self) -> dict[str, dict[str, Any]]:
        return {variant["name"]: variant for variant in self.answer["variants"]}

    @property
    def run_directory(self) -> Path:
        (found,) = [p for p in (self.folder / "runs").iterdir() if p.is_dir()]
        return found


class Workbench:
    """A folder with the tiny scenario in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "tiny.yaml").write_text(SCENARIO)
        (folder / "tiny_work.py").write_text(MODULE)
        self.environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100"}

    def start(
        self, *arguments: str, prepare: Callable[[], None] = heed_interrupts
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "annt_prof", *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )

    def run(self, *arguments: str) -> Outcome:
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=300)
        return Outcome(process.returncode, stdout, stderr, self.folder)


def wait_until(holds: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for what a process is to bring about, for at most two minutes.

    Raises:
        AssertionError: It did not, or ended before.
    """
    deadline = time.monotonic() + 120
    while not holds():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < deadline, "it takes more than two minutes"
        time.sleep(0.02)


@pytest.fixture
def workbench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The tiny scenario, run once for all tests that only look at the result."""
    bench = Workbench(tmp_path_factory.mktemp("finished"))
    return bench.run("run", "tiny.yaml", "--json", "--device", "cpu")


@pytest.fixture
def recorded():
    """Return a function from a real trace's name to its path, where such traces are at hand."""

    def find(name: str) -> Path:
        path = Path(__file__).parents[3] / "shared" / "traces" / f"{name}.json.gz"
        if not path.exists():
            pytest.skip(f"no {path.name} beside the repository")
        return path

    return find
