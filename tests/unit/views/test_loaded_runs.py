"""How a record stands with its run."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import RunEnded
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.views import loading
from annt_prof.views.loading import GONE, LIVES, load_run
from following import dead_since_long
from hand_made import cpu_run

DRAFT = msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = store.create(tmp_path, "run", "")
    store.write(made, DRAFT)
    return made


def test_a_record_that_tells_its_end_is_believed(directory: Path) -> None:
    store.write(directory, cpu_run())
    EventLog(directory / "events.jsonl")
    assert load_run(directory) == (cpu_run(), True)


def test_a_process_that_lives_still_runs(directory: Path) -> None:
    EventLog(directory / "events.jsonl")
    run, is_over = load_run(directory)
    assert (run.stop, is_over) == (LIVES, False)


def test_of_a_process_that_is_gone_it_is_said(directory: Path) -> None:
    EventLog(directory / "events.jsonl")
    dead_since_long(directory / "events.jsonl")
    run, is_over = load_run(directory)
    assert (run.stop, is_over) == (GONE, True)


def test_a_process_that_nobody_sees_is_not_said_to_live_since_something_was_just_written(
    directory: Path,
) -> None:
    EventLog(directory / "events.jsonl")
    dead_since_long(directory / "events.jsonl")
    os.utime(directory / "events.jsonl")
    (directory / "telemetry.csv").write_text(f"time_ns\n{time.monotonic_ns()}\n")
    run, is_over = load_run(directory)
    assert (run.stop, is_over) == (STOP_UNTOLD, False)
    run, is_over = load_run(directory, is_over=True)
    assert (run.stop, is_over) == (GONE, True)


@pytest.mark.parametrize("killed", [False, True])
def test_without_a_record_it_is_said_whether_one_may_follow(tmp_path: Path, killed: bool) -> None:
    directory = store.create(tmp_path, "begun", "")
    EventLog(directory / "events.jsonl")
    if killed:
        dead_since_long(directory / "events.jsonl")
    said = (
        "nothing was measured in this run, which is over" if killed else "nothing is measured yet"
    )
    with pytest.raises(UserError, match=said):
        load_run(directory)


def test_why_a_run_was_broken_off_is_told_by_the_last_line_of_its_log(directory: Path) -> None:
    EventLog(directory / "events.jsonl").append(RunEnded("failed", "the disk is full"))
    run, is_over = load_run(directory)
    assert (run.stop, run.complete, is_over) == ("the disk is full", False, True)


def test_a_record_that_is_written_while_another_is_read_is_the_one_that_counts(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_word_of(place: Path) -> RunEnded:
        store.write(place, cpu_run())
        return RunEnded("complete", cpu_run().stop)

    monkeypatch.setattr(loading, "last_word_of", last_word_of)
    assert load_run(directory) == (cpu_run(), True)


def test_a_record_of_another_name_is_not_told_by_the_log_beside_it(directory: Path) -> None:
    EventLog(directory / "events.jsonl").append(RunEnded("failed", "the disk is full"))
    yesterday = directory / "yesterday.json"
    shutil.copy(directory / "run.json", yesterday)
    assert load_run(yesterday) == (DRAFT, False)
    assert load_run(directory / "run.json").is_over
    (directory / "step_times.csv").write_text("variant\n")
    with pytest.raises(UserError, match="not the record of a run"):
        load_run(directory / "step_times.csv")
