"""Every face reads ``$ANNT_PROF_DATA`` in the same way, with its ``~`` expanded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from annt_prof.cli import explain, fetch, run
from annt_prof.doctor import machine
from annt_prof.errors import UserError
from annt_prof.machine import load
from annt_prof.machine.folders import data_folders
from annt_prof.scenario.schema import DatasetChoice
from annt_prof.workload.datasets import cifar
from annt_prof.workload.fetching import needs

if TYPE_CHECKING:
    import click

NAMED = "~/data"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ANNT_PROF_DATA", NAMED)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def scenario(home: Path) -> str:
    path = home / "some.yaml"
    path.write_text(
        "model: {source: torchvision, name: resnet18}\ndataset: {name: cifar10, batch_size: 4}\n"
    )
    return str(path)


def test_the_given_folder_comes_first_then_the_variable_then_the_cache(home: Path) -> None:
    named, cache = home / "data", home / "cache" / "annt_prof"
    assert data_folders() == (named, cache)
    assert data_folders(Path("~/given")) == (home / "given", named, cache)
    assert data_folders(home / "data") == data_folders(Path(NAMED)) == (named, cache)
    assert data_folders(environment={"ANNT_PROF_DATA": ""}) == (home / ".cache" / "annt_prof",)


@pytest.mark.parametrize(("command", "scenarios"), [(run.command, 1), (explain.command, 2)])
def test_what_measures_expands_it(
    command: click.Command,
    scenarios: int,
    home: Path,
    scenario: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def record_run(request: Any, *_: object) -> None:
        asked.append(request.data_dir)
        raise UserError("measured elsewhere")

    monkeypatch.setattr("annt_prof.runner.recording.record_run", record_run)
    CliRunner().invoke(command, [scenario] * scenarios)
    CliRunner().invoke(command, [*[scenario] * scenarios, "--data-dir=~/other"])
    assert asked == [home / "data", home / "other"]


def test_fetch_expands_it(home: Path, scenario: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def provide(self: needs.DatasetNeed, _progress: object) -> Path:
        fetched.append(self.folders[0])
        return self.folders[0]

    monkeypatch.setattr(needs.DatasetNeed, "fetch", provide)
    result = CliRunner().invoke(fetch.command, [scenario])
    assert fetched == [home / "data"]
    assert str(home / "data") in result.stdout


def test_doctor_expands_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "_LOOK_S", 0.001)
    (home / "data" / "cifar-10-batches-py").mkdir(parents=True)
    (check,) = (each for each in machine.machine_checks() if each.name == "data sets")
    assert f"CIFAR-10 in {home / 'data'}" in check.finding


def test_a_workload_expands_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []

    def find(_name: str, folder: Path) -> None:
        looked.append(folder)
        raise UserError("damaged")

    monkeypatch.setattr(cifar, "find", find)
    with pytest.raises(UserError, match="damaged"):
        cifar.make(DatasetChoice(name="cifar10", batch_size=4), train=True, data_dir=None)
    assert looked == [home / "data"]


def test_a_file_in_place_of_the_folder_is_told_apart(home: Path, scenario: str) -> None:
    (home / "data").touch()
    result = CliRunner().invoke(run.command, [scenario])
    assert result.exit_code == 2
    assert "is a file" in result.output
