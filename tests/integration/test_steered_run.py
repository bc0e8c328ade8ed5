"""A run in a process of its own, followed and steered through its directory."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from annt_prof.cli.background import start
from annt_prof.cli.following import follow
from annt_prof.runs import store
from annt_prof.runs.controls import Pause, Resume, Skip, Stop, ask
from annt_prof.runs.event_log_reader import EventLogReader, alive
from annt_prof.runs.events import (
    MeasuringEnded,
    Paused,
    Progressed,
    Resumed,
    RunEnded,
    VariantSkipped,
    WindowEnded,
)
from conftest import wait_until

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Workbench

ENDLESS = (
    "tiny.yaml", "--device", "cpu", "--set", "window.rounds=100000",
    "--set", "window.time_budget_s=200", "--set", "window.precision=0.0000001",
)  # fmt: skip


class Watched:
    """A run in the background and what it has told so far."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes]) -> None:
        self.directory = directory
        self.process = process
        self.reader = EventLogReader(directory / "events.jsonl")
        self.events: list[object] = []

    def of(self, kind: type) -> list:
        self.events += [logged.event for logged in self.reader.poll()]
        return [event for event in self.events if isinstance(event, kind)]

    def wait_for(self, kind: type, num: int = 1) -> None:
        wait_until(lambda: len(self.of(kind)) >= num, self.process)  # type: ignore[arg-type]


@pytest.fixture
def watched(workbench: Workbench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.chdir(workbench.folder)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    text = (workbench.folder / "tiny.yaml").read_text()
    directory = store.create(workbench.folder / "runs", "tiny", text)
    process = start(ENDLESS, directory)
    try:
        yield Watched(directory, process)
    finally:
        process.kill()
        process.wait()


def test_a_run_is_paused_and_resumed_skips_a_variant_and_is_stopped(watched: Watched) -> None:
    directory, process = watched.directory, watched.process
    assert os.getsid(process.pid) == process.pid
    watched.wait_for(Progressed)
    ask(directory, Pause())
    watched.wait_for(Paused)
    num_windows = len(watched.of(WindowEnded))
    ask(directory, Skip("amp"))
    watched.wait_for(VariantSkipped)
    time.sleep(0.5)
    assert len(watched.of(WindowEnded)) == num_windows
    ask(directory, Resume())
    watched.wait_for(Resumed)
    watched.wait_for(WindowEnded, num_windows + 3)
    ask(directory, Stop())
    ended = follow(directory, process)
    assert process.wait(timeout=60) == 0
    run = store.load(directory)
    assert run.complete
    assert run.stop.startswith("stopped from the dashboard after ")
    assert ended == RunEnded("complete", run.stop)
    (measuring,) = watched.of(MeasuringEnded)
    assert measuring.cause == "asked"
    *_, last = watched.of(Progressed)
    assert last.variants == run.variants
    assert watched.reader.num_damaged == 0
    found = {variant.name: variant for variant in run.variants}
    skipped, whole = found["amp"], found["all"]
    assert skipped.skipped
    assert 1 <= len(skipped.windows) < len(whole.windows)
    assert (skipped.trace, skipped.breakdown) == (None, None)
    assert whole.breakdown is not None
    assert "Where the step goes" not in (directory / "logs" / "run.log").read_text()
    (skip,) = watched.of(VariantSkipped)
    assert skip == VariantSkipped("amp", len(skipped.windows))


def test_a_run_that_is_killed_is_followed_no_further(watched: Watched) -> None:
    watched.wait_for(Progressed)
    header = watched.reader.header
    assert header is not None
    assert header.process.pid == watched.process.pid
    assert alive(header)
    os.kill(watched.process.pid, signal.SIGKILL)
    assert follow(watched.directory, watched.process) is None
    assert not alive(header)
    assert not store.load(watched.directory).complete
