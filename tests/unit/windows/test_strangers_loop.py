"""A loop that annt-prof did not write drives the same windows: it advances them at each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.runs.record import TimedWindow
from annt_prof.trace.reading import read
from annt_prof.windows.messages import TimedRequest, TracedRequest
from annt_prof.windows.timed import timed_window
from annt_prof.windows.traced import traced_window
from annt_prof.windows.training import TracedSteps, Window


class Stranger:
    """Their training, of which an iteration is known to have ended, and little else."""

    device = torch.device("cpu")
    batch_size = 2

    def __init__(self) -> None:
        self.iterations = 0
        self.waited_ns = 0
        self.model = torch.nn.Linear(8, 2)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)

    def approach_timed(self, switch_in: int, _iterations: int, *, at_epoch: bool) -> int:
        assert not at_epoch
        return switch_in

    def approach_traced(self, request: TracedRequest) -> TracedSteps:
        return TracedSteps((1,) * request.unrecorded, (1,) * request.iterations, drains=False)

    def drain(self) -> None:
        raise AssertionError("nothing of theirs is thrown away")

    def train(self, windows: Iterator[Window[object]], steps: int) -> list[object]:
        """Their loop, with windows one after the other; returns what those told that ended."""
        told, window = [], next(windows)
        end_iteration = next(window)
        for _ in range(steps):
            self.optimizer.zero_grad()
            self.model(torch.ones(self.batch_size, 8)).sum().backward()
            self.optimizer.step()
            self.iterations += 1
            self.waited_ns += 7
            if end_iteration is not None:
                end_iteration()
            try:
                end_iteration = next(window)
            except StopIteration as over:
                told.append(over.value)
                window = next(windows)
                end_iteration = next(window)
        window.close()
        return told


def timed(stranger: Stranger) -> Iterator[Window[TimedWindow]]:
    while True:
        yield timed_window(
            stranger, TimedRequest(round=5, launch=1, position=2, iterations=4, switch_in=2)
        )


def test_timed_windows_hold_their_steps_and_no_others() -> None:
    stranger = Stranger()
    first, second = stranger.train(timed(stranger), 13)
    assert (first.dropped, first.iterations, first.samples) == (2, 4, 12)
    assert (first.round, first.launch, first.position) == (5, 1, 2)
    assert len(first.step_ns) == 4
    assert sum(first.step_ns) == first.wall_ns <= first.ended_ns - first.started_ns
    assert [window.first_iteration for window in (first, second)] == [2, 8]
    assert first.waited_ns == 4 * 7


def test_a_traced_window_has_a_profiler_step_for_each_recorded_one(tmp_path: Path) -> None:
    stranger = Stranger()
    path = tmp_path / "trace.json.gz"
    windows = iter([traced_window(stranger, TracedRequest(3, path, unrecorded=2)), idle()])
    assert stranger.train(windows, 5) == [3]
    assert break_down(Timeline(read(path))).mean.num_steps == 3


def idle() -> Window[None]:
    while True:
        yield None


def test_a_window_that_is_left_leaves_no_profiler_behind(tmp_path: Path) -> None:
    stranger = Stranger()
    left = traced_window(stranger, TracedRequest(3, tmp_path / "trace.json.gz", unrecorded=2))
    for steps in range(4):
        assert torch.autograd._profiler_enabled() is (steps >= 2)
        next(left)()
    left.close()
    assert not torch.autograd._profiler_enabled()
