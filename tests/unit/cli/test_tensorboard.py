"""Which server is ours, of those that TensorBoard's manager knows."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from tensorboard import manager

from annt_prof.cli import tensorboard
from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.tensorboard import log
from annt_prof.views.loading import GONE
from following import dead_since_long
from hand_made import cpu_run

OURS, ANOTHER = 4321, 4322


def server(status: int | None = None) -> Any:
    return SimpleNamespace(pid=OURS, poll=lambda: status, returncode=status)


def told(pid: int, port: int, age_s: float = 0.0) -> SimpleNamespace:
    return SimpleNamespace(pid=pid, port=port, start_time=int(time.time() - age_s))


def test_a_server_of_the_same_process_id_that_was_killed_is_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter(
        [
            [told(OURS, 6001, age_s=3600), told(ANOTHER, 6002)],
            [told(ANOTHER, 6002), told(OURS, 6003)],
        ]
    )
    monkeypatch.setattr(manager, "get_all", lambda: next(looks))
    assert tensorboard._port_once_it_serves(server(), io.BytesIO()) == 6003


def test_a_log_that_is_written_while_a_run_goes_on_does_not_say_so_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(log, "write", lambda run, _: written.append(run.stop))
    directory = store.create(tmp_path, "run", "")
    store.write(directory, msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD))
    events = directory / "events.jsonl"
    EventLog(events)
    tensorboard._log(directory, directory)
    dead_since_long(events)
    tensorboard._log(directory, directory)
    assert written == [STOP_UNTOLD, GONE]


def test_what_a_server_said_before_it_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "get_all", list)
    with pytest.raises(UserError, match="ended with status 1:\ncould not bind"):
        tensorboard._port_once_it_serves(server(1), io.BytesIO(b"could not bind"))


@pytest.mark.parametrize(
    ("port", "statuses", "begun"),
    [
        (None, [None], 1),
        (None, [1, None], 2),
        (None, [1, 1, None], 3),
        (None, [1, 1, 1, None], 3),
        (7000, [1, None], 1),
    ],
)
def test_a_server_that_lost_a_race_for_its_port_is_started_again(
    monkeypatch: pytest.MonkeyPatch, port: int | None, statuses: list[int | None], begun: int
) -> None:
    servers = [server(status) for status in statuses]
    started: list[Any] = []
    monkeypatch.setattr(manager, "get_all", lambda: [told(OURS, 6001)])

    @contextlib.contextmanager
    def start(*_: object) -> Iterator[tuple[Any, io.BytesIO]]:
        started.append(servers[len(started)])
        yield started[-1], io.BytesIO(b"Address already in use")

    monkeypatch.setattr(tensorboard, "_server", start)
    serves = statuses[begun - 1] is None
    expected = contextlib.nullcontext() if serves else pytest.raises(UserError, match="in use")
    with expected, contextlib.ExitStack() as running:
        assert tensorboard._serving(running, Path(), "localhost", port).port == 6001
    assert len(started) == begun


def test_a_server_that_never_serves_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "get_all", lambda: [told(ANOTHER, 6002)])
    monkeypatch.setattr(tensorboard, "_START_TIMEOUT_S", 0.3)
    with pytest.raises(UserError, match=r"did not answer within 0\.3 s"):
        tensorboard._port_once_it_serves(server(), io.BytesIO())
