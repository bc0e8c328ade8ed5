"""What the Techniques screen says of a hand-made run, every figure of it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from annt_prof.explain.explanation import Explanation
from annt_prof.plan import AGAIN
from annt_prof.report.json.page import page_document
from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.runs.record import Run
from annt_prof.views.page import Bars, Lines, Page, Sheet, Tone
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from annt_prof.views.screens.technique_details import DETAILS
from annt_prof.views.screens.techniques import build_techniques_page
from hand_made import drifting, lost, run, variant
from snapshots.made_runs import whole_mix


def source_of(folder: Path, record: Run) -> RunSource:
    store.write(folder, record)
    return RunSource(folder)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> RunSource:
    return source_of(tmp_path_factory.mktemp("vit_tuned"), whole_mix())


def page_of(source: RunSource, chosen: str | None = None) -> Page:
    return build_techniques_page(source, source.explanation, chosen)


def sheet(page: Page, key: str) -> Sheet:
    (found,) = (b for b in page.blocks if b.key == key)
    assert isinstance(found, Sheet)
    return found


def lines(page: Page, key: str) -> Lines:
    (found,) = (b for b in page.blocks if b.key == key)
    assert isinstance(found, Lines)
    return found


def said(page: Page, key: str) -> str:
    block = lines(page, key)
    return "\n".join([block.title, *(f"{line.label} {line.text}".strip() for line in block.lines)])


def test_the_table_tells_what_each_is_worth(source: RunSource) -> None:
    table = sheet(page_of(source), "techniques")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["amp", "helps", "0.578", "0.577 to 0.579", "0.678", "0.628", "-0.076", "0.667", "held"],
        ["gradient_accumulation", "hurts", "-0.039", "-0.049 to -0.028", "0.061", "0.011",
         "-0.011", "0.072", "NOT held"],
        ["tf32", "not applicable", "-", "-", "-", "-", "-", "-", "-"],
    ]  # fmt: skip
    assert [row.cells[1].tone for row in table.rows] == [Tone.GOOD, Tone.BAD, Tone.QUIET]
    assert all(column.meaning for column in table.columns)


def test_its_values_are_those_of_the_explanation(source: RunSource) -> None:
    amp = source.explanation.techniques[0]
    values = [cell.value for cell in sheet(page_of(source), "techniques").rows[0].cells]
    assert amp.alone is not None
    assert amp.given_others is not None
    assert amp.share is not None
    assert amp.bounds is not None
    assert values == [
        "amp", "helps", amp.alone.ns, amp.alone.low_ns, amp.given_others.ns, amp.share.ns,
        amp.bounds.low_ns, amp.bounds.high_ns, True,
    ]  # fmt: skip


def test_an_interval_has_both_its_ends(source: RunSource) -> None:
    amp = source.explanation.techniques[0]
    assert amp.alone is not None
    page = page_of(source)
    table = sheet(page, "techniques")
    (place,) = (n for n, column in enumerate(table.columns) if column.interval)
    assert table.columns[place].key == "interval_ns"
    assert table.rows[0].cells[place].high == amp.alone.high_ns
    (written,) = (b for b in json.loads(page_document(page))["blocks"] if b["key"] == "techniques")
    cell = written["rows"][0]["cells"][place]
    assert (cell["value"], cell["high"]) == (amp.alone.low_ns, amp.alone.high_ns)


def test_the_whole_mix_is_told_like_in_the_text_report(source: RunSource) -> None:
    assert said(page_of(source), "whole").splitlines() == [
        "The whole mix",
        "design factorial, 4 launches, per sample",
        "baseline 1.122 ms",
        "whole mix saves 0.639 ms (95 % interval 0.635 to 0.643)",
        "predictions 1 of 2 held: told from the baseline alone, beside what was measured",
    ]


def test_what_is_not_as_asked_stands_there(source: RunSource) -> None:
    told = said(page_of(source), "not_as_asked")
    assert "cifar10: generated images" in told
    assert "tf32 cannot act here: the device has no TF32" in told


def test_interactions_and_throughputs_are_told(source: RunSource) -> None:
    page = page_of(source)
    assert (
        "amp and gradient_accumulation together save 0.100 ms (95 % interval 0.091 to 0.109) more"
    ) in said(page, "interactions")
    table = sheet(page, "throughputs")
    assert [row.cells[1].text for row in table.rows] == ["18.361", "38.085", "17.774", "43.024"]


def test_the_waterfall_is_drawn(source: RunSource) -> None:
    (bars,) = (b for b in page_of(source).blocks if isinstance(b, Bars))
    assert len(bars.bars) == 4


def test_the_first_technique_is_told_unless_another_is_chosen(source: RunSource) -> None:
    assert lines(page_of(source), "verdict").title == "amp: helps"
    assert lines(page_of(source, "none of these"), "verdict").title == "amp: helps"
    chosen = page_of(source, "gradient_accumulation")
    assert lines(chosen, "verdict").title == "gradient_accumulation: hurts"
    assert "costs 3.4 % of the time per sample" in said(chosen, "verdict")


def test_its_evidence_is_told_in_the_words_of_the_text_report(source: RunSource) -> None:
    told = said(page_of(source), "evidence")
    assert "alone saves 0.578 ms (95 % interval 0.577 to 0.579)" in told
    assert "with others on top of all others it saves 0.678 ms" in told
    assert "loss scale 65536 to 16384 over 3 steps, 2 steps skipped" in told


def test_the_signature_is_told_mover_by_mover(source: RunSource) -> None:
    table = sheet(page_of(source), "signature")
    texts = [[cell.text for cell in row.cells] for row in table.rows]
    assert texts[0] == ["forward", "falls", "fell", "-0.135", "yes"]
    assert texts[-2:] == [
        ["data_loading", "stays flat", "fell", "-0.052", "NO"],
        ["h2d_copy", "stays flat", "fell", "-0.011", "NO"],
    ]
    movements = source.explanation.techniques[0].signature
    assert [row.cells[3].value for row in table.rows] == [-m.saving_ns for m in movements]
    assert len({row.key for row in table.rows}) == len(movements)


def test_the_prediction_stands_beside_what_was_measured(source: RunSource) -> None:
    table = sheet(page_of(source), "prediction")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["predicted", "-0.076", "-", "0.667"],
        ["measured", "0.577", "0.578", "0.579"],
    ]
    assert table.notes == ("the prediction held",)
    other = sheet(page_of(source, "gradient_accumulation"), "prediction")
    assert other.notes == ("the prediction did NOT hold",)


def test_pitfalls_that_were_found_and_those_looked_for(source: RunSource) -> None:
    page = page_of(source)
    assert "! the loss scale fell twice in 4 steps" in said(page, "pitfalls_found")
    assert "float16_without_scaler" in said(page, "pitfalls")
    other = page_of(source, "gradient_accumulation")
    assert "none of those that are looked for" in said(other, "pitfalls_found")


def test_what_it_is_and_where_it_is_from(source: RunSource) -> None:
    told = said(page_of(source), "about")
    assert "matrix work in float16 or bfloat16 under autocast" in told
    for label in ("does ", "helps when ", "no use when ", "mathematics ", "source Micikevicius"):
        assert f"\n{label}" in told


def test_options_are_those_in_effect(tmp_path: Path) -> None:
    baseline, amp = whole_mix().variants[:2]
    (on,) = amp.techniques
    chosen = msgspec.structs.replace(on, options={"dtype": "bfloat16", "grad_scaler": "auto"})
    amp = msgspec.structs.replace(amp, techniques=(chosen,))
    told = said(page_of(source_of(tmp_path, run(baseline, amp))), "options")
    assert "dtype: bfloat16 (default auto)" in told
    assert "grad_scaler: auto (the default)" in told


def test_what_cannot_act_has_no_figures_and_is_explained_all_the_same(source: RunSource) -> None:
    page = page_of(source, "tf32")
    keys = {block.key for block in page.blocks}
    assert not keys & {"signature", "prediction", "pitfalls_found"}
    assert "the device has no TF32" in said(page, "verdict")
    assert "TF32" in said(page, "about")


def test_a_technique_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    record = run(
        variant("baseline", drifting(20.0, 4, noise=0.004, seed=1)),
        variant("our_[bold]own", drifting(16.0, 4, noise=0.004, seed=2)),
    )
    page = page_of(source_of(tmp_path, record))
    assert 'not known here any more: unknown technique "our_[bold]own"' in said(page, "about")
    assert lines(page, "verdict").title == "our_[bold]own: helps"


def test_a_setting_of_two_scenarios_is_no_lost_technique(tmp_path: Path) -> None:
    record = run(
        variant("baseline", drifting(20.0, 4, noise=0.004, seed=1)),
        variant("dataset.workers", drifting(16.0, 4, noise=0.004, seed=2)),
        differences=("dataset.workers: 0 -> 4",),
        same_in_both=("seed: 0",),
    )
    page = page_of(source_of(tmp_path, record))
    assert "dataset.workers: 0 -> 4" in said(page, "differences")
    assert "seed: 0" in said(page, "same")
    assert "a setting in which the two scenarios differ" in said(page, "about")


def test_the_baseline_against_itself_is_told(tmp_path: Path) -> None:
    record = run(
        variant("baseline", drifting(20.0, 4, noise=0.0004, seed=1)),
        variant("amp", drifting(16.0, 4, noise=0.0004, seed=2)),
        variant(AGAIN, drifting(20.0, 4, noise=0.0004, seed=3), factors=()),
    )
    told = said(page_of(source_of(tmp_path, record)), "whole")
    assert "itself the baseline measured twice is " in told
    assert "as it should be" in told


def test_without_techniques_it_says_so(tmp_path: Path) -> None:
    alone = run(variant("baseline", drifting(20.0, 4, noise=0.004, seed=1)))
    page = page_of(source_of(tmp_path, alone))
    assert "no technique was to be measured" in sheet(page, "techniques").empty
    assert not any(block.key in DETAILS for block in page.blocks)


def test_a_run_that_stopped_half_way_says_so(tmp_path: Path) -> None:
    record = run(
        variant("baseline", drifting(20.0, 4, noise=0.004, seed=1)),
        lost("amp", "crashed", "killed by signal 9"),
        complete=False, stop="interrupted",
    )  # fmt: skip
    page = page_of(source_of(tmp_path, record))
    assert "INCOMPLETE: interrupted" in said(page, "whole")
    assert lines(page, "verdict").title == "amp: not measured"


def test_before_it_is_explained_it_says_that_this_is_being_done(source: RunSource) -> None:
    (block,) = build_techniques_page(source, None).blocks
    assert isinstance(block, Lines)
    assert "working out" in block.lines[0].text


def test_show_prints_the_same(source: RunSource) -> None:
    explanation: Explanation = source.explanation
    page = build_page(Screen.TECHNIQUES, source, digest)
    assert page == build_techniques_page(source, explanation)
    document = msgspec.json.decode(page_document(page))
    assert document["screen"] == "techniques"
    assert {block.key for block in page.blocks} >= DETAILS
