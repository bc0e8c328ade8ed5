"""Another Python is looked at before a run is served by it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from annt_prof import __version__
from annt_prof.errors import UserError
from annt_prof.machine.environment import installed_versions
from annt_prof.runner import pythons
from annt_prof.runner.pythons import Interpreter, changes, look_at

TELLS = 'print("a library says hello"); print(\'{"annt_prof": "%s", "packages": {"torch": "1"}}\')'


def stand_in(folder: Path, program: str) -> Path:
    """Return an interpreter that does something else than what it is asked for."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!{sys.executable}\n{program}\n")
    path.chmod(0o755)
    return path


def refused(path: Path) -> UserError:
    with pytest.raises(UserError) as raised:
        look_at(path)
    assert raised.value.where == "--reference-python"
    return raised.value


@pytest.mark.parametrize("as_folder", [False, True])
def test_it_tells_its_packages(tmp_path: Path, as_folder: bool) -> None:
    path = stand_in(tmp_path, TELLS % __version__)
    assert look_at(tmp_path if as_folder else path) == Interpreter(path, {"torch": "1"})


def test_what_is_asked_of_it_is_answered_by_a_real_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without torch, which takes seconds."""
    program = pythons._LOOK.replace("import annt_prof.loop.worker\n", "")
    assert program != pythons._LOOK
    monkeypatch.setattr(pythons, "_LOOK", program)
    found = look_at(Path(sys.executable))
    assert found.path == Path(sys.executable)
    assert found.packages == installed_versions()


def test_another_version_of_ours_measures_otherwise(tmp_path: Path) -> None:
    error = refused(stand_in(tmp_path, TELLS % "0.0.1"))
    assert f"has annt-prof 0.0.1, and this is {__version__}" in error.message


def test_one_without_us_is_told_how_to_get_us(tmp_path: Path) -> None:
    path = stand_in(tmp_path, "import not_installed_here")
    error = refused(path)
    assert error.message.endswith("No module named 'not_installed_here'")
    assert f"{path} -m pip install annt-prof=={__version__}" in (error.hint or "")


def test_one_that_says_nothing_of_its_end(tmp_path: Path) -> None:
    assert "it said nothing" in refused(stand_in(tmp_path, "raise SystemExit(3)")).message


@pytest.mark.parametrize("says", ["pass", "print('usage: true')", "print('[1]')", "print('{}')"])
def test_what_is_no_python(tmp_path: Path, says: str) -> None:
    assert "is no Python" in refused(stand_in(tmp_path, says)).message


def test_what_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "does not run" in refused(tmp_path / "nome").message
    (tmp_path / "plain").write_text("")
    assert "does not run" in refused(tmp_path / "plain").message
    assert "does not run" in refused(tmp_path).message  # a folder without an environment

    def hang(*_: object, **options: float) -> None:
        raise subprocess.TimeoutExpired("python", options["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    assert "timed out after 120" in refused(tmp_path / "slow").message


def test_changes_are_told_towards_this_one(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"python": "3.12", "torch": "2.15", "numpy": "2"}
    monkeypatch.setattr(pythons, "installed_versions", lambda: here)
    other = Interpreter(Path("python"), {"python": "3.12", "torch": "2.14", "timm": "1"})
    assert changes(other) == (
        ": numpy not installed -> 2, timm 1 -> not installed, torch 2.14 -> 2.15"
    )
    assert changes(Interpreter(Path("python"), here)) == ", with the same packages"
