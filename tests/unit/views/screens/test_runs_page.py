"""The list of runs."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import RunEnded
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.views.page import Sheet
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.runs import build_runs_page, opens_on
from following import dead_since_long
from hand_made import cpu_run, gpu_run, run, variant


def kept(folder: Path, name: str, made: object) -> Path:
    directory = store.create(folder, name, "")
    store.write(directory, made)
    return directory


def test_the_newest_comes_first(tmp_path: Path) -> None:
    older, newer = kept(tmp_path, "older", cpu_run()), kept(tmp_path, "newer", gpu_run())
    os.utime(older / "run.json", ns=(1, 1))
    for directory, moment in ((older, "20200101-000000-a"), (newer, "20250101-000000-b")):
        directory.rename(tmp_path / moment)
    sheet = build_runs_page(tmp_path).blocks[0]
    assert isinstance(sheet, Sheet)
    assert [row.cells[0].value for row in sheet.rows] == ["20250101-000000-b", "20200101-000000-a"]


def test_a_row_tells_what_the_record_has(tmp_path: Path) -> None:
    made = run(variant("baseline", [100.0] * 6), variant("amp", [50.0, 51.0, 49.0] * 2))
    kept(tmp_path, "run", made)
    sheet = build_runs_page(tmp_path).blocks[0]
    (row,) = sheet.rows
    told = {c.key: cell.value for c, cell in zip(sheet.columns, row.cells, strict=True)}
    assert told["variants"] == 2
    assert told["rounds"] == 6
    assert told["best"] == made.variants[1].speedup.ratio
    assert told["factors"] == "amp"
    assert told["state"] == "complete"
    assert told["device"] == made.environment.device_name


def test_a_damaged_one_is_there_with_the_reason(tmp_path: Path) -> None:
    directory = kept(tmp_path, "run", cpu_run())
    (directory / "run.json").write_text("{")
    (row,) = build_runs_page(tmp_path).blocks[0].rows
    assert "damaged" in row.cells[-1].text


def state(folder: Path) -> str:
    (row,) = build_runs_page(folder).blocks[0].rows
    return row.cells[-1].text


def test_one_without_a_record_is_a_row_that_tells_how_it_stands(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "begun", "")
    assert state(tmp_path) == "starting"
    assert opens_on(directory) is Screen.LIVE
    os.utime(directory / "scenario.yaml", (0, 0))
    assert state(tmp_path) == "broken off before anything was measured"
    log = EventLog(directory / "events.jsonl")
    assert state(tmp_path) == "going on"
    dead_since_long(directory / "events.jsonl")
    assert state(tmp_path) == "broken off before anything was measured"
    dead_since_long(directory / "events.jsonl", boot="another")
    assert "whether it goes on is not known" in state(tmp_path)
    log = EventLog(directory / "events.jsonl")
    log.append(RunEnded("failed", "no such model"))
    assert state(tmp_path) == "broken off before anything was measured"


def test_one_whose_record_does_not_tell_its_end_stands_as_its_log_tells(tmp_path: Path) -> None:
    made = msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD)
    directory = kept(tmp_path, "run", made)
    assert state(tmp_path) == STOP_UNTOLD
    EventLog(directory / "events.jsonl")
    assert state(tmp_path) == "going on"
    assert opens_on(directory) is Screen.LIVE
    dead_since_long(directory / "events.jsonl")
    assert state(tmp_path) == "its process ended without a last word"
    assert opens_on(directory) is Screen.OVERVIEW
    EventLog(directory / "events.jsonl").append(RunEnded("failed", "the disk is full"))
    assert state(tmp_path) == "the disk is full"


def test_a_record_is_read_again_only_where_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    load = store.load
    monkeypatch.setattr(store, "load", lambda path: (read.append(path), load(path))[1])
    directory = kept(tmp_path, "run", cpu_run())
    first = build_runs_page(tmp_path)
    assert build_runs_page(tmp_path) == first
    assert read == [directory]
    store.write(directory, gpu_run())
    assert build_runs_page(tmp_path) != first
    assert read == [directory] * 2


def test_without_any_it_says_how_to_make_one(tmp_path: Path) -> None:
    sheet = build_runs_page(tmp_path / "nowhere").blocks[0]
    assert not sheet.rows
    assert "annt-prof run" in sheet.empty
