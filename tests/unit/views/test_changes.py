"""What grew and what shrank adds up to what the whole grew or shrank by."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.views.changes import Change, changes, direction, per_sample, relative, signed

NAMES = st.sampled_from(["forward", "backward", "sync", "optimizer", "data_loading", "queued"])
PARTS = st.dictionaries(NAMES, st.integers(0, 10**12))


@given(PARTS, PARTS)
def test_the_changes_sum_to_the_change_of_the_whole(
    before: dict[str, int], after: dict[str, int]
) -> None:
    compared = changes(before, after)
    assert sum(c.change_ns for c in compared) == sum(after.values()) - sum(before.values())
    assert {c.name for c in compared} == set(before) | set(after)


@given(PARTS, PARTS)
def test_the_largest_change_comes_first_whichever_way_it_went(
    before: dict[str, int], after: dict[str, int]
) -> None:
    sizes = [abs(c.change_ns) for c in changes(before, after)]
    assert sizes == sorted(sizes, reverse=True)


@given(PARTS, PARTS)
def test_turned_round_every_change_changes_its_sign(
    before: dict[str, int], after: dict[str, int]
) -> None:
    there = {c.name: c.change_ns for c in changes(before, after)}
    back = {c.name: c.change_ns for c in changes(after, before)}
    assert back == {name: -ns for name, ns in there.items()}


@given(PARTS, st.integers(1, 4096))
def test_the_parts_of_a_sample_sum_to_the_sample(parts: dict[str, int], samples: int) -> None:
    shared = per_sample(parts, samples)
    assert sum(shared.values()) == round(Fraction(sum(parts.values()), samples))
    assert all(abs(shared[name] - Fraction(ns, samples)) <= 1 for name, ns in parts.items())


def test_what_is_not_measured_counts_as_nothing() -> None:
    (change,) = changes({}, {"h2d_copy": 7})
    assert change == Change("h2d_copy", None, 7)
    assert change.change_ns == 7
    assert change.fraction is None  # of nothing there is no share


def test_a_change_is_a_share_of_what_was_before() -> None:
    assert Change("forward", 80, 60).fraction == pytest.approx(-0.25)


@pytest.mark.parametrize(
    ("before", "after", "change", "way"),
    [
        ("1.20", "1.20", 0.004, "same"),
        ("0.0", "-0.0", -0.02, "same"),
        ("29.15", "29.16", 0.004, "grew"),
        ("29.16", "29.15", -0.004, "shrank"),
        ("0.00", "1.20", 1.2, "grew"),
        ("1.20", "-1.20", -2.4, "shrank"),
    ],
)
def test_what_reads_the_same_did_not_change(
    before: str, after: str, change: float, way: str
) -> None:
    assert direction(before, after, change) == way


@pytest.mark.parametrize(
    ("fraction", "said"),
    [
        (-0.25, "-25.0 %"),
        (0.25, "+25.0 %"),
        (8.99, "+899.0 %"),
        (9.0, "10.00x"),
        (-1.0, "-100.0 %"),
    ],
)
def test_many_times_as_much_is_told_as_that(fraction: float, said: str) -> None:
    assert relative(fraction) == said


def test_growth_has_a_sign_and_a_bound_has_none() -> None:
    assert signed("1.2 %", 0.012) == "+1.2 %"
    assert signed("-1.2 %", -0.012) == "-1.2 %"
    assert signed("< 0.1 %", 0.0001) == "< 0.1 %"
