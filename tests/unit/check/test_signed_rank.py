from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, wilcoxon

from annt_prof.check.signed_rank import p_positive


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=40, unique=True), st.randoms())
def test_without_ties_it_is_scipys(sizes: list[int], rng: object) -> None:
    differences = [size * rng.choice((-1.0, 1.0)) for size in sizes]  # type: ignore[attr-defined]
    theirs = wilcoxon(differences, alternative="greater", method="exact").pvalue
    assert p_positive(differences) == pytest.approx(theirs, rel=1e-12)


@given(st.lists(st.integers(-4, 4).filter(bool), min_size=1, max_size=9))
def test_with_ties_every_sign_is_counted(differences: list[int]) -> None:
    ranks = rankdata([abs(d) for d in differences])
    seen = sum(r for r, d in zip(ranks, differences, strict=True) if d > 0)
    sums = [
        sum(r for r, positive in zip(ranks, signs, strict=True) if positive)
        for signs in product((False, True), repeat=len(ranks))
    ]
    assert p_positive(differences) == sum(total >= seen for total in sums) / len(sums)


@given(st.lists(st.integers(-4, 4).filter(bool), max_size=9))
def test_zeros_are_left_out(differences: list[int]) -> None:
    assert p_positive([*differences, 0, 0.0]) == p_positive(differences)


def test_nothing_tells_nothing() -> None:
    assert p_positive([]) == 1
    assert p_positive([0.0, 0.0]) == 1


@pytest.mark.parametrize(("launches", "least"), [(4, 1 / 16), (5, 1 / 32), (28, 2**-28)])
def test_all_on_one_side_is_the_least_that_so_many_can_tell(launches: int, least: float) -> None:
    assert p_positive([0.1 * (i + 1) for i in range(launches)]) == least
    assert p_positive([-0.1 * (i + 1) for i in range(launches)]) == 1
