"""Whether a prediction held: the interval decides, and how often it says so of nothing."""

import math

import numpy as np
import pytest

from annt_prof.compare.pairing import middle
from annt_prof.compare.verdict import DEFAULT_PRECISION, NOT_WORTH_TELLING
from annt_prof.explain.costs import saving
from annt_prof.explain.explanation import Amount, Bounds
from annt_prof.explain.prediction_check import beyond, held, outside
from annt_prof.runs.record import Speedup

NOTHING = Bounds(0, 0, "nothing")


@pytest.mark.parametrize(
    ("amount", "held_true"),
    [
        (Amount(5, 3, 7), True),
        (Amount(12, 9, 15), True),  # its middle lies outside, and what it stands for need not
        (Amount(30, 20, 40), False),
        (Amount(30, 11, 400), False),  # wide, and all of it outside
        (Amount(-9, -15, -3), False),
        (Amount(5, -40, 50), None),
        (Amount(5, None, None), None),
    ],
)
def test_a_prediction_holds_where_the_interval_meets_it(amount, held_true):
    assert held(amount, Bounds(0, 10, ""), 0, 0) is held_true


def test_a_prediction_of_nothing_holds_where_nothing_is_told_apart_from_it():
    found = Amount(15_000, -32_000, 61_000)
    assert held(found, NOTHING, floor_ns=0, narrow_ns=400_000) is True
    assert held(found, NOTHING, floor_ns=0, narrow_ns=50_000) is None
    assert held(Amount(15_000, 9_000, 21_000), NOTHING, 0, 400_000) is False
    # So little is told from nothing by no verdict either.
    assert held(Amount(15_000, 9_000, 21_000), NOTHING, 10_000, 400_000) is True


@pytest.mark.parametrize(("low", "high"), [(None, None), (12, 30)])
def test_more_than_the_mechanism_accounts_for(low, high):
    assert beyond(Amount(21, low, high), Bounds(0, 10, ""), floor_ns=0)
    assert not beyond(Amount(21, low, high), Bounds(0, 30, ""), floor_ns=0)


def test_more_than_the_mechanism_accounts_for_is_told_by_the_interval():
    assert not beyond(Amount(12, 9, 15), Bounds(0, 10, ""), floor_ns=0)
    assert not beyond(Amount(12, 9, 15), Bounds(-20, -5, ""), floor_ns=9)


def test_how_far_a_prediction_was_off():
    bounds = Bounds(-2, 10, "")
    assert [outside(ns, bounds) for ns in (-5, -2, 0, 10, 13)] == [-3, 0, 0, 0, 3]


@pytest.mark.simulation
@pytest.mark.parametrize("bounds", [NOTHING, Bounds(-200_000, 0, "")], ids=["nothing", "a cost"])
@pytest.mark.parametrize("noise", [0.002, 0.01])
@pytest.mark.parametrize("launches", [3, 5, 12])
def test_what_cannot_act_is_said_not_to_hold_at_most_once_in_twenty(bounds, noise, launches):
    """Launches' ratios around 1, judged as a run judges them."""
    generator, baseline_ns, trials = np.random.default_rng(launches), 1_000_000, 600
    refuted = 0
    for logs in generator.normal(0, noise, (trials, launches)):
        centre, half = middle(logs.tolist(), trims=True)
        ends = (math.exp(centre - half), math.exp(centre + half))
        found = saving(Speedup(math.exp(centre), *ends, launches, launches), baseline_ns)
        floor_ns = NOT_WORTH_TELLING * baseline_ns
        refuted += held(found, bounds, floor_ns, 2 * DEFAULT_PRECISION * baseline_ns) is False
    assert refuted / trials <= 0.05
