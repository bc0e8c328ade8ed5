"""The text of an explanation: every part is there, nothing runs over, names stay data."""

import io

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console

from annt_prof.explain.explaining import explain
from annt_prof.report.explanation import render_explanation
from annt_prof.report.waterfall import waterfall
from hand_made import breakdown, cpu_run, gpu_run, run, variant


def shown(explanation, width):
    out = io.StringIO()
    render_explanation(explanation, Console(file=out, width=width))
    return out.getvalue()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("made", [cpu_run, gpu_run], ids=["cpu", "gpu"])
def test_every_technique_has_its_verdict_and_lines_fit(made, width):
    explanation = explain(made())
    text = shown(explanation, width)
    for each in explanation.techniques:
        assert f"{each.name}  {each.finding.value.replace('_', ' ')}" in text
    assert max(cell_len(line) for line in text.splitlines()) <= width
    assert text.isprintable() or "\x1b" not in text


def test_names_are_never_markup():
    hostile = "[bold]amp[/bold]\x1b[31m"
    base = variant("baseline", [100.0, 101, 99], breakdown=breakdown(100.0, forward=0.5))
    other = variant(
        hostile, [50.0, 51, 49], techniques=(hostile,), breakdown=breakdown(50.0, forward=0.5)
    )
    text = shown(explain(run(base, other)), 100)
    assert "[bold]amp[/bold]" in text
    assert "\x1b" not in text


def whole(ms_by_set):
    """A run over two techniques with a breakdown of each set."""
    variants = [
        variant(name, [ms, ms + 1, ms - 1], techniques=names, breakdown=breakdown(ms, forward=0.5))
        for name, names, ms in ms_by_set
    ]
    return run(*variants)


def test_the_waterfall_goes_from_the_baseline_to_the_whole():
    explanation = explain(
        whole([("baseline", (), 100.0), ("a", ("a",), 60.0), ("b", ("b",), 110.0),
               ("all", ("a", "b"), 70.0)])
    )  # fmt: skip
    lines = [line.plain for line in waterfall(explanation, 80)]
    assert [line.split()[0] for line in lines[:4]] == ["baseline", "a", "b", "the"]
    assert lines[1].split()[1].startswith("-")
    assert lines[2].split()[1].startswith("+")
    # A saving is drawn up to where the bar before it ends, a loss from there on.
    ends = [len(line.rstrip()) for line in lines[:4]]
    assert abs(ends[0] - ends[1]) <= 1
    assert ends[2] > ends[3] - 2


def test_no_waterfall_without_shares():
    explanation = explain(whole([("baseline", (), 100.0)]))
    assert list(waterfall(msgspec.structs.replace(explanation, total=None), 80)) == []
