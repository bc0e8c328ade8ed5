"""On a CUDA device: injected work is found where it was injected. Skips without one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import torch
from torch.utils.data import TensorDataset

from annt_prof.analysis.breakdown import break_down
from annt_prof.categories import Category
from annt_prof.runner.messages import TimedRequest
from annt_prof.runner.step import Loop
from annt_prof.runner.window import DeviceStopwatch, run_steps, run_timed, run_traced
from annt_prof.techniques.device_prefetch import DevicePrefetchOptions
from annt_prof.techniques.pin_memory import PinMemoryOptions
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.trace.reading import read

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def spin(milliseconds: float) -> None:
    """Keep the device busy, calibrated on the spot since clocks differ."""
    torch.cuda._sleep(int(spin.cycles_per_ms * milliseconds))


@pytest.fixture(autouse=True)
def calibrated() -> None:
    cycles = 100_000_000
    torch.cuda._sleep(cycles)
    torch.cuda.synchronize()
    stopwatch = DeviceStopwatch()
    stopwatch.mark()
    torch.cuda._sleep(cycles)
    stopwatch.mark()
    torch.cuda.synchronize()
    spin.cycles_per_ms = cycles / (stopwatch.laps_ns()[0] / 1e6)


class Net(torch.nn.Module):
    def __init__(self, device_ms: float = 0, host_s: float = 0) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(64, 4)
        self.device_ms = device_ms
        self.host_s = host_s

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.device_ms:
            spin(self.device_ms)
        if self.host_s:
            time.sleep(self.host_s)
        return self.linear(inputs.flatten(1)[:, :64])


def make_loop(model: Net, features: int = 64, samples: int = 64) -> Loop:
    device = torch.device("cuda")
    inputs = torch.randn(1, features).expand(samples, features)  # one row of memory
    setup = TrainingSetup(
        device=device,
        model=model.to(device),
        criterion=torch.nn.functional.cross_entropy,
        dataset=TensorDataset(inputs, torch.zeros(samples, dtype=torch.long)),
        loader=LoaderArguments(batch_size=16),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
    )
    return Loop(setup, seed=0)


def mean_of(loop: Loop, path: Path) -> dict[Category, int]:
    run_steps(loop, 3)
    run_traced(loop, 4, path)
    return break_down(read(path)).mean.by_category_ns


def test_a_spinning_kernel_in_forward_is_forward(tmp_path: Path) -> None:
    found = mean_of(make_loop(Net(device_ms=20)), tmp_path / "t.json.gz")
    assert found[Category.FORWARD] == pytest.approx(20e6, rel=0.03)


def test_host_sleep_in_forward_is_host_bound(tmp_path: Path) -> None:
    found = mean_of(make_loop(Net(host_s=0.02)), tmp_path / "t.json.gz")
    assert found[Category.HOST_BOUND] == pytest.approx(20e6, rel=0.1)
    assert found[Category.FORWARD] < 1e6


def test_a_spinning_kernel_in_the_optimizer_is_optimizer(tmp_path: Path) -> None:
    loop = make_loop(Net())
    loop.optimizer.register_step_pre_hook(lambda *_: spin(20))
    found = mean_of(loop, tmp_path / "t.json.gz")
    assert found[Category.OPTIMIZER] == pytest.approx(20e6, rel=0.03)


def test_pinning_lets_copies_overlap(tmp_path: Path) -> None:
    features = 1_000_000  # 64 MB a batch
    pageable = make_loop(Net(), features)
    pinned = make_loop(Net(), features)
    PinMemoryOptions().apply(pinned.setup)
    pinned = Loop(pinned.setup, seed=0)
    before = mean_of(pageable, tmp_path / "pageable.json.gz")[Category.H2D_COPY]
    after = mean_of(pinned, tmp_path / "pinned.json.gz")[Category.H2D_COPY]
    assert after < before


def test_prefetched_copies_run_under_the_step_before(tmp_path: Path) -> None:
    features, samples = 1_000_000, 960  # 64 MB a batch; an epoch that outlasts the windows
    exposed = {}
    for options in (PinMemoryOptions(), DevicePrefetchOptions()):
        loop = make_loop(Net(device_ms=20), features, samples)
        options.apply(loop.setup)
        loop = Loop(loop.setup, seed=0)
        run_steps(loop, 3)
        path = tmp_path / f"{type(options).__name__}.json.gz"
        run_traced(loop, 4, path)
        mean = break_down(read(path)).mean
        shown = mean.by_category_ns[Category.H2D_COPY]
        hidden = mean.hidden_ns.get(Category.H2D_COPY, 0)
        exposed[type(options)] = shown / (shown + hidden)
    assert exposed[PinMemoryOptions] > 0.9
    assert exposed[DevicePrefetchOptions] < 0.5


def test_a_timed_window_measures_the_device_and_not_the_dispatch() -> None:
    loop = make_loop(Net(device_ms=20))
    run_steps(loop, 3)
    window = run_timed(loop, TimedRequest(0, 0, 0, iterations=4, switch_in=2))
    assert window.per_iteration_ns == pytest.approx(20e6, rel=0.05)
