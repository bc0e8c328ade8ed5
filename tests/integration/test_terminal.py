"""The dashboard in a real terminal, which it leaves as it was, however it ends."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from annt_prof.runs import store
from hand_made import cpu_run
from terminal import ENTERS, LEAVES, NO_MOUSE, SHOWS_CURSOR, Terminal


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = store.create(tmp_path, "vit_amp", "")
    store.write(made, cpu_run())
    return made


def assert_given_back(terminal: Terminal) -> None:
    """The screen, the cursor, the mouse and the modes of the terminal are as before."""
    for sequence in (LEAVES, SHOWS_CURSOR, NO_MOUSE):
        assert terminal.written.rfind(sequence) > terminal.written.rfind(ENTERS)
    assert terminal.settings_restored


WORDS = {
    "0": "Runs in", "1": "Variants so far", "2": "Where the traced step goes", "3": "worth",
    "4": "Single steps by launch", "5": "trace", "6": "telemetry", "7": "By category",
    "8": "What each technique could save",
}  # fmt: skip
"""What each screen says of a run without traces, by the key that opens it."""

TELL_MODULES = """
import atexit, os, sys
def tell():
    with open(os.environ["MODULES"], "w") as file:
        print(*sorted({name.partition(".")[0] for name in sys.modules}), file=file)
atexit.register(tell)
"""


def test_every_screen_is_opened_by_its_key_and_none_needs_torch(
    directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(TELL_MODULES)
    told = tmp_path / "modules"
    environment = {"PYTHONPATH": beside(tmp_path), "MODULES": str(told)}
    arguments = ["dash", str(directory), "--runs-dir", str(directory.parent)]
    with Terminal(arguments, columns=120, rows=40, environment=environment) as terminal:
        terminal.wait_for("Variants")
        for key, words in WORDS.items():
            terminal.press(key)
            terminal.wait_for(words)
        terminal.press("?")
        terminal.wait_for("the command palette")
        terminal.press("?q")  # Escape and a key behind it would be one
        assert terminal.wait() == 0
        assert_given_back(terminal)
    assert not {"torch", "torchvision", "timm", "pandas"} & set(told.read_text().split())


def beside(folder: Path) -> str:
    """Return a path for modules with this folder first."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))


def test_it_is_opened_resized_and_left(directory: Path) -> None:
    with Terminal(["dash", str(directory)]) as terminal:
        terminal.wait_for("Variants")
        assert not terminal.settings_restored
        terminal.resize(60, 20)
        terminal.wait_for("Not as the scenario asks")
        terminal.press("q")
        assert terminal.wait() == 0
        assert_given_back(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_it_is_told_to_end(directory: Path, number: signal.Signals) -> None:
    with Terminal(["dash", str(directory)]) as terminal:
        terminal.wait_for("Variants")
        terminal.process.send_signal(number)
        assert terminal.wait() == 130
        assert_given_back(terminal)


def test_the_terminal_goes_away(directory: Path) -> None:
    with Terminal(["dash", str(directory)]) as terminal:
        terminal.wait_for("Variants")
        terminal.hang_up()
        assert terminal.process.wait(60) != 0


def test_the_terminal_goes_away_and_nobody_may_say_so(directory: Path) -> None:
    """As under nohup, or in a tmux whose server was started so."""
    with Terminal(["dash", str(directory)], prepare=ignore_hang_ups) as terminal:
        terminal.wait_for("Variants")
        terminal.hang_up()
        assert terminal.process.wait(60) != 0


def ignore_hang_ups() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def test_a_bug_keeps_its_traceback_and_gives_the_terminal_back(
    directory: Path, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import annt_prof.tui.keeping as keeping\n"
        "def fail(picture, name):\n"
        "    raise ZeroDivisionError('a bug')\n"
        "keeping.keep_svg = fail\n"
    )
    with Terminal(
        ["dash", str(directory)], environment={"PYTHONPATH": beside(tmp_path)}
    ) as terminal:
        terminal.wait_for("Variants")
        terminal.press("s")
        assert terminal.wait() == 70
        assert "ZeroDivisionError" in terminal.text
        assert_given_back(terminal)


@pytest.mark.parametrize("term", ["dumb", ""])
def test_a_terminal_that_cannot_be_drawn_on_is_refused(directory: Path, term: str) -> None:
    with Terminal(["dash", str(directory)], environment={"TERM": term}) as terminal:
        assert terminal.wait() == 2
        assert "dumb" in terminal.text
        assert ENTERS not in terminal.written
