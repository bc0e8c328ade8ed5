"""A run has its directory from its first moment, and leaves none without a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from test_question import SCENARIO

from annt_prof.errors import UserError
from annt_prof.runner import recording
from annt_prof.runner.recording import Recorded, RunRequest, record_run
from annt_prof.runs import store
from annt_prof.runs.event_log_reader import EventLogReader, alive
from annt_prof.runs.events import Activity, Progressed, RunEnded, Warned
from annt_prof.scenario.loading import load
from hand_made import cpu_run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runs.events import Event


@pytest.fixture
def asked(tmp_path: Path) -> RunRequest:
    scenario = tmp_path / "made.yaml"
    scenario.write_text(f"name: made\n{SCENARIO}")
    return RunRequest(load(scenario), "cpu", None, tmp_path / "runs", tmp_path)


def ending_by(
    monkeypatch: pytest.MonkeyPatch, error: BaseException | None, *, measured: bool = False
) -> None:
    def record(_request: object, directory: Path, notify: Callable[[Event], None]) -> Recorded:
        notify(Activity("starting"))
        reader = EventLogReader(directory / "events.jsonl")
        assert [each.event for each in reader.poll()] == [Activity("starting")]
        assert reader.header is not None
        assert alive(reader.header)
        assert (directory / "scenario.yaml").read_text() == f"name: made\n{SCENARIO}"
        if measured:
            store.write(directory, cpu_run())
        if error is not None:
            raise error
        return Recorded(cpu_run(), directory)

    monkeypatch.setattr(recording, "_record", record)


@pytest.mark.parametrize("error", [UserError("no such model"), KeyboardInterrupt(), OSError()])
def test_what_ends_before_anything_is_measured_leaves_nothing(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    ending_by(monkeypatch, error)
    with pytest.raises(type(error)):
        record_run(asked, lambda _event: None)
    assert not asked.runs_dir.exists()


def test_a_folder_of_runs_that_was_there_stays(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.runs_dir.mkdir()
    ending_by(monkeypatch, UserError("no such model"))
    with pytest.raises(UserError):
        record_run(asked, lambda _event: None)
    assert [*asked.runs_dir.iterdir()] == []


def test_what_is_measured_stays_whatever_goes_wrong(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending_by(monkeypatch, KeyError("gpu"), measured=True)
    with pytest.raises(KeyError):
        record_run(asked, lambda _event: None)
    (directory,) = store.directories(asked.runs_dir)
    (*_, last) = EventLogReader(directory / "events.jsonl").poll()
    assert last.event == RunEnded("failed", "KeyError: 'gpu'")


def test_a_run_without_a_record_is_not_listed(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = []

    def record(_request: object, _directory: Path, _notify: object) -> Recorded:
        listed.append(store.directories(asked.runs_dir))
        raise KeyboardInterrupt

    monkeypatch.setattr(recording, "_record", record)
    with pytest.raises(KeyboardInterrupt):
        record_run(asked, lambda _event: None)
    assert listed == [()]


def test_a_callers_directory_is_the_callers_to_remove(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    into = tmp_path / "into"
    into.mkdir()
    ending_by(monkeypatch, UserError("no such model"))
    request = RunRequest(**vars(asked) | {"directory": into})
    with pytest.raises(UserError):
        record_run(request, lambda _event: None)
    (*_, last) = EventLogReader(into / "events.jsonl").poll()
    assert last.event == RunEnded("failed", "no such model")
    assert not asked.runs_dir.exists()
    assert {path.name for path in into.iterdir()} == {"events.jsonl", "scenario.yaml"}


@pytest.mark.parametrize("there", [False, True], ids=["not there", "of another run"])
def test_a_callers_directory_is_one_for_a_new_run(
    asked: RunRequest, tmp_path: Path, there: bool
) -> None:
    into = tmp_path / "into"
    if there:
        into.mkdir()
        store.write(into, cpu_run())
    told: list[Event] = []
    with pytest.raises(UserError) as raised:
        record_run(RunRequest(**vars(asked) | {"directory": into}), told.append)
    assert told == [RunEnded("failed", raised.value.message)]


def test_a_scenario_at_fault_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    scenario = tmp_path / "made.yaml"
    scenario.write_text(SCENARIO)
    runs = tmp_path / "made.yaml" / "runs"  # below a file
    told: list[Event] = []
    with pytest.raises(UserError):
        record_run(RunRequest(load(scenario), "cpu", None, runs, tmp_path), told.append)
    assert [type(event) for event in told] == [RunEnded]


def test_a_log_that_cannot_be_kept_is_told_once_and_the_run_goes_on(
    asked: RunRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def record(_request: object, directory: Path, notify: Callable[[Event], None]) -> Recorded:
        notify(Activity("starting"))
        notify(Activity("observing"))
        return Recorded(cpu_run(), directory)

    def full(_descriptor: int, _line: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording, "_record", record)
    monkeypatch.setattr("annt_prof.runs.event_log.os.write", full)
    told: list[Event] = []
    record_run(asked, told.append)
    assert [type(event) for event in told] == [Activity, Warned, Activity, Progressed, RunEnded]
