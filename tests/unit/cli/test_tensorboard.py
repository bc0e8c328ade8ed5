"""Which server is ours, of those that TensorBoard's manager knows."""

from __future__ import annotations

import io
import time
from types import SimpleNamespace
from typing import Any

import pytest
from tensorboard import manager

from annt_prof.cli import tensorboard
from annt_prof.errors import UserError

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


def test_what_a_server_said_before_it_ended_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "get_all", list)
    with pytest.raises(UserError, match="ended with status 1:\ncould not bind"):
        tensorboard._port_once_it_serves(server(1), io.BytesIO(b"could not bind"))


def test_a_server_that_never_serves_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "get_all", lambda: [told(ANOTHER, 6002)])
    monkeypatch.setattr(tensorboard, "_START_TIMEOUT_S", 0.3)
    with pytest.raises(UserError, match=r"did not answer within 0\.3 s"):
        tensorboard._port_once_it_serves(server(), io.BytesIO())
