"""Whether steps are long every so often."""

import random

import pytest

from annt_prof.runner.periods import find_period


@pytest.mark.parametrize("period", [2, 3, 5, 8])
def test_every_so_many_steps_one_is_long(period: int) -> None:
    noise = random.Random(period)
    steps = [100 if i % period == 1 else 5 + noise.random() for i in range(period * 6)]
    assert find_period(steps, range(len(steps))) == period


def test_stretches_with_gaps_between_them_are_folded_alike() -> None:
    numbers = [*range(3, 21), *range(25, 43), *range(47, 65)]
    assert find_period([100 if n % 5 == 0 else 5 for n in numbers], numbers) == 5


def test_steps_that_are_alike_have_none() -> None:
    assert find_period([7] * 30, range(30)) is None
    assert find_period([7, 8], range(2)) is None
    assert find_period([], []) is None


def test_a_single_hiccup_is_no_period() -> None:
    noise = random.Random(1)
    steps = [10 + noise.random() for _ in range(24)]
    steps[11] = 40
    assert find_period(steps, range(24)) is None


def test_noise_is_hardly_ever_taken_for_a_period() -> None:
    noise = random.Random(2)
    found = [
        find_period([noise.lognormvariate(0, 0.1) for _ in range(60)], range(60))
        for _ in range(300)
    ]
    assert sum(each is not None for each in found) <= 1
