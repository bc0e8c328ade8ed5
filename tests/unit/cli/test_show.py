import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from annt_prof.cli import main
from annt_prof.report.json.run import document
from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.views.run_view import build_run_view
from following import dead_since_long
from hand_made import cpu_run, gpu_run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, record in (("20260101-000000-gpu", gpu_run()), ("20260201-000000-cpu", cpu_run())):
        (tmp_path / name).mkdir()
        store.write(tmp_path / name, record)
    return tmp_path


def test_the_newest_run_is_shown_by_default(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--runs-dir", str(root)]) == 0
    shown = capsys.readouterr().out
    assert "pin_memory cannot act here" in shown
    assert "20260201-000000-cpu" in shown


@pytest.mark.parametrize("form", ["name", "directory", "file"])
def test_a_run_is_found_by_name_directory_or_file(
    root: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = root / "20260101-000000-gpu"
    run = {"name": directory.name, "directory": str(directory), "file": str(directory / "run.json")}
    assert main(["show", run[form], "--runs-dir", str(root)]) == 0
    assert "NVIDIA H100" in capsys.readouterr().out


def test_json_is_the_document_and_nothing_else(
    root: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["show", "--json", "--runs-dir", str(root)]) == 0
    out, err = capfdbinary.readouterr()
    assert out == document(build_run_view(cpu_run()))
    assert json.loads(out)["schema_version"] == 3
    assert err == b""


@pytest.mark.parametrize("command", ["show", "explain"])
def test_a_run_that_was_killed_is_not_said_to_run_perhaps(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = store.create(tmp_path, "run", "")
    store.write(directory, msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD))
    EventLog(directory / "events.jsonl")
    dead_since_long(directory / "events.jsonl")
    assert main([command, str(directory)]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "its process ended without a last word" in shown
    assert STOP_UNTOLD not in shown


def test_a_screen_is_shown_though_a_folder_is_called_like_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the default folder of runs is."""
    monkeypatch.chdir(root)
    (root / "runs").mkdir()
    assert main(["show", "runs", "--runs-dir", str(root)]) == 0
    assert "20260101-000000-gpu" in capsys.readouterr().out


def test_no_run_has_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--runs-dir", str(tmp_path)]) == 2
    assert "there are no runs here" in capsys.readouterr().err


@pytest.mark.parametrize(("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_honoured(root: Path, variables: dict[str, str], coloured: bool) -> None:
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    done = subprocess.run(
        [sys.executable, "-m", "annt_prof", "show", "--runs-dir", str(root)],
        env=clean | {"FORCE_COLOR": "1", "TERM": "xterm-256color"} | variables,
        capture_output=True,
        check=True,
    )
    colours = [b"\x1b[32m", b"\x1b[33m", b"\x1b[36m", b"\x1b[31m"]
    assert any(colour in done.stdout for colour in colours) == coloured
