import pytest

from annt_prof.runner.pacing import Progress, launch_is_over, reason_to_stop, rounds_per_launch
from annt_prof.scenario.schema import WindowChoice


def progress(**changes: float) -> Progress:
    values = {"rounds": 1, "rounds_in_launch": 1, "elapsed_s": 2, "round_s": 2, "launch_s": 4}
    return Progress(**(values | changes))


def window(**changes: float) -> WindowChoice:
    return WindowChoice(**({"time_budget_s": 60, "min_launches": 5} | changes))


@pytest.mark.parametrize(
    ("launch_s", "round_s", "rounds"),
    [
        (4, 2, 4),  # 12 s for each of five launches: 4 s to launch, four rounds of 2 s
        (4, 4, 2),
        (4, 5, 1),
        (20, 5, 1),  # five do not fit: as many as possible, then
        (0.1, 0.001, 4),  # never more than rounds_per_launch
    ],
)
def test_the_budget_holds_the_launches(launch_s: float, round_s: float, rounds: int) -> None:
    found = rounds_per_launch(window(), progress(launch_s=launch_s, round_s=round_s))
    assert found == rounds


def test_few_rounds_are_spread_over_the_launches() -> None:
    quick = progress(launch_s=0.1, round_s=0.1)
    assert rounds_per_launch(window(rounds=10), quick) == 2
    assert rounds_per_launch(window(rounds=2, min_launches=2), quick) == 1


def test_a_launch_ends_with_its_rounds() -> None:
    assert not launch_is_over(window(), progress(rounds_in_launch=3))
    assert launch_is_over(window(), progress(rounds_in_launch=4))


def test_measuring_stops_where_the_next_round_would_exceed_the_budget() -> None:
    assert reason_to_stop(window(), progress(rounds_in_launch=3, elapsed_s=58)) is None
    late = reason_to_stop(window(), progress(rounds_in_launch=3, elapsed_s=58.1))
    assert late == "another round would exceed the time budget of 60 s"


def test_a_launch_needs_its_time_too() -> None:
    assert reason_to_stop(window(), progress(rounds_in_launch=4, elapsed_s=54)) is None
    late = reason_to_stop(window(), progress(rounds_in_launch=4, elapsed_s=54.1))
    assert late == "another launch would exceed the time budget of 60 s"


def test_the_scenarios_rounds_are_the_most() -> None:
    assert reason_to_stop(window(rounds=7), progress(rounds=7)) == (
        "the 7 rounds that the scenario allows are done"
    )


def test_a_single_round_is_one() -> None:
    assert reason_to_stop(window(rounds=1, min_launches=2), progress()) == (
        "the 1 round that the scenario allows is done"
    )


@pytest.mark.parametrize(("scenarios", "enough"), [(1, "275"), (2, "138 in each scenario")])
def test_a_budget_for_a_single_launch_names_one_for_enough(scenarios: int, enough: str) -> None:
    first = progress(elapsed_s=30, round_s=30, launch_s=25)  # 5 * 30 s + 4 * 25 s, and a tenth
    assert reason_to_stop(window(time_budget_s=40), first, scenarios=scenarios) == (
        "another launch would exceed the time budget of 40 s; it holds a single launch, so there "
        f"is no interval: window.time_budget_s of about {enough} would hold 5 launches"
    )
    second = progress(elapsed_s=60, round_s=30, launch_s=25, rounds=2)
    stop = reason_to_stop(window(time_budget_s=90), second, scenarios=scenarios)
    assert stop == "another launch would exceed the time budget of 90 s"
