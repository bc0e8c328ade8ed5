"""What is shown of predictions: which, in what order, with how many decimals."""

import json

import pytest

from annt_prof.explain.advice import Advice
from annt_prof.machine.ceilings import Ceilings
from annt_prof.report.json.advice import advice_document
from annt_prof.report.text.advice import render_advice
from annt_prof.techniques.evidence import Evidence
from annt_prof.views.advice_view import NoPrediction, PredictedSaving, build_advice_view
from printed import printed

ADVICE = (
    Advice("amp", 1_250_000, 17_000_000, 0.85, "the matrix work"),
    Advice("pin_memory", -40_000, 3_100_000, 0.155, "the copies"),
    Advice("zero_grad_none", -22_000, 0, 0.0, "what zeroing takes"),
    Advice("compile", None, None, None, "this step does not tell"),
)
CEILINGS = Ceilings({"float32": 1e12}, 2e10, None, None, 1200.0)


def evidence(ceilings=None):
    return Evidence("cuda", 20_000_000, {}, ceilings=ceilings)


def shown(**changes):
    view = build_advice_view("run-7", evidence(**changes), ADVICE, of_a_run=True)
    return printed(lambda console: render_advice(view, console))


def test_a_saving_has_its_figures():
    view = build_advice_view("run-7", evidence(), ADVICE, of_a_run=True)
    assert (view.source, view.step_ns) == ("run-7", 20_000_000)
    assert view.predicted == (
        PredictedSaving("amp", 1_250_000, 17_000_000, 0.85, "the matrix work"),
        PredictedSaving("pin_memory", -40_000, 3_100_000, 0.155, "the copies"),
        PredictedSaving("zero_grad_none", -22_000, 0, 0.0, "what zeroing takes"),
    )


def test_a_basis_is_told_of_a_bound_and_a_reason_where_there_is_none():
    view = build_advice_view("run-7", evidence(), ADVICE, of_a_run=True)
    assert [saving.name for saving in view.explained] == ["amp", "pin_memory"]
    assert view.not_predicted == (NoPrediction("compile", "this step does not tell"),)


@pytest.mark.parametrize(
    ("ceilings", "of_a_run", "told"),
    [
        (CEILINGS, True, "measured"),
        (CEILINGS, False, "measured"),
        (None, True, "not_calibrated"),
        (None, False, "not_told"),
    ],
)
def test_only_a_machine_that_is_here_could_be_calibrated(ceilings, of_a_run, told):
    view = build_advice_view("x", evidence(ceilings), ADVICE, of_a_run=of_a_run)
    assert view.ceilings == told


def test_decimals_are_those_of_the_largest_bound():
    small = Advice("clipping", -99_000_000, 4_000, 0.01, "")
    assert build_advice_view("x", evidence(), ADVICE, of_a_run=True).decimals == 2
    assert build_advice_view("x", evidence(), (small,), of_a_run=True).decimals == 3


def test_text():
    lines = shown()
    assert lines[0].endswith("run-7, of a step of 20.00 ms")
    assert "annt-prof doctor --calibrate" in lines[1]
    assert "amp 1.25 17.00 85.0 %" in lines
    assert "pin_memory -0.04 3.10 15.5 %" in lines
    assert "amp: it cannot save more than the matrix work" in lines
    assert "compile: this step does not tell" in lines
    assert not any(line.startswith("zero_grad_none:") for line in lines)
    assert "calibrate" not in " ".join(shown(ceilings=CEILINGS))


def test_a_bound_that_the_path_takes_away_is_explained_and_a_trace_is_told_as_it_is():
    taken = Advice("amp", 0, 0, 0.0, "matrix work; less than that", off_path_ns=5_000_000)
    view = build_advice_view("a.json", evidence(), (taken,), of_a_run=False)
    assert (view.as_traced, view.explained) == (True, view.predicted)
    lines = printed(lambda console: render_advice(view, console))
    assert "of the step as it was traced, 20.00 ms" in lines[0]
    assert "amp: it cannot save more than matrix work; less than that" in lines
    (told,) = json.loads(advice_document(view))["techniques"]
    assert told["off_critical_path_ns"] == 5_000_000


def test_json():
    view = build_advice_view("run-7", evidence(), ADVICE, of_a_run=True)
    assert json.loads(advice_document(view)) == {
        "schema_version": 1,
        "source": "run-7",
        "step_ns": 20_000_000,
        "calibrated": False,
        "techniques": [
            {
                "name": "amp",
                "predicted_ns": {"low": 1_250_000, "high": 17_000_000},
                "share_of_step": 0.85,
                "basis": "the matrix work",
                "off_critical_path_ns": None,
            },
            {
                "name": "pin_memory",
                "predicted_ns": {"low": -40_000, "high": 3_100_000},
                "share_of_step": 0.155,
                "basis": "the copies",
                "off_critical_path_ns": None,
            },
            {
                "name": "zero_grad_none",
                "predicted_ns": {"low": -22_000, "high": 0},
                "share_of_step": 0.0,
                "basis": "what zeroing takes",
                "off_critical_path_ns": None,
            },
            {
                "name": "compile",
                "predicted_ns": {"low": None, "high": None},
                "share_of_step": None,
                "basis": "this step does not tell",
                "off_critical_path_ns": None,
            },
        ],
    }
