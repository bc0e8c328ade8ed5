"""Workers of another Python: started by a command, and served by the same pipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from annt_prof.workers import process
from annt_prof.workers.process import WorkerLost
from annt_prof.workers.spawned import spawn

MODULE = """\
import os, sys, time
from multiprocessing.connection import Connection

connection = Connection(int(sys.argv[1]))
while True:
    try:
        asked = connection.recv()
    except EOFError:
        print("nobody listens", flush=True)
        break
    if asked == "die":
        os.kill(os.getpid(), 9)
    if asked == "leave":
        sys.exit(3)
    if asked == "hang":
        time.sleep(600)
    if not isinstance(asked, str):
        break
    print("asked for", asked, flush=True)
    connection.send((asked, os.environ.get("HF_HUB_OFFLINE"), os.getsid(0), os.getpid()))
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    (tmp_path / "served_apart.py").write_text(MODULE)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    started = []

    def begin():
        worker = spawn(Path(sys.executable), "served_apart", tmp_path / "log.txt")
        started.append(worker)
        return worker

    yield begin
    for worker in started:
        worker.kill()


def test_it_answers_offline_in_a_session_of_its_own(start, tmp_path):
    worker = start()
    worker.send("hello")
    asked, offline, session, pid = worker.receive()
    assert (asked, offline) == ("hello", "1")
    assert session == pid == worker.pid  # Ctrl-C in the terminal is not for it
    worker.end()
    assert "asked for hello" in (tmp_path / "log.txt").read_text()
    assert not worker._process.is_alive()
    assert worker._process.exitcode == 0


@pytest.mark.parametrize(
    ("asked", "said", "signal"),
    [
        ("die", "killed by SIGKILL (the kernel does this when memory runs out)", "SIGKILL"),
        ("leave", "its process ended with status 3", None),
    ],
)
def test_how_it_ended_is_told_as_of_a_forked_one(start, asked, said, signal):
    worker = start()
    worker.send(asked)
    with pytest.raises(WorkerLost) as lost:
        worker.receive()
    assert (lost.value.failure.message, lost.value.failure.signal) == (said, signal)


def test_one_that_hangs_is_ended_by_force(start, monkeypatch):
    monkeypatch.setattr(process, "_PATIENCE_S", 0.05)
    worker = start()
    worker.send("hang")
    assert worker._process.exitcode is None
    assert worker._process.is_alive()
    worker.end()
    assert worker._process.exitcode == -9


def test_it_ends_once_nobody_listens(start, tmp_path):
    worker = start()
    worker.send("hello")
    worker.receive()
    worker._connection.close()
    worker._process.join()
    assert (tmp_path / "log.txt").read_text().endswith("nobody listens\n")


def test_a_log_is_added_to(start, tmp_path):
    (tmp_path / "log.txt").write_text("of an earlier launch\n")
    worker = start()
    worker.send("hello")
    worker.receive()
    worker.end()
    assert (tmp_path / "log.txt").read_text().startswith("of an earlier launch\nasked for hello")
