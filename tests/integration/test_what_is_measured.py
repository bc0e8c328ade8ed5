"""Windows are of training, after the warm-up, and their memory is their own: a model witnesses."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from annt_prof.runs import store
from annt_prof.runs.record import TimedWindow, VariantRecord
from conftest import Workbench

WORKLOADS = Path(__file__).with_name("workloads")
WARMUP = 61
FIRST_PASS_BYTES = 512 * 1024**2  # as in the model
SCENARIO = f"""\
model: {{source: python, name: "witness:Net"}}
dataset: {{name: "witness:samples", batch_size: 4}}
window:
  warmup: {WARMUP}
  iterations: 8
  switch_in: 2
  rounds: 3
  rounds_per_launch: 1
  min_launches: 3
"""


@dataclass(frozen=True)
class Pass:
    """A forward pass, as the model tells of it."""

    ended_ns: int
    training: bool
    peak_bytes: int


@dataclass(frozen=True)
class Witnessed:
    """A run's only variant, and the passes of each of its processes."""

    baseline: VariantRecord
    processes: tuple[tuple[Pass, ...], ...]

    def process_of(self, window: TimedWindow) -> tuple[Pass, ...]:
        (found,) = (
            passes
            for passes in self.processes
            if any(window.started_ns <= each.ended_ns <= window.ended_ns for each in passes)
        )
        return found


@pytest.fixture(scope="module")
def witnessed(tmp_path_factory: pytest.TempPathFactory) -> Witnessed:
    folder = tmp_path_factory.mktemp("witnessed")
    (folder / "passes").mkdir()
    (folder / "case.yaml").write_text(SCENARIO)
    bench = Workbench(folder)
    bench.environment["FORWARD_LOG"] = str(folder / "passes")
    bench.environment["PYTHONPATH"] = os.pathsep.join(
        [str(WORKLOADS), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    outcome = bench.run("run", "case.yaml", "--json", "--device", "cpu")
    assert outcome.status == 0, outcome.stderr
    (baseline,) = store.load(outcome.run_directory).variants
    assert len(baseline.windows) == 3
    logs = sorted((folder / "passes").iterdir())
    return Witnessed(baseline, tuple(tuple(passes(log)) for log in logs))


def passes(log: Path) -> list[Pass]:
    lines = [[int(word) for word in line.split()] for line in log.read_text().splitlines()]
    return [Pass(ended, bool(training), peak) for ended, training, peak in lines]


def test_the_model_trains_although_it_came_in_evaluation_mode(witnessed: Witnessed) -> None:
    for window in witnessed.baseline.windows:
        inside = [
            each
            for each in witnessed.process_of(window)
            if window.started_ns <= each.ended_ns <= window.ended_ns
        ]
        assert len(inside) >= window.iterations
        assert all(each.training for each in inside)


def test_every_process_is_warmed_up_as_the_scenario_says(witnessed: Witnessed) -> None:
    for window in witnessed.baseline.windows:
        before = [p for p in witnessed.process_of(window) if p.ended_ns < window.started_ns]
        assert len(before) >= WARMUP


def test_the_peak_is_of_the_windows_and_not_of_the_warm_up(witnessed: Witnessed) -> None:
    first = [witnessed.process_of(window)[0].peak_bytes for window in witnessed.baseline.windows]
    if not os.access("/proc/self/clear_refs", os.W_OK):
        pytest.skip("this machine lets no process reset its peak memory")
    assert witnessed.baseline.peak_memory_bytes < min(first) - FIRST_PASS_BYTES // 2
