"""On a CUDA device: injected work is found where it was injected. Skips without one."""

from __future__ import annotations

import time
from statistics import fmean
from typing import TYPE_CHECKING

import pytest
import torch
from profiles import read_profile
from torch.utils.data import TensorDataset

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import PHASE_PREFIX, Category, Phase
from annt_prof.loop.driving import run_steps, run_timed, run_traced
from annt_prof.loop.step import Loop
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.techniques.shipped.device_prefetch import DevicePrefetchOptions
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions
from annt_prof.trace.reading import read
from annt_prof.windows.messages import TimedRequest, TracedRequest
from annt_prof.windows.stopwatch import DeviceStopwatch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


RECORDED = 4  # iterations of a traced window


class Spin:
    """Keeps the device busy, and takes the time of it with events around each spin.

    Clocks move, with a profiler's start above all, so that cycles which were timed before it are
    no measure of what a spin took under it.
    """

    def __init__(self, milliseconds: float) -> None:
        self._cycles = int(cycles_per_ms() * milliseconds)
        self._watches: list[DeviceStopwatch] = []

    def __call__(self, *_: object) -> None:
        watch = DeviceStopwatch()
        watch.mark()
        torch.cuda._sleep(self._cycles)
        watch.mark()
        self._watches.append(watch)

    def mean_ns(self, last: int) -> float:
        torch.cuda.synchronize()
        return fmean(watch.laps_ns()[0] for watch in self._watches[-last:])


def cycles_per_ms() -> float:
    """Only about, so that a spin is about as long as it is meant to be."""
    cycles = 100_000_000
    torch.cuda._sleep(cycles)
    torch.cuda.synchronize()
    stopwatch = DeviceStopwatch()
    stopwatch.mark()
    torch.cuda._sleep(cycles)
    stopwatch.mark()
    torch.cuda.synchronize()
    return cycles / (stopwatch.laps_ns()[0] / 1e6)


class Net(torch.nn.Module):
    def __init__(self, spin: Spin | None = None, host_s: float = 0) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(64, 4)
        self.spin = spin
        self.host_s = host_s

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.spin is not None:
            self.spin()
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
    assert run_traced(loop, TracedRequest(RECORDED, path)) == RECORDED
    return break_down(Timeline(read(path))).mean.by_category_ns


def test_a_spinning_kernel_in_forward_is_forward(tmp_path: Path) -> None:
    spin = Spin(20)
    found = mean_of(make_loop(Net(spin)), tmp_path / "t.json.gz")
    assert found[Category.FORWARD] == pytest.approx(spin.mean_ns(RECORDED), rel=0.03)


def test_host_sleep_in_forward_is_host_bound(tmp_path: Path) -> None:
    # The device waits for a host that only dispatches so small a step, too: for 2.4 ms of it.
    before = mean_of(make_loop(Net()), tmp_path / "before.json.gz")
    found = mean_of(make_loop(Net(host_s=0.02)), tmp_path / "t.json.gz")
    added_ns = found[Category.HOST_BOUND] - before[Category.HOST_BOUND]
    assert added_ns == pytest.approx(20e6, rel=0.1)
    assert found[Category.FORWARD] < 1e6


def test_a_spinning_kernel_in_the_optimizer_is_optimizer(tmp_path: Path) -> None:
    spin = Spin(20)
    loop = make_loop(Net())
    loop.optimizer.register_step_pre_hook(spin)
    found = mean_of(loop, tmp_path / "t.json.gz")
    assert found[Category.OPTIMIZER] == pytest.approx(spin.mean_ns(RECORDED), rel=0.03)


def test_a_pinned_copy_holds_no_host_up(tmp_path: Path) -> None:
    """The host waits in each copy from pageable memory, and in none from pinned memory.

    In one stream nothing overlaps, and pinned copies are faster even where the host waits for
    them; so it is the waiting that is looked for.
    """
    waits = []
    for options in (None, PinMemoryOptions()):
        loop = make_loop(Net(), features=1_000_000)  # 64 MB a batch
        if options is not None:
            options.apply(loop.setup)
            loop = Loop(loop.setup, seed=0)
        path = tmp_path / "t.json.gz"
        found = mean_of(loop, path)
        assert found[Category.H2D_COPY] > 1e5  # at most 640 GB/s
        profile = read_profile(path)
        copies = [each for each in profile.copies_to_device() if each["args"]["bytes"] > 1e6]
        memory = "Pageable" if options is None else "Pinned"
        assert len(copies) >= RECORDED
        assert all(memory in each["name"] for each in copies)
        waits.append(profile.within(f"{PHASE_PREFIX}{Phase.H2D_COPY}", "Synchronize"))
    assert waits[0] >= 2 * RECORDED  # inputs and targets
    assert waits[1] == 0


def test_prefetched_copies_run_under_the_step_before(tmp_path: Path) -> None:
    features, samples = 1_000_000, 960  # 64 MB a batch; an epoch that outlasts the windows
    exposed = {}
    for options in (PinMemoryOptions(), DevicePrefetchOptions()):
        loop = make_loop(Net(Spin(20)), features, samples)
        options.apply(loop.setup)
        loop = Loop(loop.setup, seed=0)
        run_steps(loop, 3)
        path = tmp_path / f"{type(options).__name__}.json.gz"
        run_traced(loop, TracedRequest(4, path))
        mean = break_down(Timeline(read(path))).mean
        shown = mean.by_category_ns[Category.H2D_COPY]
        hidden = mean.hidden_ns.get(Category.H2D_COPY, 0)
        exposed[type(options)] = shown / (shown + hidden)
    assert exposed[PinMemoryOptions] > 0.9
    assert exposed[DevicePrefetchOptions] < 0.5


def test_a_timed_window_measures_the_device_and_not_the_dispatch() -> None:
    spin = Spin(20)
    loop = make_loop(Net(spin))
    run_steps(loop, 3)
    window = run_timed(loop, TimedRequest(0, 0, 0, iterations=4, switch_in=2))
    assert window.per_iteration_ns == pytest.approx(spin.mean_ns(window.iterations), rel=0.05)
