"""Time per sample of sets of techniques, with figures that can be told by hand."""

import math

import numpy as np
import pytest
from msgspec.structs import replace
from scipy import stats

from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.explain.costs import (
    around,
    by_category,
    costs_of,
    measured_sets,
    orders_of,
    saving,
    smallest_effect,
    traced,
)
from annt_prof.explain.explanation import Amount
from annt_prof.explain.shapley import interactions, is_complete, shapley
from annt_prof.runs.record import Epochs, EpochStart, Speedup
from hand_made import MS, breakdown, lost, run, variant

NONE, A, B, AB = frozenset(), frozenset("a"), frozenset("b"), frozenset("ab")


def test_a_speedup_saves_its_share_of_the_time():
    assert saving(Speedup(1.25, 1.2, 1.6, 9, 3), 6_000) == Amount(1_200, 1_000, 2_250)
    assert saving(Speedup(0.8, 0.75, 0.96, 9, 3), 6_000) == Amount(-1_500, -2_000, -250)
    assert saving(Speedup(1.25, None, None, 2, 2), 6_000) == Amount(1_200, None, None)


def test_an_amount_has_the_interval_that_its_launches_give():
    half = stats.t.ppf(0.975, 3) * np.std([10, 30, 20, 40], ddof=1) / 2
    found = around(27.4, np.array([10.0, 30.0, 20.0, 40.0]), trims=True)
    assert found == Amount(27, round(27.4 - half), round(27.4 + half))
    assert around(27.4, np.array([10.0, 30.0]), trims=True) == Amount(27, None, None)
    many = np.array([0.0, 90.0, *range(40, 50)])
    assert around(45, many, trims=False).low_ns < around(45, many, trims=True).low_ns


def test_only_what_was_measured_is_a_set_and_each_counts_once():
    first = variant("baseline", [100.0])
    again = variant("baseline_again", [101.0], factors=())
    a, same = variant("a", [50.0]), variant("the_same", [51.0], factors=("a",))
    without = variant("b", [])
    crashed = variant("c", [70.0], status="crashed")
    made = run(again, first, a, same, without, crashed, lost("d", "not_applicable", "no"))
    found = measured_sets(made)
    assert {names: each.name for names, each in found.items()} == {NONE: "baseline", A: "a"}


def test_what_lacks_the_start_of_its_epoch_is_no_set():
    """Its step of 10 ms beside 16 ms with the start would come to a saving that nothing made."""
    whole = Epochs(100, starts=(EpochStart(0, 600 * MS),), counted=True)
    base, b = variant("baseline", [10.0], epochs=whole), variant("b", [10.0], epochs=whole)
    a = variant("a", [10.0], epochs=Epochs(100), skipped=True)
    assert set(measured_sets(run(base, a, b))) == {NONE, B}
    without = replace(base, epochs=Epochs(100))
    assert set(measured_sets(run(without, a))) == {NONE, A}
    assert set(measured_sets(run(a, b))) == {A, B}


def test_a_total_is_shared_over_all_orders_or_those_of_the_run():
    made = run(variant("baseline", [100.0]))
    assert orders_of(made, "ab", [NONE, A, B, AB]) == [("a", "b"), ("b", "a")]
    assert orders_of(made, "ab", [NONE, A, AB]) == []
    assert orders_of(made, "a", [NONE, A]) == [("a",)]
    most = [frozenset(names) for names in ("", "a", "b", "c", "ab", "ac", "abc")]
    assert orders_of(made, "abc", most) == []
    assert len(orders_of(made, "abc", [*most, frozenset("bc")])) == 6
    sampled = replace(made, orders=(("a", "b"),))
    assert orders_of(sampled, "ab", [NONE, A, AB]) == [("a", "b")]
    assert orders_of(sampled, "ab", [NONE, A, B, AB]) == [("a", "b")]
    assert orders_of(sampled, "ab", [NONE, B, AB]) == []
    assert is_complete([NONE, A, AB], [("a", "b")])
    assert not is_complete([NONE, A, AB], [("a", "b"), ("b", "a")])
    assert not is_complete([A, AB], [("a", "b")])


def test_costs_are_ratios_to_the_baseline_of_the_same_round():
    base = variant("baseline", [100.0, 200.0])
    variants = {NONE: base, A: variant("a", [50.0, 80.0])}
    found = costs_of(variants, base, 7_000)
    assert found.by_launch[A] == pytest.approx([3_500, 2_800])
    assert found.by_launch[NONE] == pytest.approx([7_000, 7_000])
    assert float(found.level[A]) == pytest.approx(7_000 * math.sqrt(0.5 * 0.4))
    late = replace(variants[A], windows=())
    assert costs_of({A: late}, base, 7_000) is None


@pytest.mark.parametrize("uneven", [False, True])
def test_of_ten_launches_the_middle_ones_count_unless_they_are_uneven(uneven):
    base = variant("baseline", [100.0] * 10, uneven=uneven)
    other = variant("a", [50.0] * 8 + [90.0, 80.0], uneven=uneven)
    found = costs_of({A: other}, base, 7_000)
    logs = [math.log(0.5)] * 8 + [math.log(0.9), math.log(0.8)]
    expected = math.exp(sum(logs) / 10) if uneven else 0.5
    assert float(found.level[A]) == pytest.approx(7_000 * expected)


@pytest.mark.parametrize("uneven", [False, True])
def test_long_steps_count_where_launches_have_them_unequally(uneven):
    base = variant("baseline", [100.0] * 3, rounds_per_launch=3, uneven=uneven)
    other = variant("a", [50.0, 54.0, 88.0], rounds_per_launch=3, uneven=uneven)
    found = costs_of({A: other}, base, 7_000)
    assert found.by_launch[A] == pytest.approx([7_000 * (0.64 if uneven else 0.54)])


def test_traced_steps_are_per_sample_and_only_of_what_was_traced():
    one = variant("a", [50.0], breakdown=breakdown(60.0), samples_per_iteration=5)
    found = traced({A: one, B: variant("b", [70.0])})
    assert {names: float(ns) for names, ns in found.items()} == {A: 12 * MS}


def test_categories_are_per_sample_and_only_those_that_all_traces_show():
    base, tuned = summarise(
        (
            variant(
                "baseline",
                [100.0] * 3,
                breakdown=breakdown(100.0, forward=0.5, optimizer=0.2, sync=0.1),
            ),
            variant(
                "a",
                [80.0] * 3,
                samples_per_iteration=16,
                breakdown=breakdown(80.0, forward=0.4, optimizer=0.3),
            ),
        )
    )
    timed = {NONE: 100.0 * MS / 8, A: 80.0 * MS / 16}
    found = by_category({NONE: base, A: tuned}, timed, "cpu")
    assert list(found) == ["forward", "optimizer", "unattributed"]
    assert {n: float(ns) for n, ns in found["forward"].items()} == {NONE: 6.25 * MS, A: 2 * MS}
    assert {n: float(ns) for n, ns in found["optimizer"].items()} == {NONE: 2.5 * MS, A: 1.5 * MS}
    # What a trace is compared with may be another time than its own windows'.
    slower = by_category({NONE: base, A: tuned}, timed | {A: 76.0 * MS / 16}, "cpu")
    assert float(slower["forward"][A]) == pytest.approx(1.9 * MS)
    untraced = replace(tuned, breakdown=None)
    assert by_category({NONE: base, A: untraced}, timed, "cpu") == {}
    assert by_category({}, {}, "cpu") == {}
    assert Category.SYNC not in found


def test_the_smallest_effect_that_so_many_launches_find():
    logs = [0.01, 0.03, 0.02, 0.05]
    error = np.std(logs, ddof=1) / 2
    quantiles = stats.t.ppf(0.975, 3) + stats.t.ppf(0.8, 3)
    found = smallest_effect(logs, trims=True)
    assert found == pytest.approx(1 - math.exp(-error * quantiles), rel=1e-9)
    assert smallest_effect(logs[:2], trims=True) is None
    assert smallest_effect([], trims=True) is None


def test_of_many_launches_it_is_that_of_the_middle_ones():
    logs = [0.9, 0.10, 0.13, 0.11, -0.7, 0.14, 0.12, 0.16, 0.15, 0.17]
    plain = np.std(logs, ddof=1) / math.sqrt(10)
    untrimmed = stats.t.ppf(0.975, 9) + stats.t.ppf(0.8, 9)
    assert smallest_effect(logs, trims=False) == pytest.approx(
        1 - math.exp(-plain * untrimmed), rel=1e-9
    )
    ends = [0.11] * 3 + [0.12, 0.13, 0.14, 0.15] + [0.16] * 3
    error = np.std(ends, ddof=1) / (0.6 * math.sqrt(10))
    trimmed = stats.t.ppf(0.975, 5) + stats.t.ppf(0.8, 5)
    assert smallest_effect(logs, trims=True) == pytest.approx(
        1 - math.exp(-error * trimmed), rel=1e-9
    )


def test_shares_of_three_along_two_orders():
    cost = {"": 100, "a": 90, "b": 77, "ab": 60, "abc": 31, "bc": 66}
    known = {frozenset(names): np.array(float(ns)) for names, ns in cost.items()}
    found = shapley(known, "abc", [("a", "b", "c"), ("b", "c", "a")])
    assert {name: float(ns) for name, ns in found.items()} == {"a": 22.5, "b": 26.5, "c": 20.0}
    assert {n: float(ns) for n, ns in shapley(known, "ab", []).items()} == {"a": 0, "b": 0}
    pairs = interactions(known, "abc")
    assert {names: float(ns) for names, ns in pairs.items()} == {AB: 90 + 77 - 100 - 60}
