from __future__ import annotations

import pytest

from annt_prof.check.looks import ALPHA, LOOKS, at_once, planned


def test_all_looks_together_have_the_whole_level() -> None:
    plan = planned(28)
    assert plan.launches == LOOKS
    assert plan.level * len(plan.launches) == pytest.approx(ALPHA)


def test_fewer_launches_are_looked_at_less_often() -> None:
    plan = planned(12)
    assert plan.launches == (5, 7, 10, 12)
    assert plan.level == pytest.approx(ALPHA / 4)


def test_more_launches_than_the_plan_foresees_are_looked_at_last() -> None:
    assert planned(60).launches == (*LOOKS, 60)


@pytest.mark.parametrize(
    ("have", "looks"),
    [(3, (5, 7, 10)), (5, (5, 7, 10)), (6, (6, 7, 10)), (10, (10,)), (15, (15,))],
)
def test_what_a_run_has_already_is_looked_at_first(have: int, looks: tuple[int, ...]) -> None:
    assert planned(10, have=have).launches == looks


def test_a_run_of_too_few_launches_is_looked_at_all_the_same() -> None:
    assert planned(3).launches == (3,)


def test_a_finished_run_is_looked_at_once_with_the_whole_level() -> None:
    assert at_once(17).launches == (17,)
    assert at_once(17).level == ALPHA
    assert at_once(17, alpha=0.05).level == 0.05


def test_the_next_look() -> None:
    plan = planned(28)
    assert [plan.next_after(n) for n in (0, 4, 5, 6, 20, 28)] == [5, 5, 7, 7, 28, None]
