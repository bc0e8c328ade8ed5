import pytest

from annt_prof.runner.pacing import (
    Progress,
    Stop,
    enough_budget_s,
    launch_is_over,
    launches_in_budget,
    launches_needed,
    reason_to_stop,
    rounds_per_launch,
)
from annt_prof.scenario.schema import WindowChoice


def progress(**changes: float) -> Progress:
    values = {
        "rounds": 1,
        "rounds_in_launch": 1,
        "elapsed_s": 2,
        "round_s": 2,
        "launch_s": 4,
        "launches": 5,
    }
    return Progress(**(values | changes))


def window(**changes: float) -> WindowChoice:
    return WindowChoice(**({"time_budget_s": 60, "min_launches": 5} | changes))


@pytest.mark.parametrize(
    ("launch_s", "round_s", "rounds"),
    [
        (4, 2, 4),  # 60 s less four launches of 4 s: 8.8 s for the rounds of each of five
        (4, 4, 2),
        (4, 5, 1),
        (20, 5, 1),  # five do not fit: as many as possible, then
        (0.1, 0.001, 12),  # never more than rounds_per_launch
    ],
)
def test_the_budget_holds_the_launches(launch_s: float, round_s: float, rounds: int) -> None:
    assert rounds_per_launch(window(), round_s, launch_s) == rounds


def test_few_rounds_are_spread_over_the_launches() -> None:
    assert rounds_per_launch(window(rounds=10), 0.1, 0.1) == 2
    assert rounds_per_launch(window(rounds=2, min_launches=2), 0.1, 0.1) == 1


def test_an_interval_needs_three_launches_whatever_the_scenario_says() -> None:
    assert launches_needed(window(min_launches=2)) == 3
    assert rounds_per_launch(window(min_launches=2, time_budget_s=30), 5, 2) == 1


def test_what_the_budget_buys_is_told_beforehand() -> None:
    # The first launch is built before the budget begins: 5 * 4 * 2 s + 4 * 4 s = 56 s.
    assert launches_in_budget(window(), 2, 4) == 5
    assert launches_in_budget(window(time_budget_s=15), 16, 16) == 1
    assert launches_in_budget(window(rounds=8), 0.1, 0.1) == 8
    assert enough_budget_s(window(min_launches=5), 30, 25) == 275


def test_a_launch_ends_with_its_rounds() -> None:
    assert not launch_is_over(window(), progress(rounds_in_launch=3))
    assert launch_is_over(window(), progress(rounds_in_launch=4))


def test_measuring_stops_where_the_next_round_would_exceed_the_budget() -> None:
    assert reason_to_stop(window(), progress(rounds_in_launch=3, elapsed_s=58)) is None
    late = reason_to_stop(window(), progress(rounds_in_launch=3, elapsed_s=58.1))
    assert late == Stop("time_budget", "another round would exceed the time budget of 60 s")


def test_a_launch_needs_its_time_too() -> None:
    assert reason_to_stop(window(), progress(rounds_in_launch=4, elapsed_s=54)) is None
    late = reason_to_stop(window(), progress(rounds_in_launch=4, elapsed_s=54.1))
    assert late == Stop("time_budget", "another launch would exceed the time budget of 60 s")


def test_the_scenarios_rounds_are_the_most() -> None:
    assert reason_to_stop(window(rounds=7), progress(rounds=7)) == Stop(
        "rounds", "the 7 rounds that the scenario allows are done"
    )


def test_a_single_round_is_one() -> None:
    assert reason_to_stop(window(rounds=1, min_launches=2), progress()) == Stop(
        "rounds", "the 1 round that the scenario allows is done"
    )


@pytest.mark.parametrize(("scenarios", "enough"), [(1, "275"), (2, "138 in each scenario")])
def test_a_budget_for_a_single_launch_names_one_for_enough(scenarios: int, enough: str) -> None:
    first = progress(elapsed_s=30, round_s=30, launch_s=25, launches=1)
    assert reason_to_stop(window(time_budget_s=40), first, scenarios=scenarios) == Stop(
        "time_budget",
        "another launch would exceed the time budget of 40 s; it holds 1 launch, too few for an "
        f"interval: window.time_budget_s of about {enough} would hold 5 launches",
    )
    third = progress(elapsed_s=140, round_s=30, launch_s=25, rounds=3, launches=3)
    stop = reason_to_stop(window(time_budget_s=150), third, scenarios=scenarios)
    assert stop == Stop("time_budget", "another launch would exceed the time budget of 150 s")
