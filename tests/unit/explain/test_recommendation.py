"""Which of the measured sets to use."""

from __future__ import annotations

from annt_prof.explain.explaining import explain
from annt_prof.explain.recommendation import most_telling, recommend
from annt_prof.runs.verdict import Effect
from hand_made import drifting, run, variant


def test_the_one_whose_interval_begins_highest_is_recommended() -> None:
    steady = [80.0, 80.1, 79.9, 80.0, 80.1, 79.9]
    lucky = [50.0, 90.0, 60.0, 85.0, 55.0, 95.0]  # the larger ratio, and a wide interval
    measured = run(
        variant("baseline", [100.0] * 6), variant("steady", steady), variant("lucky", lucky)
    )
    faster = {v.name for v in measured.variants if v.verdict and v.verdict.effect == Effect.FASTER}
    best = recommend(measured)
    assert best is not None
    assert best.variant == "steady"
    assert best.num_faster == len(faster)


def test_nothing_is_recommended_where_nothing_is_certain() -> None:
    measured = run(
        variant("baseline", drifting(100, 6, noise=0.01, seed=1)),
        variant("amp", drifting(100, 6, noise=0.01, seed=2)),
    )
    assert recommend(measured) is None
    assert most_telling(explain(measured)) is None


def test_without_an_interval_nothing_is_recommended() -> None:
    assert recommend(run(variant("baseline", [100.0]), variant("amp", [50.0]))) is None


def test_a_slower_one_may_be_the_most_telling() -> None:
    measured = run(
        variant("baseline", [100.0] * 6),
        variant("amp", [95.0] * 6),
        variant("pin_memory", [150.0] * 6),
    )
    telling = most_telling(explain(measured))
    assert telling is not None
    assert telling.name == "pin_memory"


def test_the_baseline_measured_again_is_no_recommendation() -> None:
    measured = run(variant("baseline", [100.0] * 6), variant("baseline_again", [90.0] * 6))
    assert recommend(measured) is None
