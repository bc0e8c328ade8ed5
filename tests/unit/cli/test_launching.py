"""What is printed of a run that was started from the dashboard, once that is left."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from annt_prof.cli.launching import Launched, _finish
from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.record import STOP_UNTOLD
from following import dead_since_long
from hand_made import cpu_run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_run_that_was_just_killed_is_not_said_to_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = store.create(tmp_path, "run", "")
    store.write(directory, msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD))
    log = directory / "events.jsonl"
    EventLog(log)
    dead_since_long(log)
    log.touch()
    process = subprocess.Popen(
        [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], stdout=subprocess.PIPE
    )
    process.wait()
    assert _finish(Launched(directory, process), interrupt=False, as_json=False) == 128 + 9
    said = capsys.readouterr()
    assert "INCOMPLETE: its process ended without a last word" in " ".join(said.out.split())
    assert "was ended by SIGKILL" in said.err
