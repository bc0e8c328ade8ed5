"""What the Advice screen says of hand-made runs and of a trace."""

from __future__ import annotations

import io
from pathlib import Path

import msgspec
import pytest
from rich.console import Console

from annt_prof.errors import UserError
from annt_prof.report.text.page import render_page
from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.scenario.effective import EffectiveValue
from annt_prof.testing import TraceBuilder
from annt_prof.views.advising import advice_of_run, advice_on
from annt_prof.views.page import Lines, Page, Sheet
from annt_prof.views.screens.advice import CHANGE, DETAILS, build_advice_page
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from annt_prof.views.trial import build_trial
from hand_made import drifting, run, variant
from snapshots.made_runs import whole_mix

SCENARIO = """\
# mine
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 8, image_size: 32}
optimizer: {name: sgd, lr: 0.1}
schedule: {name: constant}
techniques:
  amp:
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> RunSource:
    folder = tmp_path_factory.mktemp("vit_tuned")
    store.write(folder, whole_mix())
    (folder / "scenario.yaml").write_text(SCENARIO)
    return RunSource(folder)


@pytest.fixture(scope="module")
def page(source: RunSource) -> Page:
    return page_of(source)


def page_of(source: RunSource, chosen: str | None = None) -> Page:
    return build_advice_page(source.title, advice_on(source), source.explanation, chosen)


def block(page: Page, key: str) -> Sheet | Lines:
    (found,) = (b for b in page.blocks if b.key == key)
    assert isinstance(found, Sheet | Lines)
    return found


def said(page: Page, key: str) -> str:
    lines = block(page, key)
    assert isinstance(lines, Lines)
    return "\n".join([lines.title, *(f"{line.label} {line.text}".strip() for line in lines.lines)])


def sheet(page: Page) -> Sheet:
    found = block(page, "predictions")
    assert isinstance(found, Sheet)
    return found


def test_the_table_tells_the_bounds_and_what_was_measured(page: Page) -> None:
    table = sheet(page)
    rows = {row.key: [cell.text for cell in row.cells] for row in table.rows}
    assert rows["amp"] == ["amp", "-4.88", "42.69", "59.4 %", "helps"]
    assert rows["compile"] == ["compile", "-4.88", "15.32", "21.3 %", "-"]
    assert rows["tf32"][-1] == "not applicable"
    assert table.title == "What each technique could save of a step of 71.84 ms"
    assert "not calibrated" in table.notes[0]


def test_its_values_are_those_of_the_advice(page: Page, source: RunSource) -> None:
    advice = advice_of_run(source.run)
    values = [[cell.value for cell in row.cells[1:4]] for row in sheet(page).rows]
    assert values == [[s.low_ns, s.high_ns, s.share] for s in advice.predicted]


def test_next_steps_and_what_is_not_predicted_are_told(page: Page) -> None:
    assert "compile: could save up to 21.3 % of the step" in said(page, "next_steps")
    assert "set_to_none: not applicable: the baseline does so already" in said(
        page, "not_predicted"
    )


def test_of_the_chosen_one_all_is_told(source: RunSource) -> None:
    page = page_of(source, "compile")
    assert "compile\nit cannot save more than what fusion can shorten" in said(page, "limit")
    assert "torch.compile" in said(page, "technique")
    assert {b.key for b in page.blocks} >= DETAILS


def test_its_change_is_yaml_that_loads(source: RunSource) -> None:
    change = block(page_of(source, "compile"), CHANGE)
    assert isinstance(change, Lines)
    assert change.verbatim
    assert [line.text for line in change.lines] == [
        "techniques:", "  compile:", "    mode: default", "    dynamic: false",
        "    fullgraph: false",
    ]  # fmt: skip


def test_show_prints_the_change_as_it_is_to_be_copied(source: RunSource) -> None:
    out = io.StringIO()
    render_page(page_of(source, "compile"), Console(file=out, width=80))
    assert "\ntechniques:\n  compile:\n    mode: default\n" in out.getvalue()


def test_what_is_in_the_mix_needs_no_change(page: Page) -> None:
    change = block(page, CHANGE)
    assert isinstance(change, Lines)
    assert not change.verbatim
    assert "in this run's mix already" in change.lines[0].text


def test_a_run_that_was_not_traced_says_why_there_is_none(tmp_path: Path) -> None:
    store.write(
        tmp_path,
        run(
            variant("baseline", drifting(20.0, 4, noise=0.2, seed=1)),
            variant("amp", drifting(16.0, 4, noise=0.2, seed=2)),
        ),
    )
    page = build_page(Screen.ADVICE, RunSource(tmp_path), digest)
    assert "nothing to predict from: the baseline of this run was not traced" in said(
        page, "why_none"
    )
    assert "amp: more launches would tell" in said(page, "next_steps")


def test_show_prints_the_same(source: RunSource, page: Page) -> None:
    assert build_page(Screen.ADVICE, source, digest) == page


def test_a_trace_alone_is_enough(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 100, 900, launch_ns=50)
    path = builder.write(tmp_path / "some.json")
    page = build_page(Screen.ADVICE, TraceSource(path), digest)
    assert "the step as it was traced" in sheet(page).title
    assert [c.key for c in sheet(page).columns] == ["technique", "low_ns", "high_ns", "share"]
    assert not any(b.key == "next_steps" for b in page.blocks)


def test_a_file_that_is_no_trace_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("[]")
    with pytest.raises(UserError):
        build_page(Screen.ADVICE, TraceSource(tmp_path / "some.json"), digest)


def test_before_it_is_there_it_says_that_it_is_worked_out() -> None:
    (waiting,) = build_advice_page("a run", None).blocks
    assert isinstance(waiting, Lines)
    assert "working out" in waiting.lines[0].text


def test_a_trial_is_the_scenario_with_one_more(source: RunSource) -> None:
    trial = build_trial(source, "compile")
    assert trial.name == "vit_tuned-compile"
    assert trial.text.startswith("# mine\nmodel:")
    new = [trial.text.splitlines()[line] for line in sorted(trial.new_lines)]
    assert new == ["  compile:", "    mode: default", "    dynamic: false", "    fullgraph: false"]


def test_a_trial_says_what_it_lacks(source: RunSource) -> None:
    assert build_trial(source, "compile").caveats == (
        "the run had --set window.precision=0.03, which this scenario does not hold",
    )


def test_a_trial_of_what_is_there_already_is_refused(source: RunSource) -> None:
    with pytest.raises(UserError, match="amp is in the scenario's mix already"):
        build_trial(source, "amp")


def test_a_trial_without_a_scenario_is_refused(tmp_path: Path) -> None:
    store.write(tmp_path, whole_mix())
    with pytest.raises(UserError, match="keeps no scenario"):
        build_trial(RunSource(tmp_path), "compile")


def test_a_trial_that_cannot_be_valid_is_refused(tmp_path: Path) -> None:
    store.write(tmp_path, whole_mix())
    (tmp_path / "scenario.yaml").write_text("name: none\n")
    with pytest.raises(UserError, match="dataset"):
        build_trial(RunSource(tmp_path), "compile")


def test_a_trial_of_a_run_of_two_scenarios_says_of_which_it_is(tmp_path: Path) -> None:
    record = msgspec.structs.replace(
        whole_mix(),
        differences=("seed: 0 -> 1",),
        scenario=(EffectiveValue("seed", 0, "default"),),
    )
    store.write(tmp_path, record)
    (tmp_path / "scenario.yaml").write_text(SCENARIO)
    (caveat,) = build_trial(RunSource(tmp_path), "compile").caveats
    assert "this is the first of them" in caveat
