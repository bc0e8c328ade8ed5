"""How long windows are: whole turns of whatever comes round, within the budget."""

import pytest

from annt_prof.runner.spans import Pace, Span, choose_span, lengthened
from annt_prof.scenario.schema import WindowChoice

MS = 1_000_000


def window(**changes: float) -> WindowChoice:
    values = {"iterations": 20, "switch_in": 4, "time_budget_s": 90}
    return WindowChoice(**(values | changes))


def span(*paces: Pace, launch_s: float = 4, launches: int = 5, **changes: float) -> Span:
    return choose_span(window(**changes), paces, launch_s, launches)


def test_a_window_holds_whole_turns_of_workers_and_accumulation() -> None:
    found = span(Pace(10 * MS, workers=4), Pace(10 * MS, accumulation=3))
    assert (found.iterations, found.period, found.at_epoch) == (24, 12, False)
    assert found.switch_in % 3 == 0
    assert found.switch_in >= 4


def test_the_length_does_not_depend_on_which_technique_stands_beside() -> None:
    alone = span(Pace(10 * MS, workers=4), Pace(10 * MS, workers=4))
    grouped = span(Pace(10 * MS, workers=4), Pace(10 * MS, workers=4, accumulation=4))
    assert alone.iterations % 4 == grouped.iterations % 4 == 0
    assert alone == grouped


def test_a_period_of_the_steps_is_a_turn_too() -> None:
    assert span(Pace(10 * MS, period=7), Pace(10 * MS)).iterations == 21


def test_turns_that_would_make_windows_endless_are_left_out() -> None:
    found = span(Pace(10 * MS, workers=7, period=11), Pace(10 * MS, workers=13))
    assert found.iterations <= 6 * 20
    assert found.iterations % 7 == 0


def test_a_turn_that_no_window_holds_is_known_as_such() -> None:
    """Of loader processes and a period, it is the processes that windows hold."""
    found = span(Pace(10 * MS, accumulation=3, workers=8, period=5), iterations=8)
    assert found.iterations % 24 == 0
    assert found.unheld == (15,)
    assert span(Pace(10 * MS, workers=4, period=5)).unheld == ()
    first = Span(20, 4, 1, False, 2.4, most=100)
    assert lengthened(first, [24, 50], window()).unheld == (50,)
    assert lengthened(first, [24], window()).unheld == ()


def test_short_epochs_are_held_whole() -> None:
    found = span(Pace(10 * MS, workers=2, per_epoch=4), Pace(10 * MS, per_epoch=4), iterations=8)
    assert (found.iterations, found.period, found.at_epoch) == (8, 4, True)
    forty = span(Pace(10 * MS, per_epoch=40), Pace(10 * MS, per_epoch=40))
    assert (forty.iterations, forty.at_epoch) == (40, True)


def test_whole_epochs_of_two_scenarios_are_whole_ones_of_each() -> None:
    found = span(Pace(1 * MS, per_epoch=6), Pace(1 * MS, per_epoch=4), iterations=8, switch_in=1)
    assert (found.iterations, found.at_epoch) == (12, True)
    assert found.holds_epochs(6)
    assert found.holds_epochs(4)


def test_windows_lie_within_a_long_epoch_though_another_scenarios_are_short() -> None:
    found = span(Pace(1 * MS, per_epoch=4), Pace(1 * MS, per_epoch=1001), iterations=8, switch_in=4)
    assert (found.iterations, found.at_epoch) == (8, True)
    assert found.holds_epochs(4)
    assert not found.holds_epochs(1001)


def test_no_budget_is_planned_for_launches_that_rounds_pay() -> None:
    # Five launches of 4 s instead of four are paid for where every round starts its processes.
    paces = [Pace(500 * MS)] * 2
    few = choose_span(window(), paces, 4, 5, paid_launches=5)
    assert few.iterations < choose_span(window(), paces, 4, 5).iterations < 20


def test_an_epoch_that_takes_too_long_is_not_held_whole() -> None:
    found = span(Pace(500 * MS, per_epoch=56), Pace(500 * MS, per_epoch=56), iterations=4)
    assert not found.at_epoch
    assert found.iterations + found.switch_in <= 56


def test_an_epoch_without_a_middle_is_held_whole_however_slow() -> None:
    found = span(Pace(5000 * MS, per_epoch=4, workers=4), Pace(5000 * MS, per_epoch=4))
    assert (found.iterations, found.at_epoch) == (4, True)


def test_windows_are_cut_to_what_the_budget_holds() -> None:
    # 60 s less four launches leave room for about 20 iterations of both variants in all.
    found = span(Pace(1000 * MS), Pace(1000 * MS), time_budget_s=60)
    assert found.iterations < 20
    assert 5 * found.round_s + 4 * 4 <= 60


def test_the_least_window_is_one_turn() -> None:
    found = span(Pace(4000 * MS), Pace(4000 * MS, accumulation=2), time_budget_s=15, launch_s=16)
    assert (found.iterations, found.switch_in) == (2, 2)


@pytest.mark.parametrize(("period", "iterations"), [(5, 20), (6, 24), (9, 36), (19, 20)])
def test_later_windows_hold_a_period_that_the_first_ones_showed(
    period: int, iterations: int
) -> None:
    first = Span(20, 4, 4 if period != 5 else 1, False, 2.4, most=100)
    found = lengthened(first, [period], window())
    assert found.iterations == iterations
    assert lengthened(first, [], window()) == first


def test_later_windows_are_no_longer_than_epochs_and_the_budget_allow() -> None:
    first = Span(20, 4, 1, False, 2.4, most=22)
    assert lengthened(first, [24], window()).iterations == 20
    assert lengthened(first, [11], window()).iterations == 22
