"""Of a traced step that is far longer than the timed one no bound is told that passes the step."""

from __future__ import annotations

import pytest

from annt_prof.categories import Category
from annt_prof.explain.advice import advise, machine_of_run
from annt_prof.explain.explaining import explain
from annt_prof.explain.explanation import Bounds
from annt_prof.explain.prediction import NoBounds, evidence_of, predict
from annt_prof.explain.waiting import loading_decides
from annt_prof.runs.record import Run
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import Signature
from annt_prof.views.advice_view import build_advice_view
from annt_prof.views.explanation_view import build_explanation_view
from hand_made import breakdown, run, variant


def five_times_longer() -> Run:
    """Timed steps of 80 ms, and a traced one of 400 that no profiler makes so long."""
    shown = breakdown(400.0, forward=0.4, backward=0.5, optimizer=0.04)
    return run(
        variant("baseline", [80.0, 80.3, 79.8, 80.0], breakdown=shown),
        variant("amp", [80.1, 80.2, 79.9, 80.0], breakdown=shown),
    )


def test_a_verdict_leans_on_no_bound_that_passes_the_step() -> None:
    view = build_explanation_view(explain(five_times_longer()))
    (amp,) = view.techniques
    assert (amp.explained.bounds, amp.explained.prediction_held, amp.bound_ns) == (None,) * 3
    assert amp.explained.reason.startswith("no measurable effect: ")
    assert "could not have saved" not in amp.explained.reason
    assert view.predictions is None


def test_nothing_is_recommended_for_all_of_a_step() -> None:
    said = " ".join(explain(five_times_longer()).next_steps)
    assert "compile: could" not in said
    assert "100.0 %" not in said
    assert "fused_optimizer: could save up to 19.3 % of the step" in said


def test_advice_tells_why_there_is_no_bound() -> None:
    measured = five_times_longer()
    evidence = evidence_of(measured, measured.variants[0], None)
    assert evidence is not None
    view = build_advice_view(
        "r", evidence, advise(evidence, machine_of_run(measured)), of_a_run=True
    )
    assert all(saving.high_ns < view.step_ns and saving.share < 1 for saving in view.predicted)
    reasons = {technique.name: technique.reason for technique in view.not_predicted}
    assert reasons["compile"] == (
        "no bound is known: the traced step does not show the timed step's work"
    )


def predicted(name: str, **traced_ns: int) -> Prediction | NoBounds:
    """Of a step of 1,000 ns whose trace shows so much, and 3,900 ns of forward."""
    shown = {Category(category): ns for category, ns in traced_ns.items()}
    evidence = Evidence(
        "cuda",
        1000,
        {Category.SYNC: 0, Category.FORWARD: 3900, **shown},
        host_bound_ns={"forward": 1200},
        baseline=Baseline("cuda", workers=0),
    )
    return predict(name, registry.load(name).options(), evidence)


@pytest.mark.parametrize(
    ("name", "high_ns"), [("dataloader_workers", 60), ("gpu_augmentation", 100)]
)
def test_a_launching_host_that_shows_too_much_makes_no_bound_smaller(
    name: str, high_ns: int
) -> None:
    found = predicted(name, data_loading=0, h2d_copy=40, host_bound=60)
    assert isinstance(found, Prediction)
    assert found.high_ns == high_ns


def test_loading_that_shows_too_much_makes_no_bound_smaller() -> None:
    assert predicted("cuda_graphs", data_loading=2000, host_bound=60) is NoBounds.OTHER_WORK


@pytest.mark.parametrize(("waits_ns", "decides"), [(4_200, True), (4_050, False)])
def test_loading_decides_only_by_what_the_timed_step_surely_waits(
    waits_ns: int, decides: bool
) -> None:
    """The trace shows 4,000 ns too much, and all of it may be waiting."""
    evidence = Evidence(
        "cuda",
        1000,
        {Category.DATA_LOADING: waits_ns, Category.FORWARD: 5000 - waits_ns},
        baseline=Baseline("cuda", workers=2),
    )
    elsewhere = Signature(falls=(Category.FORWARD,), may_rise=(), stays_flat=(), bound="")
    said = loading_decides(evidence, elsewhere, Bounds(0, 100, "stripes"), 1)
    assert (said is not None) is decides
    if said is not None:
        assert "(20.0 % of it)" in said
