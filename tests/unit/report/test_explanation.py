"""The text of an explanation: every part is there, nothing runs over, names stay data."""

import io
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from annt_prof.categories import Category
from annt_prof.compare.old_records import with_figures
from annt_prof.explain.explaining import explain
from annt_prof.machine.ceilings import Ceilings
from annt_prof.report.text.explanation import render_explanation
from annt_prof.report.text.waterfall import waterfall
from annt_prof.runs import store
from annt_prof.views.explanation_view import build_explanation_view
from annt_prof.views.palette import LOOKS
from annt_prof.views.waterfall import build_waterfall_view
from hand_made import breakdown, cpu_run, gpu_run, run, variant

RUNS = Path(__file__).parents[2] / "fixtures" / "runs"
CEILINGS = Ceilings({"float32": 5e13, "tf32": 4e14, "float16": 8e14}, 1.0, 1.0, 1.0, 1.0)


def shown(explanation, width):
    out = io.StringIO()
    render_explanation(build_explanation_view(explanation), Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("made", [cpu_run, gpu_run], ids=["cpu", "gpu"])
def test_every_technique_has_its_verdict_and_lines_fit(made, width):
    explanation = explain(made())
    text = shown(explanation, width)
    for each in explanation.techniques:
        assert f"{each.name}  {each.worth.value.replace('_', ' ')}" in text
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.isprintable() or "\x1b" not in text


def test_names_are_never_markup():
    hostile = "[bold]amp[/bold]\x1b[31m"
    base = variant("baseline", [100.0, 101, 99], breakdown=breakdown(100.0, forward=0.5))
    other = variant(
        hostile, [50.0, 51, 49], factors=(hostile,), breakdown=breakdown(50.0, forward=0.5)
    )
    text = shown(explain(run(base, other)), 100)
    assert "[bold]amp[/bold]" in text
    assert "\x1b" not in text


def whole(ms_by_set):
    """A run over two techniques with a breakdown of each set."""
    variants = [
        variant(name, [ms, ms + 1, ms - 1], factors=names, breakdown=breakdown(ms, forward=0.5))
        for name, names, ms in ms_by_set
    ]
    return run(*variants)


def test_the_waterfall_goes_from_the_baseline_to_the_whole():
    explanation = explain(
        whole([("baseline", (), 100.0), ("a", ("a",), 60.0), ("b", ("b",), 110.0),
               ("all", ("a", "b"), 70.0)])
    )  # fmt: skip
    lines = [line.plain for line in waterfall(build_waterfall_view(explanation), 80)]
    assert [line.split()[0] for line in lines[:4]] == ["baseline", "a", "b", "the"]
    assert lines[1].split()[1].startswith("-")
    assert lines[2].split()[1].startswith("+")
    # A saving is drawn up to where the bar before it ends, a loss from there on.
    ends = [len(line.rstrip()) for line in lines[:4]]
    assert abs(ends[0] - ends[1]) <= 1
    assert ends[2] > ends[3] - 2


def test_the_waterfall_has_the_colours_of_the_picture():
    explanation = explain(whole([("baseline", (), 100.0), ("a", ("a",), 60.0)]))
    drawn = {
        (line.plain[span.start : span.end][0], str(span.style))
        for line in waterfall(build_waterfall_view(explanation), 80)
        for span in line.spans
        if " on " in str(span.style)
    }
    forward = LOOKS[Category.FORWARD]
    assert (forward.glyph, f"{forward.ink} on {forward.colour}") in drawn
    assert drawn <= {(look.glyph, f"{look.ink} on {look.colour}") for look in LOOKS.values()}


def test_no_waterfall_without_shares():
    explanation = explain(whole([("baseline", (), 100.0)]))
    assert build_waterfall_view(msgspec.structs.replace(explanation, total=None)) is None


def test_no_waterfall_of_a_single_launch():
    """Shares without an interval are no facts to draw."""
    sets = [("baseline", (), 100.0), ("a", ("a",), 60.0)]
    variants = [
        variant(name, [ms, ms + 1, ms - 1], factors=names, rounds_per_launch=3)
        for name, names, ms in sets
    ]
    assert build_waterfall_view(explain(run(*variants))) is None


@pytest.mark.parametrize("width", [50, 80])
def test_a_waterfall_stays_on_its_lines_whatever_the_shares(width):
    """Alone each saves nearly all, together the one undoes the other."""
    explanation = explain(
        whole([("baseline", (), 100.0), ("a", ("a",), 20.0), ("b", ("b",), 400.0),
               ("all", ("a", "b"), 30.0)])
    )  # fmt: skip
    lines = [line.plain for line in waterfall(build_waterfall_view(explanation), width)]
    assert max(map(cell_len, lines)) <= width
    assert [line.split()[0] for line in lines[:4]] == ["baseline", "a", "b", "the"]


def test_the_whole_mix_is_the_baseline_without_its_saving():
    explanation = explain(whole([("baseline", (), 100.0), ("a", ("a",), 60.0)]))
    shown_ms = [
        float(line.plain.split()[-3])
        for line in list(waterfall(build_waterfall_view(explanation), 80))[:1]
    ]
    assert shown_ms == [12.5]  # per sample, 8 of them
    assert explanation.baseline_ns - explanation.total.ns == pytest.approx(7_500_000, rel=1e-3)


def test_what_is_not_as_asked_and_what_is_missing_come_first():
    record = msgspec.structs.replace(cpu_run(), complete=False, stop="interrupted")
    text = shown(explain(record), 200)
    assert "INCOMPLETE: interrupted" in text
    assert "pretrained weights of vit_base_patch16_224: random weights instead" in text
    assert text.index("Not as the scenario asks") < text.index("amp  hurts")


@pytest.mark.parametrize(
    ("again_ms", "said"),
    [
        ([100.0, 100.1, 99.9], "as it should be"),
        ([80.0, 130.0, 100.0], "too wide to tell anything"),
        ([90.0, 90.1, 89.9], "NOT 1: take differences of this size for noise"),
    ],
)
def test_the_baseline_against_itself_is_judged_by_its_interval(again_ms, said):
    base = variant("baseline", [100.0, 100.1, 99.9])
    other = variant("amp", [50.0, 51, 49])
    again = variant("baseline_again", again_ms, factors=())
    assert said in shown(explain(run(base, other, again)), 200)


@pytest.mark.parametrize("launches", [1, 2])
def test_too_few_launches_still_tell_how_far_the_baseline_is_from_itself(launches):
    base = variant("baseline", [130.0] * launches)
    again = variant("baseline_again", [100.0] * launches, factors=())
    assert (
        "itself       the baseline measured twice is 1.300x (no interval), and so no smaller "
        "effect is told from none\n"
    ) in shown(explain(run(base, again)), 200)


def test_a_loss_is_no_negative_saving():
    base = variant("baseline", [100.0, 100.1, 99.9])
    slower = variant("amp", [120.0, 120.1, 119.9])
    text = shown(explain(run(base, slower)), 200)
    assert "costs 20.0 % of the time per sample" in text
    assert "alone        costs 2.50" in text
    assert "saves -" not in text


@pytest.mark.parametrize(("launches", "told"), [(1, True), (2, True), (3, False)])
def test_without_intervals_it_is_said_why_measuring_stopped(launches, told):
    base = variant("baseline", [100.0, 100.1, 99.9][:launches])
    faster = variant("amp", [50.0, 50.1, 49.9][:launches])
    stop = "window.time_budget_s of about 90 would hold 5 launches"
    text = shown(explain(run(base, faster, stop=stop)), 200)
    assert ("(no interval)" in text) is told
    assert (f"stopped      {stop}" in text) is told


@pytest.mark.parametrize(
    ("record", "said", "unsaid"),
    [
        (
            "v1/20260112-101517-vit_tuned",
            "this record does not tell kernels' precisions, by",
            "kernel names do not tell",
        ),
        ("v2/20260316-140931-vit_tuned", "kernel names do not tell, by", "this record"),
    ],
)
def test_what_precisions_are_taken_for_is_said_with_why(record, said, unsaid):
    """Records of version 1 never asked the kernels' names."""
    text = shown(explain(with_figures(store.load(RUNS / record)), CEILINGS), 300)
    assert f"allows; {said}" in text
    assert unsaid not in text


def test_a_total_over_some_of_the_rounds_says_so():
    sets = [("baseline", (), 100.0), ("a", ("a",), 60.0), ("b", ("b",), 110.0),
            ("all", ("a", "b"), 70.0)]  # fmt: skip
    base, one, *others = (variant(n, [ms] * 4, factors=names) for n, names, ms in sets)
    assert "of 4 rounds" not in shown(explain(run(base, one, *others)), 200)
    stopped = msgspec.structs.replace(one, windows=one.windows[:-1])
    text = shown(explain(run(base, stopped, *others)), 200)
    assert "3.750), over 3 of 4 rounds: those of all that it is shared out over" in text


def test_a_sampled_design_says_how_many_orders_it_walked():
    record = whole([("baseline", (), 100.0), ("a", ("a",), 60.0), ("b", ("b",), 110.0),
                    ("all", ("a", "b"), 70.0)])  # fmt: skip
    sampled = msgspec.structs.replace(record, design="sampled", orders=(("a", "b"),))
    assert "shares estimated from 1 of 2 orders" in shown(explain(sampled), 200)
    assert "orders" not in shown(explain(record), 200)
