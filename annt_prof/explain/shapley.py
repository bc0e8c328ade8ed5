"""Shares of a total among techniques that interact: the Shapley value over sets of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Names = frozenset[str]

MOST_EXACT = 8  # players whose orders can all be walked: 40,320


def every_order(players: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Yield every order of the players; there are n factorial, so ask for few players."""
    return itertools.permutations(players)


def is_complete(known: Iterable[Names], orders: Iterable[Sequence[str]]) -> bool:
    """Tell whether every set that the orders pass through is known."""
    return sets_along(orders) <= set(known)


def sets_along(orders: Iterable[Sequence[str]]) -> set[Names]:
    """Return every set that the orders pass through, the empty one included."""
    return {frozenset(order[:n]) for order in orders for n in range(len(order) + 1)}


def shapley(
    cost: Mapping[Names, Floats], players: Sequence[str], orders: Iterable[Sequence[str]]
) -> dict[str, Floats]:
    """Return what each player saves, on average over the orders in which it may join.

    In each order the savings telescope, so the shares sum to the saving of all of them, exactly
    but for rounding. Over every order this is the Shapley value; over a sample of orders its
    unbiased estimate.

    Args:
        cost: By set of players, arrays of one shape: what is left to pay with these.
        players: Names.
        orders: Each holds every player once; every set they pass through has a cost.

    Returns:
        By player, arrays of that shape.

    Source: L. Shapley, A Value for n-Person Games, 1953; J. Castro, D. Gomez and J. Tejada,
    Polynomial calculation of the Shapley value based on sampling, 2009.
    """
    shares = {player: np.zeros_like(cost[frozenset()]) for player in players}
    number = 0
    for order in orders:
        number += 1
        before: Names = frozenset()
        for player in order:
            after = before | {player}
            shares[player] = shares[player] + (cost[before] - cost[after])
            before = after
    return {player: share / max(number, 1) for player, share in shares.items()}


def interactions(cost: Mapping[Names, Floats], players: Sequence[str]) -> dict[Names, Floats]:
    """Return what two players save together beyond what each saves alone, where it is known.

    Negative where one makes the other worth less.
    """
    none: Names = frozenset()
    extras = {}
    for player, other in itertools.combinations(players, 2):
        both, first, second = frozenset((player, other)), frozenset((player,)), frozenset((other,))
        if {none, both, first, second} <= cost.keys():
            extras[both] = cost[first] + cost[second] - cost[none] - cost[both]
    return extras
