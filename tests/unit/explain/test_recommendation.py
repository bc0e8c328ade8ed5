"""Which of the measured sets to use."""

from __future__ import annotations

from annt_prof.explain.explaining import explain
from annt_prof.explain.recommendation import Telling, most_telling, recommend
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
    assert most_telling(explain(measured), None) == Telling(None, None)


def test_without_an_interval_nothing_is_recommended() -> None:
    assert recommend(run(variant("baseline", [100.0]), variant("amp", [50.0]))) is None


def test_why_is_of_what_is_recommended_and_the_rest_stands_beside_it() -> None:
    measured = run(
        variant("baseline", [100.0] * 6),
        variant("amp", [95.0] * 6),
        variant("pin_memory", [150.0] * 6),
    )
    best = recommend(measured)
    assert best is not None
    assert best.factors == ("amp",)
    telling = most_telling(explain(measured), best)
    assert telling.why is not None
    assert telling.beside is not None
    assert (telling.why.name, telling.beside.name) == ("amp", "pin_memory")


def test_of_what_is_recommended_the_largest_effect_is_why() -> None:
    measured = run(
        variant("baseline", [100.0] * 6),
        variant("amp", [95.0] * 6),
        variant("sdpa", [70.0] * 6),
        variant("all", [60.0] * 6, factors=("amp", "sdpa")),
    )
    best = recommend(measured)
    assert best is not None
    assert best.variant == "all"
    telling = most_telling(explain(measured), best)
    assert telling.why is not None
    assert (telling.why.name, telling.beside) == ("sdpa", None)


def test_where_nothing_is_recommended_a_slower_one_is_the_most_telling() -> None:
    measured = run(variant("baseline", [100.0] * 6), variant("pin_memory", [150.0] * 6))
    assert recommend(measured) is None
    telling = most_telling(explain(measured), None)
    assert telling.why is not None
    assert (telling.why.name, telling.beside) == ("pin_memory", None)


def test_the_baseline_measured_again_is_no_recommendation() -> None:
    measured = run(variant("baseline", [100.0] * 6), variant("baseline_again", [90.0] * 6))
    assert recommend(measured) is None
