"""The list of runs."""

from __future__ import annotations

import os
from pathlib import Path

from annt_prof.runs import store
from annt_prof.views.page import Lines, Sheet
from annt_prof.views.screens.runs import build_runs_page
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


def test_one_that_was_not_measured_yet_is_named(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "begun", "")
    page = build_runs_page(tmp_path)
    (lines,) = [block for block in page.blocks if isinstance(block, Lines)]
    assert lines.lines[0].text == f"{directory.name}: not measured yet"


def test_without_any_it_says_how_to_make_one(tmp_path: Path) -> None:
    sheet = build_runs_page(tmp_path / "nowhere").blocks[0]
    assert not sheet.rows
    assert "annt-prof run" in sheet.empty
