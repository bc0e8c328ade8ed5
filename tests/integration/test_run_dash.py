"""A run that is shown in the dashboard while it goes on, in a real terminal."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from annt_prof.runs import store
from conftest import Workbench
from terminal import Terminal

ENDLESS = [
    "--device", "cpu", "--set", "window.rounds=100000",
    "--set", "window.time_budget_s=300", "--set", "window.precision=0.0000001",
]  # fmt: skip


def dashboard(workbench: Workbench, *arguments: str) -> Terminal:
    return Terminal(
        arguments, columns=120, rows=40, environment={"OMP_NUM_THREADS": "1"},
        folder=workbench.folder,
    )  # fmt: skip


def only_run(workbench: Workbench) -> Path:
    (found,) = (path for path in (workbench.folder / "runs").iterdir() if path.is_dir())
    return found


def test_it_is_stopped_when_the_dashboard_is_left_and_its_answer_is_printed(
    workbench: Workbench,
) -> None:
    with dashboard(workbench, "run", "tiny.yaml", "--dash", *ENDLESS) as terminal:
        terminal.wait_for("launch", patience_s=180)
        terminal.wait_for("samples/s")
        while not store.directories(workbench.folder / "runs"):
            terminal.read(0.5)
        terminal.press("q")
        terminal.wait_for("goes on")
        terminal.press("t")
        assert terminal.wait(patience_s=180) == 0
        assert terminal.settings_restored
        assert "Where the step goes" in terminal.text
    run = store.load(only_run(workbench))
    assert run.complete
    assert "from the dashboard" in run.stop


def test_a_scenario_that_cannot_be_built_says_why_and_leaves_nothing(workbench: Workbench) -> None:
    wrong = ["--set", "model.name=tiny_work:Nothing"]
    with dashboard(workbench, "run", "tiny.yaml", "--dash", *wrong) as terminal:
        terminal.wait_for("Nothing", patience_s=120)
        terminal.press("q")
        assert terminal.wait() == 2
        assert "tiny_work" in terminal.text
    assert not list((workbench.folder / "runs").iterdir())


def test_a_mistake_in_the_scenario_is_said_before_anything_is_drawn(workbench: Workbench) -> None:
    with dashboard(workbench, "run", "tiny.yaml", "--dash", "--set", "modle.name=x") as terminal:
        assert terminal.wait() == 2
        assert "model" in terminal.text
    assert not (workbench.folder / "runs").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_whose_process_is_ended_is_told_of(
    workbench: Workbench, number: signal.Signals
) -> None:
    with dashboard(workbench, "dash", "tiny.yaml") as terminal:
        terminal.wait_for("launch", patience_s=180)
        (child,) = (
            process
            for process in psutil.Process(terminal.process.pid).children(recursive=True)
            if "--into" in process.cmdline()
        )
        os.kill(child.pid, number)
        terminal.wait_for("killed" if number == signal.SIGKILL else "interrupted", patience_s=120)
        terminal.press("q")
        terminal.wait(patience_s=120)
        assert terminal.settings_restored
