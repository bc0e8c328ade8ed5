"""Whether long steps belong to the training, and windows hold them unequally."""

import random

import pytest

from annt_prof.runner.unevenness import Once, once, phase, seems_uneven, unequal
from annt_prof.runs.record import TimedWindow

MS = 1_000_000


def window(
    launch: int, number: int, first: int, steps: list[float], dropped: int = 0
) -> TimedWindow:
    ns = tuple(round(ms * MS) for ms in steps)
    return TimedWindow(number, 0, 0, sum(ns), ns, len(ns), 1, sum(ns), launch, first, 0, dropped)


def every(period: int, launches: int, length: int, stride: int, rounds: int = 4):
    """Windows of a training of which every so many steps one is long."""
    return [
        window(
            launch,
            launch * rounds + number,
            first := 5 + number * stride,
            [300.0 if step % period == 0 else 20.0 for step in range(first, first + length)],
        )
        for launch in range(launches)
        for number in range(rounds)
    ]


@pytest.mark.parametrize("period", [7, 17])
def test_what_comes_at_the_same_iteration_in_every_process_is_the_trainings(period: int) -> None:
    assert unequal(every(period, launches=3, length=10, stride=12), group=1)


@pytest.mark.parametrize(("period", "rounds", "held"), [(30, 3, 5), (91, 12, 5)])
def test_what_each_process_does_once_need_not_come_round(
    period: int, rounds: int, held: int
) -> None:
    """A step in thirty, or the first collection of garbage: one of it is all that a process saw."""
    windows = every(period, launches=5, length=10, stride=12, rounds=rounds)
    assert not unequal(windows, group=1)
    assert once(windows, group=1) == Once(period, 280 * MS, held, 5 * rounds)


def test_a_step_that_is_long_now_and_then_is_not_told_of() -> None:
    assert once(every(91, launches=2, length=10, stride=12, rounds=12), group=1) is None
    assert once(every(7, launches=5, length=10, stride=12), group=1) is None
    assert once(every(1000, launches=5, length=10, stride=12), group=1) is None
    assert once([], group=1) is None


def test_windows_that_hold_whole_turns_of_it_are_alike() -> None:
    assert not unequal(every(5, launches=3, length=10, stride=12), group=1)


def test_a_step_that_one_process_alone_timed_tells_nothing() -> None:
    """Windows of whole turns whose launches begin at other phases, so that some steps are alone."""
    shifted = [
        window(
            launch,
            launch * 2 + number,
            first := 5 + number * 12 + phase(launch, 12, 1),
            [300.0 if step % 12 == 5 else 20.0 for step in range(first, first + 12)],
        )
        for launch in range(4)
        for number in range(2)
    ]
    assert not unequal(shifted, group=1)


def test_a_single_process_tells_nothing() -> None:
    assert not unequal(every(7, launches=1, length=10, stride=12), group=1)


def test_what_another_program_disturbs_is_hardly_ever_taken_for_it() -> None:
    noise, taken = random.Random(3), 0
    for _ in range(200):
        windows = [
            window(
                launch,
                launch * 4 + number,
                number * 12,
                [60.0 if noise.random() < 0.1 else 20.0 for _ in range(10)],
            )
            for launch in range(5)
            for number in range(4)
        ]
        taken += unequal(windows, group=1)
    assert taken <= 6


def test_phases_differ_from_launch_to_launch_and_cover_the_stride() -> None:
    found = [phase(launch, 12, 1) for launch in range(12)]
    assert found[0] == 0
    assert all(0 <= each < 12 for each in found)
    assert len(set(found)) >= 9
    assert all(phase(launch, 24, 3) % 3 == 0 for launch in range(9))


def test_a_long_step_is_noticed_in_a_window_or_before_it() -> None:
    assert not seems_uneven([window(0, 0, 0, [20, 21, 22])])
    assert seems_uneven([window(0, 0, 0, [20, 21, 90])])
    quiet = window(0, 0, 0, [20, 20, 20], dropped=2)
    before = TimedWindow(
        0, 0, 0, quiet.wall_ns + 300 * MS, quiet.step_ns, 3, 1, quiet.wall_ns, 0, 0, 0, 2
    )
    assert seems_uneven([before])
    assert not seems_uneven([])
