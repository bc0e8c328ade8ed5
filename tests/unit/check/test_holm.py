from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.check.holm import step_down

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


def test_each_rejection_leaves_its_share_to_the_others() -> None:
    judged = step_down([0.006, 0.002, 0.003, 0.004], 0.01)
    assert judged[1] == (True, pytest.approx(0.0025))
    assert judged[2] == (True, pytest.approx(0.01 / 3))
    assert judged[3] == (True, pytest.approx(0.005))
    assert judged[0] == (True, pytest.approx(0.01))


def test_what_comes_after_the_first_that_is_kept_is_kept() -> None:
    """0.004 is below 0.01 / 2, but 0.0035 was not below 0.01 / 3."""
    judged = step_down([0.004, 0.0035, 0.5], 0.01)
    assert [each.rejected for each in judged] == [False] * 3
    assert [each.level for each in judged] == [pytest.approx(0.01 / 3)] * 3


def test_one_alone_has_the_whole_level() -> None:
    assert step_down([0.01], 0.01) == ((True, 0.01),)
    assert step_down([], 0.01) == ()


@given(P_VALUES, st.floats(1e-6, 0.5))
def test_a_hypothesis_is_rejected_exactly_where_its_own_level_says_so(
    p_values: list[float], level: float
) -> None:
    for p, judged in zip(p_values, step_down(p_values, level), strict=True):
        assert judged.rejected == (p <= judged.level)
        assert level / len(p_values) <= judged.level <= level


@given(P_VALUES, st.floats(1e-6, 0.5))
def test_it_rejects_what_bonferroni_does_and_lower_ones_first(
    p_values: list[float], level: float
) -> None:
    judged = step_down(p_values, level)
    for p, each in zip(p_values, judged, strict=True):
        assert each.rejected or p > level / len(p_values)
    kept = [p for p, each in zip(p_values, judged, strict=True) if not each.rejected]
    gone = [p for p, each in zip(p_values, judged, strict=True) if each.rejected]
    assert not (kept and gone) or max(gone) <= min(kept)
