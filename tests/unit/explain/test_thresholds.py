"""Where traces stop agreeing, predictions stop holding and loading starts to decide."""

import dataclasses

import pytest
from msgspec.structs import replace

from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.explain.agreement import Agreement, agreement, in_words
from annt_prof.explain.explanation import Amount, Bounds
from annt_prof.explain.prediction_check import beyond, held
from annt_prof.explain.profiler_overhead import deflated
from annt_prof.explain.waiting import loading_decides
from annt_prof.runs.record import Epochs, EpochStart
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline, Evidence
from hand_made import MS, breakdown, variant


def traced(step_ns, events, windows=(100.0, 100.0, 100.0), **changes):
    made = replace(breakdown(1.0), step_ns=step_ns, host_events=events)
    (found,) = summarise((variant("baseline", list(windows), breakdown=made, **changes),))
    return found


@pytest.mark.parametrize(
    ("step_ns", "events", "finding"),
    [
        (95 * MS, 2_000, "agree"),
        (95 * MS - 1, 2_000, "shorter"),
        (115 * MS, 2_000, "agree"),
        (115 * MS + 1, 2_000, "longer"),
        (105 * MS, 0, "agree"),
        (105 * MS + 1, 0, "longer"),
        (100 * MS, None, "agree"),
        (100 * MS + 1, None, "cost_unknown"),
        (95 * MS, None, "agree"),
        (95 * MS - 1, None, "shorter"),
    ],
)
def test_a_trace_may_be_off_by_what_the_profiler_costs_and_drift(step_ns, events, finding):
    cost_ns = None if events is None else events * 5_000
    expected = Agreement(finding, step_ns / (100 * MS) - 1, cost_ns, 5 * MS)
    assert agreement(traced(step_ns, events)) == expected


def test_a_trace_may_be_off_by_what_launches_are():
    restless = (80.0, 90.0, 130.0)
    assert agreement(traced(140 * MS, 2_000, restless)).beyond_cost_ns == 30 * MS
    for step_ns, finding in ((80 * MS, "agree"), (80 * MS - 1, "shorter")):
        assert agreement(traced(step_ns, 2_000, restless)).finding == finding
    quiet = replace(traced(115 * MS, 2_000), windows=())
    assert agreement(quiet).beyond_cost_ns == 5 * MS


@pytest.mark.parametrize(("uneven", "over_ms"), [(False, 5), (True, 20)])
def test_a_long_window_counts_where_launches_have_them_unequally(uneven, over_ms):
    """Launches are 100 and 100 ms by the median, 100 and 140 by the mean."""
    windows = (100.0, 100.0, 100.0, 100.0, 100.0, 220.0)
    found = traced(110 * MS, 0, windows, rounds_per_launch=3, uneven=uneven)
    assert agreement(found).beyond_cost_ns == over_ms * MS


@pytest.mark.parametrize(
    ("compared", "said"),
    [
        (Agreement("agree", 0.0, 7, 9),
         "traced steps are 0.0 % longer than timed ones; the profiler slows the host, "
         "so read the shares, not the sum"),
        (Agreement("agree", 0.02, 7, 9, mid_epoch=True),
         "traced steps are 2.0 % longer than timed ones in mid-epoch; the profiler slows the host, "
         "so read the shares, not the sum"),
        (Agreement("longer", 0.3, 0, 9, mid_epoch=True),
         "traced steps are 30.0 % longer than timed ones in mid-epoch, more than the profiler "
         "costs (at most about 0.000 ms here): the two windows do not show the same work; read the "
         "timed figure"),
        (Agreement("agree", 0.2, 7, 9),
         "traced steps are 20.0 % longer than timed ones; the profiler slows the host, "
         "so read the shares, not the sum"),
        (Agreement("agree", 0.201, 7, 9),
         "traced steps are 20.1 % longer than timed ones; the profiler slows the host, "
         "and not every category alike: take the shares for a hint"),
        (Agreement("agree", -0.03, 7, 9),
         "traced steps are 3.0 % shorter than timed ones, which no profiler does, within what "
         "windows that lie apart may differ by, so read the shares, not the sum"),
        (Agreement("agree", -0.25, 7, 9),
         "traced steps are 25.0 % shorter than timed ones, which no profiler does, within what "
         "windows that lie apart may differ by, and not every category alike: take the shares "
         "for a hint"),
        (Agreement("longer", 0.3, 0, 9),
         "traced steps are 30.0 % longer than timed ones, more than the profiler costs (at most "
         "about 0.000 ms here): the two windows do not show the same work; read the timed figure"),
        (Agreement("cost_unknown", 0.1, None, 9),
         "traced steps are 10.0 % longer than timed ones; what the profiler costs is not known, "
         "so read the shares, not the sum"),
    ],
)  # fmt: skip
def test_how_a_trace_compares_is_said_in_full(compared, said):
    assert in_words(compared) == said


ON_DEVICE = {
    Category.FORWARD: 500,
    Category.HOST_BOUND: 300,
    Category.SYNC: 100,
    Category.DATA_LOADING: 60,
    Category.UNATTRIBUTED: 40,
}


def stepping(by_category_ns, timed_ns, *, events=None, **changes):
    """Times in microseconds."""
    parts = {category: ns * 1000 for category, ns in by_category_ns.items()}
    made = replace(
        breakdown(1.0), step_ns=sum(parts.values()), by_category_ns=parts, host_events=events
    )
    timed = variant("baseline", [timed_ns / 1000] * 3, breakdown=made, **changes)
    (found,) = summarise((timed,))
    return found


def in_us(found):
    return {category: ns / 1000 for category, ns in found.by_category_ns.items()}


def test_with_a_device_only_what_the_host_decides_shrinks():
    found = deflated(stepping(ON_DEVICE, 900), "cuda")
    assert in_us(found) == {
        Category.FORWARD: 500,
        Category.HOST_BOUND: 240,
        Category.SYNC: 80,
        Category.DATA_LOADING: 48,
        Category.UNATTRIBUTED: 32,
    }
    assert found.not_in_trace_ns == 0
    assert found.host_side == ON_DEVICE.keys() - {Category.FORWARD}
    assert found.timed == frozenset()


def test_what_the_host_cannot_absorb_stays_as_a_rest():
    found = deflated(stepping(ON_DEVICE, 400), "cuda")
    assert in_us(found) == dict.fromkeys(ON_DEVICE, 0) | {Category.FORWARD: 500}
    assert found.not_in_trace_ns == -100_000
    assert found.off_ns(Category.HOST_BOUND) == 100_000
    assert found.off_ns(Category.FORWARD) == 0
    busy = deflated(stepping({Category.FORWARD: 500}, 400), "cuda")
    assert (in_us(busy), busy.not_in_trace_ns) == ({Category.FORWARD: 500}, -100_000)


def test_no_more_shrinks_than_the_profiler_costs_and_windows_differ_by():
    """Ten events of 5 us, and a twentieth of 800."""
    found = deflated(stepping(ON_DEVICE, 800, events=10), "cuda")
    assert found.by_category_ns[Category.HOST_BOUND] == round(300_000 * (1 - 90 / 500))
    assert found.not_in_trace_ns == -110_000


def test_a_trace_is_held_against_another_time_where_one_is_given():
    found = deflated(stepping(ON_DEVICE, 1000), "cpu", 600_000)
    assert found.by_category_ns[Category.FORWARD] == 300_000
    assert found.host_side == ON_DEVICE.keys()
    longer = deflated(stepping(ON_DEVICE, 1000), "cpu", 1_250_000)
    assert (longer.by_category_ns[Category.FORWARD], longer.not_in_trace_ns) == (500_000, 250_000)
    assert longer.off_ns(Category.FORWARD) == 250_000


def starting(cost_us):
    """Epochs of ten iterations."""
    return Epochs(10, starts=(EpochStart(0, cost_us * 1000),), counted=True)


@pytest.mark.parametrize(
    ("cost_us", "loading_us", "rest_us"),
    [(700, 130, 0), (-300, 30, 0), (-600, 0, 0), (-900, 0, -30)],
)
def test_an_epochs_start_is_loading_and_loading_is_no_less_than_nothing(
    cost_us, loading_us, rest_us
):
    found = deflated(stepping(ON_DEVICE, 1000, epochs=starting(cost_us)), "cuda")
    assert found.by_category_ns[Category.DATA_LOADING] == loading_us * 1000
    assert found.not_in_trace_ns == rest_us * 1000
    assert found.by_category_ns[Category.HOST_BOUND] == 300_000


def test_where_no_loading_is_seen_an_epochs_start_is_in_no_category():
    found = deflated(stepping({Category.FORWARD: 1000}, 1000, epochs=starting(700)), "cuda")
    assert in_us(found) == {Category.FORWARD: 1000}
    assert found.not_in_trace_ns == 70_000


BOUNDS = Bounds(-20, 50, "")


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [
        (53, 54, True),  # 3 beyond the bound is what the run tells from nothing
        (54, 55, False),
        (-24, -23, True),
        (-25, -24, False),
        (-10, 60, True),  # as wide as the bounds
        (-10, 61, None),
        (54, 400, False),  # however wide it is
    ],
)
def test_a_prediction_holds_up_to_its_bounds_and_the_floor(low, high, holds):
    assert held(Amount(0, low, high), BOUNDS, 3.0, 5.0) is holds


@pytest.mark.parametrize(("high", "holds"), [(5, True), (6, None)])
def test_an_interval_that_could_show_nothing_meets_a_bound_of_nothing(high, holds):
    assert held(Amount(2, 0, high), Bounds(0, 0, ""), 3.0, 5.0) is holds


@pytest.mark.parametrize("ends", [(None, 9), (0, None), (None, None)])
def test_without_an_interval_nothing_holds_or_fails(ends):
    assert held(Amount(2, *ends), BOUNDS, 3.0, 5.0) is None


@pytest.mark.parametrize(
    ("ns", "low", "high_ns", "more"),
    [
        (99, 53, 50, False),
        (99, 54, 50, True),
        (53, None, 50, False),
        (54, None, 50, True),
        (99, 3, -9, False),
        (99, 4, -9, True),
    ],
)
def test_more_than_the_mechanism_accounts_for(ns, low, high_ns, more):
    assert beyond(Amount(ns, low, 200), Bounds(-20, high_ns, ""), 3.0) is more


AMP = registry.load("amp").signature


def waiting(waits_ns, workers):
    step = {Category.DATA_LOADING: waits_ns, Category.FORWARD: 100 * MS - waits_ns}
    return Evidence("cuda", 100 * MS, step, baseline=Baseline("cuda", workers=workers))


@pytest.mark.parametrize(("waits_ns", "decides"), [(79, False), (80, True)])
def test_loading_decides_from_where_it_is_as_long_as_what_could_be_saved(waits_ns, decides):
    found = loading_decides(waiting(waits_ns, 4), AMP, Bounds(0, 5, ""), 16)
    assert (found is not None) is decides


def test_one_process_is_one_and_the_least_wait_is_a_nanosecond():
    found = loading_decides(waiting(40 * MS, 1), AMP, Bounds(0, 2 * MS, ""), 16)
    assert "waits 40.00 ms (40.0 % of it) for 1 loader process, and" in found
    assert loading_decides(waiting(1, 4), AMP, Bounds(0, 0, ""), 16) is not None
    unknown = dataclasses.replace(waiting(40 * MS, 1), baseline=None)
    assert loading_decides(unknown, AMP, Bounds(0, 2 * MS, ""), 16) is None
    assert loading_decides(waiting(40 * MS, None), AMP, Bounds(0, 2 * MS, ""), 16) is None
