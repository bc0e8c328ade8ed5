"""Of a run whose baseline was lost there are no figures of nothing, and its error is told."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

from rich.console import Console

from annt_prof.explain.explaining import explain
from annt_prof.report.json.explanation import explanation_document
from annt_prof.report.text.answer import render
from annt_prof.report.text.explanation import render_explanation
from annt_prof.runs.record import Run
from annt_prof.views.explanation_view import build_explanation_view
from annt_prof.views.run_view import build_run_view
from hand_made import lost, run, variant


def without_a_window() -> Run:
    return run(
        lost("baseline", "crashed", "RuntimeError: no such layer"),
        lost("amp", "not_measured", "it trains as the baseline does"),
    )


def lines_of_show(measured: Run) -> list[str]:
    out = io.StringIO()
    render(build_run_view(measured), Path("runs/x"), Console(file=out, width=200))
    return out.getvalue().splitlines()


def lines_of_explain(measured: Run) -> list[str]:
    out = io.StringIO()
    view = build_explanation_view(explain(measured))
    render_explanation(view, Console(file=out, width=200))
    return out.getvalue().splitlines()


def test_show_tells_no_rounds_and_leaves_no_gap_where_nothing_was_measured() -> None:
    lines = lines_of_show(without_a_window())
    assert not any(line.startswith("rounds") for line in lines)
    assert all(line or after for line, after in itertools.pairwise(lines))
    measured = lines_of_show(run(variant("baseline", [80.0] * 3)))
    assert "rounds       3 in 3 launches, in an order shuffled with seed 0" in measured


def test_explain_tells_the_baselines_error_and_no_launches() -> None:
    lines = lines_of_explain(without_a_window())
    assert lines[:2] == [
        "What each technique is worth  alone, per sample",
        "baseline     crashed: RuntimeError: no such layer",
    ]


def test_so_does_its_document() -> None:
    def failure(measured: Run) -> object:
        document = explanation_document(build_explanation_view(explain(measured)))
        return json.loads(document)["baseline_failure"]

    assert failure(without_a_window()) == "crashed: RuntimeError: no such layer"
    assert failure(run(lost("baseline", "out_of_memory", None))) == "out of memory"
    assert failure(run(variant("baseline", [80.0] * 3))) is None
