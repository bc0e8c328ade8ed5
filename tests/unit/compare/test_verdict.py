"""The decision at the values where it turns, and what it holds besides the effect."""

import pytest

from annt_prof.compare.verdict import DEFAULT_PRECISION, decide, precision_of, relative_half_width
from annt_prof.compare.wording import phrase
from annt_prof.runs.record import Speedup
from annt_prof.runs.verdict import Effect, Verdict
from annt_prof.scenario.effective import EffectiveValue
from hand_made import run, variant

NARROW = Speedup(1.01, 1.0, 1.03, 12, 6)
HALF_WIDTH = relative_half_width(1.0, 1.03)


def test_an_interval_of_just_the_asked_precision_is_narrow() -> None:
    wide = Speedup(1.03, 1.0, 1.07, 12, 6)
    half = relative_half_width(1.0, 1.07)
    assert decide(wide, precision=half).effect is Effect.NO_MEASURABLE_EFFECT
    assert decide(wide, precision=half - 1e-9).effect is Effect.INCONCLUSIVE


@pytest.mark.parametrize(
    "speedup", [Speedup(1.3, 1.25, 1.36, 12, 6), Speedup(0.77, 0.74, 0.8, 12, 6)]
)
def test_an_interval_that_ends_at_the_floor_is_not_beyond_it(speedup: Speedup) -> None:
    verdict = decide(speedup, floor=0.25)
    assert verdict.effect is Effect.INCONCLUSIVE
    assert verdict.as_far_as_baseline
    nearer = decide(speedup, floor=0.2499)
    assert nearer.effect in (Effect.FASTER, Effect.SLOWER)
    assert not nearer.as_far_as_baseline


def test_a_verdict_holds_what_it_was_decided_by() -> None:
    assert decide(NARROW, 0.03, 0.07) == Verdict(
        Effect.NO_MEASURABLE_EFFECT, 0.03, 0.07, HALF_WIDTH, as_far_as_baseline=False
    )
    assert decide(Speedup(1.34, None, None, 4, 2), 0.03, 0.07) == Verdict(
        Effect.NO_INTERVAL, 0.03, 0.07
    )


@pytest.mark.parametrize(("low", "high"), [(1.31, None), (None, 1.37), (None, None)])
def test_half_an_interval_is_none(low: float | None, high: float | None) -> None:
    speedup = Speedup(1.34, low, high, 12, 2)
    assert decide(speedup).effect is Effect.NO_INTERVAL
    faster = Verdict(Effect.FASTER, 0.02, 0.005, 0.03)
    for verdict in (decide(speedup), faster):
        assert phrase(verdict, speedup) == (
            "1.34x in 12 rounds in 2 launches: too few launches for an interval"
        )


def test_what_the_baseline_differs_by_is_said_in_full() -> None:
    speedup = Speedup(1.1, 1.08, 1.12, 12, 6)
    assert phrase(decide(speedup, floor=0.25), speedup) == (
        "inconclusive: 1.10x ± 1.8 % at 12 rounds in 6 launches, "
        "no more than the baseline differs from itself by"
    )


def test_a_scenario_that_asks_for_no_precision_gets_the_usual_one() -> None:
    measured = run(variant("baseline", [100.0]), scenario=())
    assert precision_of(measured) == DEFAULT_PRECISION
    asked = run(
        variant("baseline", [100.0]),
        scenario=(
            EffectiveValue("window.rounds", 7, "x.yaml"),
            EffectiveValue("window.precision", 0.035, "x.yaml"),
        ),
    )
    assert precision_of(asked) == 0.035
