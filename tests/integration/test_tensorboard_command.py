"""``annt-prof tensorboard``: a real server on a real run directory."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from annt_prof.categories import Phase
from annt_prof.machine.environment import Environment
from annt_prof.runs import store
from annt_prof.runs.record import SCHEMA_VERSION, Run, StepTime, TimedWindow, VariantRecord
from annt_prof.testing import TraceBuilder
from interruptible import heed_interrupts

MS = 1_000_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    directory = tmp_path / "runs" / "20260102-030405-tiny"
    folder = directory / "tensorboard" / "baseline"
    folder.mkdir(parents=True)
    builder = TraceBuilder().step(0, 10 * MS).phase(Phase.DATA_LOADING, 0, 3 * MS)
    builder.operator("aten::mm", 4 * MS, 9 * MS).write(folder / "kineto.json.gz")
    baseline = VariantRecord(
        name="baseline",
        factors=(),
        status="measured",
        samples_per_iteration=4,
        windows=(TimedWindow(0, 0, 0, 20 * MS, (10 * MS,), 1, 4, 10 * MS),),
        throughput=400.0,
        step_time=StepTime(mean_ns=10 * MS, p05_ns=10 * MS, p95_ns=10 * MS, n=1),
        trace="tensorboard/baseline/kineto.json.gz",
    )
    environment = Environment("cpu", "CPU", 0, "CPU", 2, 2**30, 2, "Linux", None, {})
    run = Run(
        schema_version=SCHEMA_VERSION,
        run_id=directory.name,
        created="2026-01-02T03:04:05+00:00",
        scenario_name="tiny",
        scenario=(),
        environment=environment,
        substitutions=(),
        overrides_in_effect=(),
        telemetry_note="",
        seed=0,
        variants=(baseline,),
        stop="one round is all there is",
        complete=True,
    )
    store.write(directory, run)
    return directory


class Command:
    """The command in a process of its own, with the lines it prints."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "annt_prof", "tensorboard", *arguments],
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=heed_interrupts,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def url(self) -> str:
        line = self.line()
        if " at http" not in line:
            raise AssertionError(f"{line!r}: {self.finish()}")
        return line.split(" at ")[1]

    def finish(self) -> tuple[int, str]:
        _, stderr = self.process.communicate(timeout=60)
        return self.process.returncode, stderr


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Any]:
    started: list[Command] = []

    def begin(*arguments: str) -> Command:
        started.append(Command(tmp_path, *arguments))
        return started[-1]

    yield begin
    for command in started:
        command.process.terminate()
        command.process.communicate(timeout=60)


def get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as response:
        return json.loads(response.read())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def test_it_serves_the_newest_run_with_its_answer(directory: Path, start: Any) -> None:
    command = start("--port", str(free_port()), "--host", "127.0.0.1")
    url = command.url()
    offline, stop = command.line(), command.line()
    assert "PyTorch Profiler tab stays on a spinner" in offline
    assert "Scalars, Text and Images tabs hold the answer" in offline
    assert stop == "Ctrl-C stops it."
    assert set(get(f"{url}data/plugins_listing")) >= {"scalars", "images", "text"}
    tags = _eventually(f"{url}data/plugin/scalars/tags", "baseline")
    assert "no profiler running" in tags["baseline"]["timed/step_time_ms"]["description"]
    assert "answer" in _eventually(f"{url}data/plugin/text/tags", "answer")
    profiled = f"{url}data/plugin/pytorch_profiler"
    runs = _eventually(f"{profiled}/runs", "runs", lambda told: told["runs"] == ["baseline"])
    assert not runs["loading"]
    overview = get(f"{profiled}/overview?run=baseline&worker=rank_0&span=1&view=Overview")
    shares = {part["name"]: part["extra"] for part in overview["performance"][0]["children"]}
    assert shares["DataLoader"] == 30.0
    assert (directory / "tensorboard" / "answer").is_dir()


def _eventually(url: str, key: str, holds: Any = bool) -> Any:
    """Ask until the server has loaded what is asked for."""
    deadline = time.monotonic() + 60
    while True:
        told = get(url)
        if key in told and holds(told if holds is not bool else told[key]):
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_it_ends_with_its_server(
    directory: Path, start: Any, number: signal.Signals, status: int
) -> None:
    port = free_port()
    command = start(str(directory), "--port", str(port), "--host", "127.0.0.1")
    command.url()
    assert answers(port)
    command.process.send_signal(number)
    found, stderr = command.finish()
    assert (found, stderr) == (status, "")
    assert not answers(port)


@pytest.mark.usefixtures("directory")
def test_a_port_in_use_is_told(start: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        status, stderr = start("--port", port, "--host", "127.0.0.1").finish()
    assert status == 2
    assert f"port {port} on 127.0.0.1 is in use" in stderr
    assert "Traceback" not in stderr


def test_without_a_port_it_takes_a_free_one(directory: Path, start: Any) -> None:
    first = start(str(directory), "--host", "127.0.0.1").url()
    second = start(directory.name, "--host", "127.0.0.1").url()
    assert first != second
    assert get(f"{second}data/environment")["data_location"].endswith("tensorboard")


def test_two_that_start_at_once_take_a_port_each(directory: Path, start: Any) -> None:
    both = [start(str(directory), "--host", "127.0.0.1") for _ in range(2)]
    first, second = (command.url() for command in both)
    assert first != second
    assert all(get(f"{url}data/environment") for url in (first, second))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no such run, neither here nor in runs"),
        (["--runs-dir", "nowhere"], "there are no runs here"),
        (["--host", "no.such.host.invalid"], "is no address"),
        (["--port", "0"], "0 is not in the range"),
    ],
)
@pytest.mark.usefixtures("directory")
def test_mistakes_are_told(start: Any, arguments: list[str], said: str) -> None:
    status, stderr = start(*arguments).finish()
    assert status == 2
    assert said in stderr
    assert "Traceback" not in stderr
