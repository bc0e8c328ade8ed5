"""One trace on one screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from annt_prof.analysis.analysis import Analysis, analyze
from annt_prof.categories import Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.views.page import Bars, Lines, Sheet
from annt_prof.views.screens.trace_overview import build_trace_overview_page


@pytest.fixture
def analysis(tmp_path: Path) -> Analysis:
    builder = TraceBuilder().step(0, 10_000)
    builder.phase(Phase.FORWARD, 0, 5_000).phase(Phase.BACKWARD, 5_000, 9_000)
    builder.operator("aten::mm", 100, 400)
    builder.kernel("gemm", 1_000, 5_000, launch_ns=200)
    builder.kernel("gemm_backward", 6_000, 9_000, launch_ns=5_500)
    return analyze(read(builder.write(tmp_path / "trace.json")))


def test_the_categories_are_those_of_the_analysis(analysis: Analysis) -> None:
    page = build_trace_overview_page("trace", analysis)
    sheet = next(block for block in page.blocks if isinstance(block, Sheet))
    assert analysis.breakdown is not None
    mean = analysis.breakdown.mean
    spent = {row.key: row.cells[1].value for row in sheet.rows if row.cells[1].value is not None}
    assert spent == {c: ns for c, ns in mean.by_category_ns.items() if ns}
    assert sum(spent.values()) == mean.step_ns == 10_000


def test_the_path_of_all_categories_is_the_step(analysis: Analysis) -> None:
    page = build_trace_overview_page("trace", analysis)
    sheet = next(block for block in page.blocks if isinstance(block, Sheet))
    assert sum(row.cells[3].value for row in sheet.rows) == 10_000
    texts = {row.key: row.cells[3].text for row in sheet.rows}
    assert texts["host_bound"] == "0.010"  # the host waits for nothing, and ends last
    assert texts["backward"] == "0.000"


def test_the_bar_is_as_long_as_the_step(analysis: Analysis) -> None:
    page = build_trace_overview_page("trace", analysis)
    bars = next(block for block in page.blocks if isinstance(block, Bars))
    (bar,) = bars.bars
    assert sum(part.value for part in bar.parts) == bars.full == 10_000
    assert bar.text == "0.010 ms"


def test_what_the_file_says_of_itself_is_there(analysis: Analysis) -> None:
    page = build_trace_overview_page("trace", analysis)
    told = {line.label: line.text for b in page.blocks if isinstance(b, Lines) for line in b.lines}
    assert told["events"] == str(analysis.num_events)
    assert told["file"].endswith("trace.json")


def test_without_a_device_the_path_is_not_known(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 10_000).phase(Phase.FORWARD, 0, 5_000)
    builder.operator("aten::mm", 100, 400)
    page = build_trace_overview_page("t", analyze(read(builder.write(tmp_path / "trace.json"))))
    sheet = next(block for block in page.blocks if isinstance(block, Sheet))
    assert {row.cells[3].text for row in sheet.rows} == {"-"}


def test_what_was_not_measured_is_named_in_the_sentence_that_says_why(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 10_000).operator("aten::mm", 100, 400)
    page = build_trace_overview_page("t", analyze(read(builder.write(tmp_path / "t.json"))))
    block = next(block for block in page.blocks if block.key == "not_measured")
    assert isinstance(block, Lines)
    assert not any(line.label for line in block.lines)
    said = next(line.text for line in block.lines if "kernels" in line.text)
    parts, reason = said.split(": ")
    assert len(parts.split(", ")) > 1
    assert reason == "the trace has no device activities"
