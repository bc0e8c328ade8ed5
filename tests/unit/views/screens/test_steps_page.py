"""The steps page shows every figure of the windows as they were, and leaves none out."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import numpy as np
import pytest

from annt_prof.categories import Phase
from annt_prof.runs import store
from annt_prof.runs.digests import make
from annt_prof.runs.record import TimedWindow, VariantRecord
from annt_prof.testing import TraceBuilder
from annt_prof.views.page import Lines, Sheet
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from annt_prof.views.screens.steps import (
    build_steps_page,
    build_trace_steps_page,
    step_of,
    variant_of,
)
from annt_prof.views.step_strip import build_step_strips, outliers
from hand_made import lost, run, variant

MS = 1_000_000


def window(number: int, launch: int, steps_ms: tuple[float, ...], wall_ms: float) -> TimedWindow:
    return TimedWindow(
        round=number, position=0, started_ns=number, ended_ns=number + 1,
        step_ns=tuple(round(ms * MS) for ms in steps_ms), iterations=len(steps_ms),
        samples=8, wall_ns=round(wall_ms * MS), launch=launch,
    )  # fmt: skip


def stepping(name: str = "baseline", **changes: object) -> VariantRecord:
    """Two launches of which the second has one step far out of the others."""
    made = variant(name, [10.0, 10.0], **changes)
    windows = (
        window(1, 0, (10.0, 10.2, 9.8, 10.1), 41.0),
        window(0, 0, (10.0, 10.3), 20.5),
        window(2, 1, (9.8, 10.0, 30.0, 10.2), 60.1),
    )
    return msgspec.structs.replace(made, windows=windows)


def page_of(folder: Path, *variants: VariantRecord) -> Sheet:
    store.write(folder, run(*variants))
    (sheet,) = build_steps_page(RunSource(folder)).blocks
    assert isinstance(sheet, Sheet)
    return sheet


def test_launches_are_told_apart_with_their_figures(tmp_path: Path) -> None:
    sheet = page_of(tmp_path, stepping(trace="tensorboard/baseline/kineto.json.gz"))
    assert [column.title for column in sheet.columns] == [
        "variant", "launch", "rounds", "iterations", "mean ms", "p05 ms", "p95 ms", "longest ms",
        "outliers", "trace",
    ]  # fmt: skip
    assert [[cell.text for cell in row.cells] for row in sheet.rows] == [
        ["baseline", "1", "2", "6", "10.25", "9.85", "10.28", "10.30", "0", "yes"],
        ["baseline", "2", "1", "4", "15.03", "9.83", "27.03", "30.00", "1", "yes"],
    ]
    assert [row.cells[1].value for row in sheet.rows] == [1, 2]
    assert sheet.rows[1].cells[4].value == 60.1 * MS / 4
    assert sheet.rows[1].cells[7].value == 30 * MS
    assert variant_of(sheet.rows[1].key) == "baseline"


def test_show_prints_the_same_page(tmp_path: Path) -> None:
    store.write(tmp_path, run(stepping()))
    source = RunSource(tmp_path)
    assert build_page(Screen.STEPS, source, make) == build_steps_page(source)


def test_what_an_outlier_is_and_that_none_is_left_out_is_said(tmp_path: Path) -> None:
    notes = " ".join(page_of(tmp_path, stepping()).notes)
    assert "3 interquartile ranges" in notes
    assert "no step is left out of any figure" in notes
    assert "accumulation" not in notes


def test_accumulation_and_lost_variants_are_said(tmp_path: Path) -> None:
    many = stepping("many", iterations_per_optimizer_step=4)
    gone = lost("gone", "crashed", "ended by signal 9")
    sheet = page_of(tmp_path, stepping(), many, gone)
    assert any("optimizer step's time per iteration" in note for note in sheet.notes)
    assert any(note.startswith("gone: ") for note in sheet.notes)
    assert {row.cells[9].text for row in sheet.rows} == {"-"}


def test_a_variant_with_a_stroke_in_its_name_keeps_it(tmp_path: Path) -> None:
    sheet = page_of(tmp_path, stepping(), stepping("a/b"))
    assert variant_of(sheet.rows[-1].key) == "a/b"


def test_a_run_without_windows_says_so(tmp_path: Path) -> None:
    sheet = page_of(tmp_path, lost("baseline", "crashed", "ended"))
    assert sheet.rows == ()
    assert sheet.empty


def test_outliers_are_told_on_the_logarithm_and_of_enough_steps() -> None:
    usual = np.array([100, 110, 90, 105, 95, 100, 102, 98], np.int64)
    assert not outliers(usual).any()
    assert outliers(np.append(usual, 1_000)).tolist() == [False] * 8 + [True]
    assert outliers(np.append(usual, 10)).tolist() == [False] * 8 + [True]
    skewed = np.array([100] * 4 + [200] * 4 + [1_000, 1_700], np.int64)  # fences at 12.5 and 1,600
    assert outliers(skewed).tolist() == [False] * 9 + [True]
    assert not outliers(np.array([1, 1, 1, 1, 1, 1, 100], np.int64)).any()


def test_a_strip_has_its_steps_as_they_ran_and_all_of_them() -> None:
    strips = build_step_strips([stepping(), lost("gone", "crashed", "x")])
    (strip,) = strips.strips
    ran_ms = [10.0, 10.3, 10.0, 10.2, 9.8, 10.1, 9.8, 10.0, 30.0, 10.2]
    assert (strip.step_ns / MS).tolist() == ran_ms
    assert strip.launch.tolist() == [0] * 6 + [1] * 4
    assert strip.text == "9.80 to 30.00 ms"
    assert (strips.least_ns, strips.most_ns) == (9.8 * MS, 10.3 * MS)
    assert strips.scale == "9.80 to 10.30 ms"


@pytest.mark.parametrize("num_cells", [1, 3, 7, 10, 40])
def test_cells_of_a_strip_against_a_plain_reading(num_cells: int) -> None:
    strips = build_step_strips([stepping()])
    (strip,) = strips.strips
    cells, number = strips.cells(strip, num_cells), len(strip.step_ns)
    edges = [place * number // num_cells for place in range(num_cells + 1)]
    for place in range(num_cells):
        inside = range(edges[place], max(edges[place + 1], edges[place] + 1))
        shares = [(strip.step_ns[i] - strips.least_ns) / (0.5 * MS) for i in inside]
        assert cells.low[place] == pytest.approx(min(max(min(shares), 0), 1))
        assert cells.high[place] == pytest.approx(min(max(max(shares), 0), 1))
        assert cells.outlier[place] == any(strip.outlier[i] for i in inside)
        assert cells.launch[place] == strip.launch[inside[-1]]
    assert cells.begins.sum() == (1 if num_cells == 1 else 2)


def test_a_launch_is_named_where_it_begins() -> None:
    windows = tuple(window(number, number, (10.0,) * 3, 30.0) for number in range(5))
    many = msgspec.structs.replace(stepping(), windows=windows)
    strips = build_step_strips([many])
    for num_cells in range(5, 40):
        cells = strips.cells(strips.strips[0], num_cells)
        assert cells.launch[cells.begins].tolist() == [0, 1, 2, 3, 4], num_cells


def test_ten_thousand_steps_become_so_many_cells() -> None:
    draw = random.Random(3)
    steps = tuple(draw.uniform(9, 11) for _ in range(10_000))
    many = msgspec.structs.replace(stepping(), windows=(window(0, 0, steps, 1e5),))
    strips = build_step_strips([many])
    cells = strips.cells(strips.strips[0], 100)
    assert len(cells.low) == 100
    assert cells.low.min() == 0.0
    assert cells.high.max() == 1.0


def trace(folder: Path) -> Path:
    builder = TraceBuilder()
    for number, length in enumerate((100_000, 140_000)):
        begin = 1_000_000 * number
        builder.step(begin, begin + length).phase(Phase.FORWARD, begin, begin + length)
        builder.kernel("gemm", begin + 30_000, begin + 70_000, launch_ns=begin + 10_000)
    return builder.write(folder / "trace.json")


def test_the_steps_of_a_trace_by_category(tmp_path: Path) -> None:
    path = trace(tmp_path)
    page = build_trace_steps_page(path.name, make(path))
    sheet = page.blocks[0]
    assert isinstance(sheet, Sheet)
    assert [column.key for column in sheet.columns] == [
        "step", "wall_ns", "host_bound_ns", "forward_ns", "others_ns",
    ]  # fmt: skip
    assert [cell.value for cell in sheet.rows[1].cells] == [
        "ProfilerStep#1", 140_000, 100_000, 40_000, 0,
    ]  # fmt: skip
    assert step_of(sheet.rows[1].key) == 1
    assert sum(c.value for c in sheet.rows[0].cells[2:]) == sheet.rows[0].cells[1].value


def test_steps_of_one_name_have_a_row_and_a_timeline_each(tmp_path: Path) -> None:
    path = trace(tmp_path)
    path.write_text(path.read_text().replace("ProfilerStep#1", "ProfilerStep#0"))
    sheet = build_trace_steps_page(path.name, make(path)).blocks[0]
    assert isinstance(sheet, Sheet)
    assert [row.cells[0].text for row in sheet.rows] == ["ProfilerStep#0"] * 2
    assert [row.cells[1].value for row in sheet.rows] == [100_000, 140_000]
    assert [step_of(row.key) for row in sheet.rows] == [0, 1]


def test_a_trace_that_is_not_read_yet_has_no_blocks_and_show_reads_it(tmp_path: Path) -> None:
    path = trace(tmp_path)
    assert build_trace_steps_page(path.name, None).blocks == ()
    page = build_page(Screen.STEPS, TraceSource(path), make)
    assert page == build_trace_steps_page(path.name, make(path))
    assert list(tmp_path.iterdir()) == [path]


def test_a_trace_that_breaks_off_says_what_it_lacks(tmp_path: Path) -> None:
    path = trace(tmp_path)
    text = path.read_text()
    path.write_text(text[: text.rindex("{")])
    page = build_trace_steps_page(path.name, make(path))
    sheet, remarks = page.blocks
    assert isinstance(sheet, Sheet)
    assert isinstance(remarks, Lines)
    assert sheet.rows
    assert "breaks off" in " ".join(line.text for line in remarks.lines)
