"""The screen of kernels: what comes first, and the same figures as ``analyze`` prints."""

from pathlib import Path

import msgspec
import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.errors import UserError
from annt_prof.runs.digests import digest, make
from annt_prof.trace.reading import read
from annt_prof.views.kernels_view import build_kernels_view
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.kernels import Shown, build_kernels_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from annt_prof.views.work.groups import Grouping
from annt_prof.views.work.traced import first_traced, traced_of
from hand_made import run, variant
from hand_made_work import broken_off, on_host, traced

TRACE = Path(__file__).parents[3] / "fixtures" / "traces" / "h100_baseline.json.gz"


def keys(page):
    return [block.key for block in page.blocks]


def test_kernels_come_first_and_of_a_host_the_operators_do():
    page = build_kernels_page("a run", traced())
    assert (page.screen, page.title) == (Screen.KERNELS, "a run")
    assert keys(page) == ["kernels", "operators"]
    assert keys(build_kernels_page("a run", on_host())) == ["operators", "kernels"]


def test_groups_and_one_groups_kernels():
    assert keys(build_kernels_page("", traced(), None, Shown(Grouping.PHASE))) == [
        "groups", "operators",
    ]  # fmt: skip
    page = build_kernels_page("", traced(), None, Shown(Grouping.PHASE, "backward"))
    assert keys(page) == ["members", "operators"]
    assert "of phase backward" in page.blocks[0].title
    assert keys(build_kernels_page("", on_host(), None, Shown(Grouping.PHASE))) == [
        "operators", "kernels",
    ]  # fmt: skip


def test_two_variants_side_by_side():
    page = build_kernels_page("", traced(), traced("amp"))
    assert keys(page) == ["kernel_changes", "operator_changes"]
    page = build_kernels_page("", traced(), traced("amp"), Shown(Grouping.CLASS))
    assert keys(page) == ["group_changes", "operator_changes"]
    page = build_kernels_page("", on_host(), on_host("other"))
    assert keys(page) == ["operator_changes", "kernel_changes"]


def test_a_file_that_breaks_off_is_told_of_first():
    page = build_kernels_page("", traced(), broken_off(traced("amp")))
    assert keys(page)[0] == "broken_off_1"
    assert page.blocks[0].lines[0].text.startswith("the trace of amp breaks off")


def test_figures_are_those_that_analyze_prints():
    page = build_page(Screen.KERNELS, TraceSource(TRACE), make)
    view = build_kernels_view(analyze(read(TRACE), top=10**6).kernels, complete=True)
    sheet = page.blocks[0]
    assert len(view.lines) > 30
    assert len(sheet.rows) == view.num_names
    columns = [column.key for column in sheet.columns]
    for row, line in zip(sheet.rows, view.lines, strict=False):
        cells = dict(zip(columns, [cell.value for cell in row.cells], strict=True))
        assert cells["kernel"] == line.name
        for key in ("total_ns", "share_of_steps", "count", "p50_ns", "p95_ns", "tensor_cores",
                    "occupancy"):  # fmt: skip
            assert cells[key] == getattr(line, key)
    counts = sum(row.cells[columns.index("count")].value for row in sheet.rows)
    assert counts == view.num_launches
    assert f"{view.num_launches:,} launches" in sheet.title


def test_groups_of_a_recorded_trace_add_up_to_its_kernels():
    digest = make(TRACE)
    found = traced_of(TraceSource(TRACE), TRACE.name, digest)
    for grouping in (Grouping.CLASS, Grouping.PHASE, Grouping.OPERATOR):
        page = build_kernels_page("", found, None, Shown(grouping))
        total_ns = sum(row.cells[1].value for row in page.blocks[0].rows)
        assert total_ns == digest.analysis.kernels.total_ns


def test_a_step_is_of_a_variants_batch_and_the_first_trace_that_is_there_is_shown(
    tmp_path, monkeypatch
):
    made = run(
        msgspec.structs.replace(variant("baseline", [10.0]), trace="lost.json"),
        msgspec.structs.replace(variant("amp", [9.0]), trace="amp.json", samples_per_iteration=32),
    )
    (tmp_path / "amp.json").touch()
    source = RunSource(tmp_path)
    monkeypatch.setattr(RunSource, "run", made)
    assert first_traced(source) == "amp"
    (tmp_path / "amp.json").unlink()
    assert first_traced(source) == "baseline"
    digest = make(TRACE)
    assert traced_of(source, "amp", digest).samples == 32
    assert traced_of(TraceSource(TRACE), TRACE.name, digest).samples is None


def test_a_run_without_traces_says_so(tmp_path, monkeypatch):
    made = run(msgspec.structs.replace(variant("baseline", [10.0]), trace=None))
    monkeypatch.setattr(RunSource, "run", made)
    with pytest.raises(UserError, match="no variant was traced"):
        build_page(Screen.KERNELS, RunSource(tmp_path), digest)
