"""Budgets on the overview: there once a run was checked, in the words of ``check``."""

from pathlib import Path

import pytest

from annt_prof.check.kept import keep
from annt_prof.runs import store
from annt_prof.views.check_view import build_check_view
from annt_prof.views.page import Lines, Sheet, Tone
from annt_prof.views.screens.overview import build_overview_page
from annt_prof.views.screens.source import RunSource
from hand_made import cpu_run
from hand_made_checks import CHECKS


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = store.create(tmp_path, "run", "")
    store.write(made, cpu_run())
    return made


def panel(directory: Path) -> Sheet | Lines | None:
    page = build_overview_page(RunSource(directory), None)
    return next((block for block in page.blocks if block.key == "budgets"), None)


def test_a_run_that_was_never_checked_has_no_panel(directory: Path) -> None:
    assert panel(directory) is None


@pytest.mark.parametrize("outcome", CHECKS)
def test_every_budget_stands_there_as_check_prints_it(outcome: str, directory: Path) -> None:
    keep(directory, CHECKS[outcome])
    view, sheet = build_check_view(CHECKS[outcome]), panel(directory)
    assert isinstance(sheet, Sheet)
    assert sheet.title == f"Budgets: {view.word}, {view.verdict}"
    assert len({row.key for row in sheet.rows}) == len(view.rows)
    for row, told in zip(sheet.rows, view.rows, strict=True):
        texts = [cell.text for cell in row.cells]
        assert texts == [told.label, told.word, told.measured, told.limit, told.margin]
        checked = told.checked
        value = None if checked.estimate is None else checked.estimate.value
        values = [cell.value for cell in row.cells[1:]]
        assert values == [told.outcome.value, value, checked.limit_in_effect, told.excess]


def test_of_a_failure_what_grew_most_comes_before_what_was_not_told(directory: Path) -> None:
    keep(directory, CHECKS["failure"])
    sheet = panel(directory)
    assert isinstance(sheet, Sheet)
    mistake, most, new, *others = sheet.notes
    assert mistake == "no_pitfalls: item_every_iteration: a tensor was read in 9 of 10 iterations"
    assert most.startswith("step_time of full to reference: most grew category host_bound 3.00 ->")
    assert new == "new mistake: a tensor was read in 9 of 10 iterations"
    assert [note.split(":")[0] for note in others] == ["data_loading", "throughput"]
    tones = {row.cells[0].text: row.cells[1].tone for row in sheet.rows}
    assert tones["no_pitfalls"] is Tone.BAD
    assert tones["data_loading"] is Tone.UNSURE
    assert tones["step_time of full"] is Tone.GOOD


def test_the_verdict_is_seen_before_the_variants(directory: Path) -> None:
    keep(directory, CHECKS["pass"])
    keys = [block.key for block in build_overview_page(RunSource(directory), None).blocks]
    assert keys.index("answer") < keys.index("budgets") < keys.index("variants")


def test_a_damaged_result_is_told_beside_the_rest(directory: Path) -> None:
    (directory / "check.json").write_text("{")
    block = panel(directory)
    assert isinstance(block, Lines)
    assert "is not the result of a check, or is damaged" in block.lines[0].text
    assert block.lines[0].tone is Tone.BAD
