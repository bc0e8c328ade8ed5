"""What is asked of a run arrives, once and in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from annt_prof.errors import UserError
from annt_prof.runs.controls import (
    ControlReader,
    Interrupt,
    Pause,
    Resume,
    Skip,
    Stop,
    ask,
)

if TYPE_CHECKING:
    from pathlib import Path

ALL = (Pause(), Resume(), Skip("amp\n[bold]"), Stop(), Interrupt())


def test_what_is_asked_is_read_once_and_in_its_order(tmp_path: Path) -> None:
    reader = ControlReader(tmp_path)
    assert reader.poll() == ()
    for control in ALL:
        ask(tmp_path, control)
    assert reader.poll() == ALL
    assert reader.poll() == ()
    ask(tmp_path, Resume())
    assert reader.poll() == (Resume(),)


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    ask(tmp_path, Pause())
    with (tmp_path / "controls.jsonl").open("ab") as file:
        file.write(b'{\n\xff\n{"type":"Dance"}\n{"type":"Skip"}\n\n')
    ask(tmp_path, Stop())
    assert ControlReader(tmp_path).poll() == (Pause(), Stop())


def test_a_directory_that_is_gone_cannot_be_asked(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="the run cannot be asked: No such file") as raised:
        ask(tmp_path / "gone", Stop())
    assert raised.value.where == str(tmp_path / "gone" / "controls.jsonl")
