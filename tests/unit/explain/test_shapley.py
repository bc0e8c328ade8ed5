"""Shares of a total, against the definition written out and properties that fix it."""

import itertools
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.explain.shapley import (
    every_order,
    interactions,
    is_complete,
    shapley,
)

PLAYERS = "abcd"


def sets(players):
    return [
        frozenset(chosen)
        for size in range(len(players) + 1)
        for chosen in itertools.combinations(players, size)
    ]


def costs(players):
    """Costs of every set, two rounds each."""
    rounds = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=2).map(np.array)
    return st.fixed_dictionaries(dict.fromkeys(sets(players), rounds))


def by_definition(cost, players, player):
    """Shapley's own formula: marginal savings weighted by the sizes of the sets they join."""
    n, total = len(players), 0.0
    for chosen in sets([p for p in players if p != player]):
        weight = factorial(len(chosen)) * factorial(n - len(chosen) - 1) / factorial(n)
        total = total + weight * (cost[chosen] - cost[chosen | {player}])
    return total


@given(costs(PLAYERS))
def test_over_every_order_it_is_shapleys_formula(cost):
    found = shapley(cost, PLAYERS, every_order(PLAYERS))
    for player in PLAYERS:
        assert found[player] == pytest.approx(by_definition(cost, PLAYERS, player), abs=1e-6)


@given(costs(PLAYERS), st.lists(st.permutations(PLAYERS), min_size=1, max_size=5))
def test_over_any_orders_the_shares_sum_to_the_whole(cost, orders):
    found = sum(shapley(cost, PLAYERS, orders).values())
    assert found == pytest.approx(cost[frozenset()] - cost[frozenset(PLAYERS)], abs=1e-6)


def test_one_that_saves_nothing_gets_nothing_and_equals_get_equal_shares():
    cost = {chosen: np.array(10.0 - 3 * bool(chosen & {"a", "b"})) for chosen in sets("abc")}
    found = shapley(cost, "abc", every_order("abc"))
    assert {player: float(share) for player, share in found.items()} == {"a": 1.5, "b": 1.5, "c": 0}


def test_the_example_of_five_three_and_nine():
    cost = {frozenset(): 20.0, frozenset("a"): 15.0, frozenset("b"): 17.0, frozenset("ab"): 11.0}
    cost = {chosen: np.array(value) for chosen, value in cost.items()}
    found = shapley(cost, "ab", every_order("ab"))
    assert (float(found["a"]), float(found["b"])) == (5.5, 3.5)
    assert float(interactions(cost, "ab")[frozenset("ab")]) == 1.0


def test_a_set_that_is_missing():
    known = [frozenset(), frozenset("a"), frozenset("ab")]
    assert is_complete(known, [("a", "b")])
    assert not is_complete(known, every_order("ab"))
    assert interactions(dict.fromkeys(known, np.zeros(1)), "ab") == {}
