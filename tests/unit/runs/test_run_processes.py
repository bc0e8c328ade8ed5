"""Whether the process of a run lives, also where its number was given again."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from annt_prof.runs.processes import RunProcess, lives, this_process

if TYPE_CHECKING:
    from pathlib import Path


def test_this_process_lives() -> None:
    ours = this_process()
    assert ours.pid == os.getpid()
    assert ours.started
    assert ours.boot
    assert lives(ours)


def test_a_later_process_of_the_same_number_is_another() -> None:
    ours = this_process()
    assert not lives(msgspec.structs.replace(ours, started=ours.started - 1))
    assert not lives(msgspec.structs.replace(ours, boot="another"))


def test_what_has_ended_lives_no_more_even_before_anybody_asks() -> None:
    source = (
        "from annt_prof.runs.processes import this_process; import msgspec; "
        "print(msgspec.json.encode(this_process()).decode(), flush=True); input()"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    told = msgspec.json.decode(child.stdout.readline(), type=RunProcess)
    assert lives(told)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert not lives(told)
    child.communicate()
    assert not lives(told)


def test_a_name_of_any_kind_is_read_over(tmp_path: Path) -> None:
    folder = tmp_path / "7"
    folder.mkdir()
    fields = ["S", *"0" * 18, "123", "0"]
    (folder / "stat").write_text(f"7 (a) S 1 (b) {' '.join(fields)}\n")
    assert lives(RunProcess(7, 123), tmp_path)
    assert not lives(RunProcess(7, 124), tmp_path)
    assert not lives(RunProcess(8, 123), tmp_path)
