"""A run in the background is a process that nothing of this one reaches."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from annt_prof.cli import background
from annt_prof.errors import UserError


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
    calls: list[tuple[tuple[str, ...], dict[str, Any]]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda args, **how: calls.append((args, how)))
    return calls


def test_what_it_prints_and_reads_is_not_the_terminals(started: list, tmp_path: Path) -> None:
    background.start(["vit.yaml", "--aa"], tmp_path)
    ((command, how),) = started
    assert command[-5:] == ("run", "--into", str(tmp_path), "vit.yaml", "--aa")
    assert how["start_new_session"]
    assert how["stdin"] == subprocess.DEVNULL
    assert how["stderr"] == subprocess.STDOUT
    assert how["stdout"].name == str(tmp_path / "logs" / "run.log")


@pytest.mark.parametrize("here", ["", "the folder", None])
def test_it_imports_from_where_this_program_does(
    started: list, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, here: str | None
) -> None:
    """A ``random.py`` beside the scenario is no module of ours."""
    others = [p for p in sys.path if p not in ("", str(Path.cwd()))]
    place = {"": [""], "the folder": [str(Path.cwd())], None: []}[here]
    monkeypatch.setattr(sys, "path", [*place, *others])
    background.start(["vit.yaml"], tmp_path)
    assert ("-P" in started[0][0]) is (here is None)


def test_a_directory_that_is_gone_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the run cannot be started: No such file") as raised:
        background.start(["vit.yaml"], tmp_path / "gone")
    assert raised.value.where == str(tmp_path / "gone")
