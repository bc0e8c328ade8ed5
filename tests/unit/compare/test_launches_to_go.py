"""How many more launches an interval needs, against made runs whose spread is known."""

from __future__ import annotations

import math
import random
from statistics import median

import pytest

from annt_prof.compare.launches import launches_to_go
from annt_prof.compare.pairing import middle
from annt_prof.runs.record import Speedup


def speedup(logs: list[float]) -> Speedup:
    centre, half = middle(logs, trims=True)
    low = None if half is None else math.exp(centre - half)
    high = None if half is None else math.exp(centre + half)
    return Speedup(math.exp(centre), low, high, len(logs), len(logs))


def needed(generator: random.Random, spread: float, precision: float) -> tuple[int, int]:
    """Return the launches that five of them tell of, and those after which it is narrow."""
    logs = [generator.gauss(0.3, spread) for _ in range(5)]
    about = launches_to_go(speedup(logs), precision, trims=True)
    while math.expm1(middle(logs, trims=True)[1] or 1.0) > precision:
        logs.append(generator.gauss(0.3, spread))
    return 5 + (about or 0), len(logs)


@pytest.mark.simulation
@pytest.mark.parametrize("spread", [0.015, 0.03, 0.05])
def test_the_estimate_is_about_what_is_needed(spread: float) -> None:
    generator = random.Random(7)
    pairs = [needed(generator, spread, 0.02) for _ in range(300)]
    told, true = (median(values) for values in zip(*pairs, strict=True))
    assert told == pytest.approx(true, rel=0.25, abs=1)


def test_a_narrow_interval_needs_no_more() -> None:
    assert launches_to_go(Speedup(1.0, 0.99, 1.01, 5, 5), 0.02, trims=True) == 0


def test_the_number_is_the_least_that_is_narrow_enough() -> None:
    # Of 4 launches, t = 3.182 and half = 0.04: a spread of 0.02514.
    found = launches_to_go(Speedup(1.0, math.exp(-0.04), math.exp(0.04), 4, 4), 0.02, trims=False)
    spread, wanted = 0.04 * 2 / 3.182446, math.log(1.02)
    assert found == 5
    assert 2.306004 * spread / 3 <= wanted < 2.364624 * spread / math.sqrt(8)


def test_fewer_than_three_launches_tell_nothing() -> None:
    assert launches_to_go(Speedup(1.0, None, None, 2, 2), 0.02, trims=True) is None


def test_what_no_run_can_hold_is_not_told() -> None:
    assert launches_to_go(Speedup(1.0, 0.1, 10.0, 5, 5), 0.001, trims=True) is None
