"""Rounded parts add up, and the largest remainders are the ones that are rounded up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.breakdown.apportionment import whole_numbers


@pytest.mark.parametrize(
    ("shares", "total", "expected"),
    [
        ({"a": 1.2, "b": 2.7, "c": 0.6}, 5, {"a": 1, "b": 3, "c": 1}),
        ({"a": -1.2, "b": 2.7}, 1, {"a": -1, "b": 2}),
        ({"a": 0.5, "b": 0.5}, 1, {"a": 1, "b": 0}),
        ({"a": Fraction(10**18, 3), "b": Fraction(2 * 10**18, 3)}, 10**18,
         {"a": 333333333333333333, "b": 666666666666666667}),
        ({}, 0, {}),
    ],
)  # fmt: skip
def test_the_largest_remainders_are_rounded_up(shares, total, expected):
    assert whole_numbers(shares, total) == expected


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8))
def test_rounded_shares_sum_to_the_rounded_total_and_move_by_no_more_than_one(shares):
    named = {str(i): share for i, share in enumerate(shares)}
    total = round(sum(shares))
    found = whole_numbers(named, total)
    assert sum(found.values()) == total
    assert all(abs(found[name] - share) <= 1 for name, share in named.items())


@pytest.mark.parametrize("total", [1, 2, 4, 5, 119_083])
def test_what_rounding_does_not_make_up_for_is_not_dealt_out(total):
    with pytest.raises(ValueError, match=f"shares that come to 3.0 cannot sum to {total}"):
        whole_numbers({"a": 1.2, "b": 1.8}, total)
    with pytest.raises(ValueError, match=r"come to 0\.0 cannot sum to 1"):
        whole_numbers({}, 1)
