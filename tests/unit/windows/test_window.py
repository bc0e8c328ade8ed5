"""Windows hold whole optimizer steps, and traced ones attribute what was injected."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch.utils.data import Dataset

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category
from annt_prof.loop.driving import run_steps, run_timed, run_traced
from annt_prof.loop.step import Loop
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.trace.reading import read
from annt_prof.windows.messages import TimedRequest, TracedRequest
from annt_prof.windows.stopwatch import HostStopwatch

CLOCKS_APART_NS = 20_000  # a trace's times are on another clock, and rounded


class Sleeper:
    """Sleeps and keeps for how long it really did, sleep by sleep."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.slept_ns: list[int] = []

    def __call__(self) -> None:
        began = time.monotonic_ns()
        time.sleep(self.seconds)
        self.slept_ns.append(time.monotonic_ns() - began)


class Samples(Dataset):
    """Eight features and a class; sleeps in ``__getitem__`` when told to."""

    def __init__(self, sleeper: Sleeper | None) -> None:
        self.sleeper = sleeper

    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if self.sleeper is not None:
            self.sleeper()
        return torch.full((8,), float(index)), index % 2


class Net(torch.nn.Module):
    def __init__(self, sleeper: Sleeper | None) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(8, 2)
        self.sleeper = sleeper

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        if self.sleeper is not None:
            self.sleeper()
        return self.linear(inputs)


def make_loop(
    *,
    accumulation: int = 1,
    in_dataset: Sleeper | None = None,
    in_forward: Sleeper | None = None,
    in_backward: Sleeper | None = None,
    in_optimizer: Sleeper | None = None,
) -> Loop:
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=Net(in_forward),
        criterion=torch.nn.functional.cross_entropy,
        dataset=Samples(in_dataset),
        loader=LoaderArguments(batch_size=2),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
        accumulation=accumulation,
    )
    loop = Loop(setup, seed=0)
    if in_backward is not None:
        setup.model.linear.weight.register_hook(lambda _: in_backward())
    if in_optimizer is not None:
        loop.optimizer.register_step_pre_hook(lambda *_: in_optimizer())
    return loop


@pytest.mark.parametrize("accumulation", [1, 2, 4])
def test_a_timed_window_holds_whole_optimizer_steps(accumulation: int) -> None:
    loop = make_loop(accumulation=accumulation)
    window = run_timed(loop, TimedRequest(round=3, launch=2, position=1, iterations=8, switch_in=3))
    switch_in = -(-3 // accumulation) * accumulation
    assert window.iterations == 8
    assert len(window.step_ns) == 8 // accumulation
    assert window.samples == (8 + switch_in) * 2
    assert (window.round, window.position) == (3, 1)
    lasted = window.ended_ns - window.started_ns
    assert sum(window.step_ns) * accumulation <= lasted
    assert window.wall_ns == pytest.approx(sum(window.step_ns) * accumulation, abs=8)
    assert window.wall_ns <= lasted
    assert window.first_iteration == switch_in


def test_a_window_within_an_epoch_holds_whole_groups_only() -> None:
    loop = make_loop(accumulation=3)  # 20 iterations an epoch: the last group has 2
    run_steps(loop, 15)
    window = run_timed(loop, TimedRequest(round=0, launch=0, position=0, iterations=6, switch_in=0))
    assert (window.iterations, len(window.step_ns)) == (6, 2)


def test_a_window_of_whole_epochs_begins_and_ends_with_one() -> None:
    loop = make_loop(accumulation=3)
    run_steps(loop, 4)
    request = TimedRequest(0, 0, 0, iterations=40, switch_in=3, at_epoch=True)
    window = run_timed(loop, request)
    assert (window.iterations, len(window.step_ns)) == (40, 14)
    assert loop.batches.between_epochs


def test_a_host_stopwatch_counts_laps() -> None:
    stopwatch = HostStopwatch()
    for _ in range(3):
        stopwatch.mark()
    assert len(stopwatch.laps_ns()) == 2
    assert all(lap >= 0 for lap in stopwatch.laps_ns())


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute with one thread: waking torch's others after a sleep takes up to 6 ms here.

    That is time of the forward pass, and rightly found there, but it was not put in.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


PLACES = {
    "in_dataset": Category.DATA_LOADING,
    "in_forward": Category.FORWARD,
    "in_backward": Category.BACKWARD,
    "in_optimizer": Category.OPTIMIZER,
}


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("place", PLACES)
def test_injected_time_lands_in_its_category(place: str, tmp_path: Path) -> None:
    """20 ms a step of sleep is found, to 5 %, where it was injected and nowhere else.

    What is sought is how long each sleep really was, on the clock of this process. All of it is
    in its category in every step, however busy the machine. What another program takes of a core
    is rightly booked on the category that it interrupts, so what a category has beyond the sleep
    is judged by the step that was disturbed least.
    """
    sleeps_a_step = 2 if place == "in_dataset" else 1  # a batch has two samples
    sleeper = Sleeper(0.020 / sleeps_a_step)
    loop = make_loop(**{place: sleeper})
    run_steps(loop, 3)
    path = tmp_path / "trace.json.gz"
    recorded = run_traced(loop, TracedRequest(20, path))
    steps = break_down(Timeline(read(path))).steps
    assert len(steps) == recorded >= 20
    for step in steps:
        assert sum(step.by_category_ns.values()) == step.wall_ns
    slept = [sum(each) for each in batched(sleeper.slept_ns, sleeps_a_step)][-recorded:]
    beyond = {
        category: [
            step.by_category_ns[category] - (asleep if category is PLACES[place] else 0)
            for step, asleep in zip(steps, slept, strict=True)
        ]
        for category in PLACES.values()
    }
    assert min(beyond[PLACES[place]]) > -CLOCKS_APART_NS
    assert max(min(each) for each in beyond.values()) < 0.05 * min(slept)


def batched(values: list[int], size: int) -> list[list[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


@pytest.mark.parametrize("accumulation", [1, 3])
def test_a_traced_window_holds_whole_optimizer_steps(accumulation: int, tmp_path: Path) -> None:
    loop = make_loop(accumulation=accumulation)
    path = tmp_path / "trace.json.gz"
    iterations = run_traced(loop, TracedRequest(4, path))
    assert iterations == -(-4 // accumulation) * accumulation
    assert break_down(Timeline(read(path))).mean.num_steps == iterations


def test_a_step_that_fails_leaves_no_profiler_behind(tmp_path: Path) -> None:
    loop = make_loop(in_forward=FailingAt(4))  # of which two are recorded
    with pytest.raises(ArithmeticError) as failure:
        run_traced(loop, TracedRequest(4, tmp_path / "trace.json.gz"))
    assert not torch.autograd._profiler_enabled()
    assert failure.value.args  # whose traceback holds the window until here


class FailingAt:
    def __init__(self, call: int) -> None:
        self.left = call

    def __call__(self) -> None:
        assert torch.autograd._profiler_enabled() is (self.left <= 2)
        self.left -= 1
        if not self.left:
            raise ArithmeticError("no forward pass")
