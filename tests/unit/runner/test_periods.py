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


def test_what_every_process_does_once_has_no_period() -> None:
    """One long step in each of thirteen processes, at the same iteration; windows leave gaps."""
    noise = random.Random(3)
    numbers = [5 + 12 * window + i for window in range(12) for i in range(10)]
    steps = [(250 if n == 127 else 5) + noise.random() for _process in range(13) for n in numbers]
    assert find_period(steps, numbers * 13) is None


def test_a_period_shows_though_processes_are_disturbed() -> None:
    noise = random.Random(4)
    numbers = list(range(60))
    steps = [
        (30 if n % 12 == 7 else 5) + (60 if noise.random() < 0.03 else 0)
        for _process in range(5)
        for n in numbers
    ]
    assert find_period(steps, numbers * 5) == 12
