"""The answer on one screen."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from annt_prof import units
from annt_prof.explain.explaining import explain
from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.record import STOP_UNTOLD, Epochs, EpochStart, Run
from annt_prof.runs.verdict import Effect
from annt_prof.views.page import Bars, Lines, Page, Sheet, Tone
from annt_prof.views.screens.overview import build_overview_page
from annt_prof.views.screens.source import RunSource
from following import dead_since_long
from hand_made import MS, cpu_run, gpu_run, lost, run, variant


def page_of(made: Run, folder: Path, *, explained: bool = True) -> Page:
    directory = store.create(folder, "run", "")
    store.write(directory, made)
    source = RunSource(directory)
    return build_overview_page(source, explain(source.run) if explained else None)


def sheet(page: Page) -> Sheet:
    return next(block for block in page.blocks if isinstance(block, Sheet))


def cells(page: Page, name: str) -> dict[str, object]:
    """Return the values of a variant's row by the column's key."""
    table = sheet(page)
    row = next(row for row in table.rows if row.key == name)
    keys = [column.key for column in table.columns]
    return dict(zip(keys, (cell.value for cell in row.cells), strict=True))


def highs(page: Page, name: str) -> dict[str, object]:
    """Return the upper ends of a variant's intervals by the column's key."""
    table = sheet(page)
    row = next(row for row in table.rows if row.key == name)
    pairs = zip(table.columns, row.cells, strict=True)
    return {column.key: cell.high for column, cell in pairs if column.interval}


def texts(page: Page, key: str) -> list[str]:
    """Return the sentences of a block."""
    block = next((b for b in page.blocks if isinstance(b, Lines) and b.key == key), None)
    return [] if block is None else [line.text for line in block.lines]


@pytest.mark.parametrize("made", [cpu_run(), gpu_run()], ids=["cpu", "gpu"])
def test_every_figure_of_the_record_is_in_the_table(made: Run, tmp_path: Path) -> None:
    page = page_of(made, tmp_path)
    for record in made.variants:
        row = cells(page, record.name)
        if record.step_time is None:
            assert row["mean_ns"] is None
            continue
        assert row["mean_ns"] == record.step_time.mean_ns
        assert row["p05_ns"] == record.step_time.p05_ns
        assert row["p95_ns"] == record.step_time.p95_ns
        assert row["throughput"] == record.throughput
        assert row["peak_memory_bytes"] == record.peak_memory_bytes
        assert row["speedup"] == (record.speedup and record.speedup.ratio)
        if record.verdict is not None:
            assert row["verdict"] == record.verdict.effect
            assert row["interval"] == record.speedup.low
            assert highs(page, record.name) == {"interval": record.speedup.high}


def test_every_cell_has_its_column(tmp_path: Path) -> None:
    for made in (cpu_run(), gpu_run()):
        table = sheet(page_of(made, tmp_path))
        assert {len(row.cells) for row in table.rows} == {len(table.columns)}
        assert all(column.meaning.endswith(".") for column in table.columns)


def test_bars_are_the_traced_steps_on_one_scale(tmp_path: Path) -> None:
    made = gpu_run()
    bars = next(b for b in page_of(made, tmp_path).blocks if isinstance(b, Bars))
    traced = {v.name: v.breakdown for v in made.variants if v.breakdown is not None}
    assert [bar.name for bar in bars.bars] == list(traced)
    for bar in bars.bars:
        assert sum(part.value for part in bar.parts) == traced[bar.name].step_ns
    assert bars.full == max(mean.step_ns for mean in traced.values())


def test_substitutions_come_first(tmp_path: Path) -> None:
    page = page_of(cpu_run(), tmp_path)
    assert page.blocks[0].key == "not_as_asked"


def test_what_is_not_complete_says_so_before_anything_else(tmp_path: Path) -> None:
    made = msgspec.structs.replace(cpu_run(), complete=False, stop="interrupted")
    first = page_of(made, tmp_path).blocks[0]
    assert first.key == "incomplete"
    assert first.lines[0].tone is Tone.BAD


def test_whether_a_run_goes_on_is_told_as_far_as_its_log_tells(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "run", "")
    made = msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD)
    store.write(directory, made)

    def told() -> list[str]:
        return texts(build_overview_page(RunSource(directory), None), "incomplete")

    assert told() == [f"INCOMPLETE: {STOP_UNTOLD}"]
    path = directory / "events.jsonl"
    EventLog(path)
    assert told() == ["INCOMPLETE: still running"]
    dead_since_long(path)
    assert told() == ["INCOMPLETE: its process ended without a last word"]
    dead_since_long(path, boot="another")
    assert told() == [f"INCOMPLETE: {STOP_UNTOLD}"]


def test_before_the_first_round_nothing_is_recommended_and_nothing_called_measured(
    tmp_path: Path,
) -> None:
    refused = lost("tf32", "not_applicable", "the device has no TF32")
    made = run(variant("baseline", []), variant("amp", []), refused)
    page = page_of(
        msgspec.structs.replace(made, complete=False, stop=STOP_UNTOLD), tmp_path, explained=False
    )
    assert texts(page, "answer") == ["nothing is measured yet"]
    log = tmp_path / page.title / "events.jsonl"
    EventLog(log)
    going_on = build_overview_page(RunSource(log.parent), None)
    assert texts(going_on, "answer") == ["nothing is measured yet"]
    dead_since_long(log)
    dead = build_overview_page(RunSource(log.parent), None)
    assert texts(dead, "answer") == ["nothing was measured"]
    ended = msgspec.structs.replace(made, complete=False, stop="interrupted")
    ended_page = page_of(ended, tmp_path, explained=False)
    assert texts(ended_page, "answer") == ["nothing was measured"]
    shown = [row.cells[1].text for row in sheet(page).rows]
    assert shown == ["no window", "no window", "not applicable"]


def test_the_recommended_set_is_said_with_its_interval(tmp_path: Path) -> None:
    made = run(variant("baseline", [100.0] * 6), variant("amp", [50.0, 51.0, 49.0] * 2))
    amp = made.variants[1]
    assert amp.verdict.effect is Effect.FASTER
    (use, *_) = texts(page_of(made, tmp_path), "answer")
    assert use.startswith("amp: faster: ")
    assert units.ratio(amp.speedup.ratio) in use


def test_why_explains_what_is_to_be_used(tmp_path: Path) -> None:
    made = run(
        variant("baseline", [100.0] * 6),
        variant("amp", [95.0] * 6),
        variant("pin_memory", [150.0] * 6),
    )
    (answer,) = (b for b in page_of(made, tmp_path).blocks if b.key == "answer")
    assert isinstance(answer, Lines)
    told = {line.label: line.text.split(":")[0] for line in answer.lines}
    assert (told["use"], told["why"], told["beside it"]) == ("amp", "amp", "pin_memory")


def test_where_nothing_is_faster_nothing_is_recommended(tmp_path: Path) -> None:
    made = run(variant("baseline", [100.0] * 6), variant("amp", [100.0] * 6))
    assert texts(page_of(made, tmp_path), "answer") == [
        "nothing that was measured is certainly faster than the baseline"
    ]


def test_beside_a_reference_nothing_is_recommended_and_how_it_came_out_is_said(
    tmp_path: Path,
) -> None:
    sides = variant("baseline", [100.0] * 6), variant("worktree", [150.0, 151.0] * 3)
    made = run(*sides, differences=("worktree: main -> now",), reference="main (1a2b3c4)")
    (answer,) = (b for b in page_of(made, tmp_path).blocks if b.key == "answer")
    assert isinstance(answer, Lines)
    (line,) = answer.lines
    assert line.label == "beside main (1a2b3c4)"
    assert line.text.startswith("worktree: slower: ")


def test_without_an_explanation_the_figures_are_there_already(tmp_path: Path) -> None:
    page = page_of(cpu_run(), tmp_path, explained=False)
    assert texts(page, "answer")[-1] == "being worked out ..."
    assert sheet(page).rows


def test_a_lost_variant_has_a_status_and_its_reason_below(tmp_path: Path) -> None:
    made = run(variant("baseline", [100.0] * 3), lost("amp", "out_of_memory", "8 GiB in use"))
    page = page_of(made, tmp_path)
    assert cells(page, "amp")["verdict"] == "out_of_memory"
    assert sheet(page).notes == ("amp: out of memory: 8 GiB in use",)


def test_a_trace_that_does_not_show_what_was_timed_is_said_below_the_bars(tmp_path: Path) -> None:
    made = gpu_run()
    base = made.variants[0]
    longer = msgspec.structs.replace(base.breakdown, step_ns=5 * base.step_time.mean_ns)
    disagreeing = msgspec.structs.replace(base, breakdown=longer)
    page = page_of(
        msgspec.structs.replace(made, variants=(disagreeing, *made.variants[1:])), tmp_path
    )
    bars = next(block for block in page.blocks if isinstance(block, Bars))
    assert any(
        note.startswith(f"{base.name}: ") and "read the timed figure" in note for note in bars.notes
    )


def test_a_step_that_lacks_the_start_of_its_epoch_is_marked(tmp_path: Path) -> None:
    whole = Epochs(100, starts=(EpochStart(0, 600 * MS),), counted=True)
    made = run(
        variant("baseline", [10.0] * 4, epochs=whole),
        variant("amp", [10.0] * 4, epochs=Epochs(100), skipped=True),
        variant("tf32", [10.0] * 4, epochs=whole, skipped=True),
    )
    assert sheet(page_of(made, tmp_path)).notes == (
        "amp: its step time and samples/s are of the middle of an epoch alone, and the baseline's "
        "take the start in: not to be compared",
    )
