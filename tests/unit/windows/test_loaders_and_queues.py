"""Neither timed nor traced windows run from a queue that filled while something else took long."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
import torch
from torch.utils.data import Dataset, get_worker_info

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category
from annt_prof.loop import worker
from annt_prof.loop.driving import run_steps, run_timed, run_traced
from annt_prof.loop.epoch_starts import epoch_start_ns
from annt_prof.loop.messages import Assignment
from annt_prof.loop.queues import drain, queue_capacity
from annt_prof.loop.step import Loop
from annt_prof.loop.warming import warm_up
from annt_prof.plan import Variant
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.scenario.schema import Scenario
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.trace.reading import read
from annt_prof.windows.loaders import pause_loaders, resume_loaders
from annt_prof.windows.messages import Built, EpochRequest, TimedRequest, TracedRequest, WarmRequest
from annt_prof.workers.messages import StopRequest
from annt_prof.workload.sampling import ShortenableBatches

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

WORKERS, BATCH, NAP_S = 2, 4, 0.02
MS = 1_000_000
PER_BATCH_MS = BATCH * NAP_S * 1e3 / WORKERS  # of waiting, where training takes next to nothing


class Sleeping(Dataset):
    """Sleeps for each sample, and once as a loader process begins with it."""

    def __init__(self, nap_s: float, start_s: float = 0.0) -> None:
        self.nap_s, self.start_s, self.started = nap_s, start_s, False

    def __len__(self) -> int:
        return 400

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if not self.started and get_worker_info() is not None:
            self.started = True
            time.sleep(self.start_s)
        time.sleep(self.nap_s)
        return torch.full((8,), float(index)), index % 2


def make_loop(
    dataset: Dataset,
    workers: int = WORKERS,
    *,
    persistent: bool = False,
    prefetched: int | None = None,
) -> Loop:
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=torch.nn.Linear(8, 2),
        criterion=torch.nn.functional.cross_entropy,
        dataset=dataset,
        loader=LoaderArguments(
            BATCH,
            num_workers=workers,
            prefetch_factor=prefetched,
            persistent_workers=persistent,
        ),
        optimizer=OptimizerArguments("sgd", lr=0.01),
        schedule=ScheduleArguments("constant"),
    )
    return Loop(setup, seed=0)


def filled(loop: Loop) -> None:
    """Let the queue fill, as it does while a model is compiled or a profiler starts."""
    run_steps(loop, 1)
    time.sleep(queue_capacity(loop) * PER_BATCH_MS / 1e3 * 2)


def test_a_traced_window_waits_for_data_as_training_does(tmp_path: Path) -> None:
    loop = make_loop(Sleeping(NAP_S), prefetched=12)
    filled(loop)
    path = tmp_path / "trace.json.gz"
    assert run_traced(loop, TracedRequest(12, path, unrecorded=WORKERS)) == 12
    mean = break_down(Timeline(read(path))).mean
    # Loaders set the pace, whatever share of it a busy machine computes in; from a full queue,
    # which holds more than is run, they wait for next to nothing.
    assert mean.step_ns > 0.9 * PER_BATCH_MS * MS
    assert mean.by_category_ns[Category.DATA_LOADING] > 0.3 * mean.step_ns


def test_what_the_warm_up_tells_is_from_an_empty_queue_on() -> None:
    steps = 16  # of which a moment's delay before the first is a small part
    loop = make_loop(Sleeping(NAP_S), prefetched=steps)
    compiling = iter([2 * queue_capacity(loop) * PER_BATCH_MS / 1e3])
    loop.optimizer.register_step_pre_hook(lambda *_: time.sleep(next(compiling, 0)))
    warmth = warm_up(loop, warmup=1, limit_s=60, look=steps)
    assert len(warmth.step_ns) == steps
    told_ms = sum(warmth.step_ns) / MS
    assert told_ms > 0.9 * steps * PER_BATCH_MS  # from a full queue: next to nothing


@pytest.mark.parametrize("workers", [0, 2])
def test_the_warm_up_looks_for_as_long_as_it_is_told(workers: int) -> None:
    warmth = warm_up(make_loop(Sleeping(0.0), workers), warmup=1, limit_s=60, look=30)
    assert len(warmth.step_ns) == 30
    assert len(warm_up(make_loop(Sleeping(0.0), 2), warmup=1, limit_s=60).step_ns) == 4
    hasty = warm_up(make_loop(Sleeping(0.0), workers), warmup=9, limit_s=0, look=30)
    assert len(hasty.step_ns) == 1


def test_draining_takes_all_that_can_be_ready() -> None:
    loop = make_loop(Sleeping(0.0))
    before = loop.batches.remaining
    drain(loop)
    assert queue_capacity(loop) == 2 * WORKERS
    assert before - loop.batches.remaining == 2 * WORKERS
    assert queue_capacity(make_loop(Sleeping(0.0), workers=0)) == 0


def test_no_queue_fills_while_loaders_are_paused() -> None:
    loop = make_loop(Sleeping(NAP_S))
    filled(loop)
    drain(loop)
    pause_loaders()
    time.sleep(1.0)  # enough for six times the queue
    resume_loaders()
    began = time.monotonic()
    run_steps(loop, 4)
    # The sample that each process slept over meanwhile is done, and no more.
    assert time.monotonic() - began > 0.5 * 4 * PER_BATCH_MS / 1e3


@pytest.mark.parametrize("start_s", [0.0, 1.2])
def test_the_start_of_an_epoch_is_what_its_processes_need_to_start(start_s: float) -> None:
    loop = make_loop(Sleeping(0.005, start_s))
    run_steps(loop, 1)
    steady_ns = 0.005 * BATCH / WORKERS * 1e9
    cost_ns = epoch_start_ns(loop, EpochRequest(8, per_iteration_ns=steady_ns, waited_ns=steady_ns))
    assert start_s * 1e9 < cost_ns < (start_s + 1.0) * 1e9  # what a process needs besides, at most
    assert loop.batches.between_epochs


def test_the_start_of_an_epoch_in_process_is_its_first_batchs_surplus(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin = ShortenableBatches.__iter__

    def late(batches: ShortenableBatches) -> object:
        time.sleep(0.5)  # a sampler that sorts its samples, say
        return begin(batches)

    monkeypatch.setattr(ShortenableBatches, "__iter__", late)
    loop = make_loop(Sleeping(0.0), workers=0)
    assert epoch_start_ns(loop, EpochRequest(2, 1.0, 0.0)) > 400 * MS


def test_compute_that_varies_is_no_start_of_an_epoch() -> None:
    loop = make_loop(Sleeping(0.001))
    run_steps(loop, 1)
    loop.optimizer.register_step_pre_hook(lambda *_: time.sleep(0.2))  # slower than in windows
    cost_ns = epoch_start_ns(loop, EpochRequest(8, per_iteration_ns=1.0 * MS, waited_ns=0.0))
    assert cost_ns < 8 * 200 * MS  # which the wall time of an epoch is longer by


def test_a_window_tells_for_how_long_it_waited() -> None:
    loop = make_loop(Sleeping(NAP_S), workers=0)
    window = run_timed(loop, TimedRequest(0, 0, 0, iterations=4, switch_in=1))
    assert 4 * BATCH * NAP_S * 1e9 < window.waited_ns <= window.wall_ns


def test_processes_that_outlive_an_epoch_cost_nothing_for_one_that_was_dropped() -> None:
    """With a full queue under way, the first epoch afterwards waits for all of it."""
    loop = make_loop(Sleeping(NAP_S), persistent=True)
    filled(loop)
    steady_ns = PER_BATCH_MS * MS
    cost_ns = epoch_start_ns(loop, EpochRequest(8, per_iteration_ns=steady_ns, waited_ns=steady_ns))
    # What a clean epoch waits for is its first batch: BATCH naps, of which half are a step's own.
    assert cost_ns < 1.5 * BATCH * NAP_S * 1e9


def test_a_traced_window_of_whole_epochs_has_their_starts(tmp_path: Path) -> None:
    loop = make_loop(Sleeping(0.0, start_s=1.0))
    run_steps(loop, 3)
    path = tmp_path / "trace.json.gz"
    whole = loop.batches.per_epoch
    assert run_traced(loop, TracedRequest(whole, path, unrecorded=2, at_epoch=True)) == whole
    steps = break_down(Timeline(read(path))).steps
    assert steps[0].by_category_ns[Category.DATA_LOADING] > 1000 * MS


def children() -> set[int | None]:
    return {child.pid for child in multiprocessing.active_children()}


def loader_states(besides: AbstractSet[int | None]) -> list[str]:
    """The states of this process's loaders; other tests' servers are children too."""
    pids = children() - besides
    return [c.status() for c in psutil.Process().children() if c.pid in pids]


class Wire:
    """A pipe's end whose other side has said all that it will say."""

    def __init__(self, *requests: object) -> None:
        self.requests, self.replies = list(requests), []
        self.of_other_tests = children()  # a loader ends when its iterator is collected, later
        self.stopped: list[bool] = []

    def recv(self) -> object:
        if not self.requests:
            raise EOFError
        return self.requests.pop(0)

    def send(self, reply: object) -> None:
        deadline = time.monotonic() + 10  # a signal takes a moment, on a busy machine a long one
        while (moving := self.moving()) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.stopped.append(not moving)
        self.replies.append(reply)

    def moving(self) -> list[str]:
        states = loader_states(self.of_other_tests)
        return [state for state in states if state != psutil.STATUS_STOPPED]


REPLACED = Substitution("cifar10", "a stand-in", "timing alone", Replaced.DATA, "cifar10")


def serving(loop: Loop, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "_build", lambda *_: worker._Built(loop, (REPLACED,), []))
    scenario = Scenario.model_validate(
        {
            "model": {"source": "torchvision", "name": "resnet18"},
            "dataset": {"name": "digits", "batch_size": 2},
        }
    )
    here = Path()
    told = Assignment(scenario, Variant("baseline", ()), "cpu", None, here, here, here)
    worker._serve(wire, told, [])


def test_loaders_stand_still_whenever_the_session_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timed = TimedRequest(0, 0, 0, iterations=4, switch_in=2)
    wire = Wire(WarmRequest(60), timed, StopRequest())
    serving(make_loop(Sleeping(0.001)), wire, monkeypatch)
    assert [type(reply).__name__ for reply in wire.replies] == ["Built", "Prepared", "TimedReply"]
    assert wire.stopped[1:] == [True, True]


def test_what_was_replaced_is_told_before_the_first_step(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(StopRequest())
    serving(make_loop(Sleeping(0.001)), wire, monkeypatch)
    assert wire.replies == [Built((REPLACED,))]


def test_a_session_that_is_gone_leaves_no_loader_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped process never ends, and whoever waits for it neither."""
    wire = Wire(WarmRequest(60))
    with pytest.raises(EOFError):
        serving(make_loop(Sleeping(0.001)), wire, monkeypatch)
    states = loader_states(wire.of_other_tests)
    assert len(states) == WORKERS
    assert psutil.STATUS_STOPPED not in states
