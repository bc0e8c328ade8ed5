"""A traced step without what the profiler added, and what it does not show of the timed one."""

import msgspec
import pytest

from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.explain.profiler_overhead import deflated
from hand_made import MS, breakdown, variant


def compared(traced, timed_ms=100.0):
    (found,) = summarise((variant("baseline", [timed_ms] * 3, breakdown=traced),))
    return found


def test_a_host_step_shrinks_alike_and_a_device_keeps_its_durations():
    traced = breakdown(108.0, forward=0.5, optimizer=0.25, host_bound=0.25)
    assert deflated(variant("baseline", [100.0], breakdown=traced), "cpu") is None
    on_host = deflated(compared(traced), "cpu")
    assert on_host.by_category_ns[Category.FORWARD] == 50 * MS
    on_device = deflated(compared(traced), "cuda")
    assert on_device.by_category_ns[Category.FORWARD] == 54 * MS
    assert on_device.by_category_ns[Category.HOST_BOUND] == 19 * MS
    assert on_host.not_in_trace_ns == on_device.not_in_trace_ns == 0


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_shorter_trace_makes_no_category_grow(device):
    traced = breakdown(60.0, forward=0.5, data_loading=0.05, host_bound=0.45)
    found = deflated(compared(traced), device)
    assert found.by_category_ns == traced.by_category_ns
    assert found.not_in_trace_ns == 40 * MS
    assert found.off_ns(Category.FORWARD) == 40 * MS


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("traced_ms", [30.0, 99.0, 104.0, 118.0, 573.6])
def test_categories_and_what_is_in_none_sum_to_the_timed_step(device, traced_ms):
    traced = breakdown(traced_ms, forward=0.3337, data_loading=0.1, host_bound=0.333, sync=0.1)
    found = deflated(compared(traced), device)
    assert sum(found.by_category_ns.values()) + found.not_in_trace_ns == 100 * MS


def test_no_more_is_taken_out_than_the_profiler_can_cost():
    """2,000 events of 5 us are 10 ms, and 5 of 100 ms are drift."""
    traced = breakdown(573.6, forward=0.3, data_loading=0.7)
    found = deflated(compared(traced), "cuda")
    assert found.by_category_ns[Category.DATA_LOADING] == pytest.approx((401.52 - 15) * MS, abs=1)
    assert found.not_in_trace_ns == pytest.approx(-(573.6 - 115) * MS, abs=2)
    # Device activities are timed by the device: too much is of the host alone.
    assert found.off_ns(Category.FORWARD) == 0
    assert found.off_ns(Category.DATA_LOADING) == -found.not_in_trace_ns
    uncounted = msgspec.structs.replace(traced, host_events=None)
    assert deflated(compared(uncounted), "cpu").not_in_trace_ns == 0


def waiting(traced, waited_ms, timed_ms=100.0):
    """A variant whose timed windows waited for so long in each iteration."""
    found = compared(traced, timed_ms)
    windows = tuple(
        msgspec.structs.replace(w, waited_ns=round(waited_ms * MS) * w.iterations)
        for w in found.windows
    )
    return msgspec.structs.replace(found, windows=windows)


def test_what_the_profiler_costs_is_not_taken_from_the_wait_that_hides_it():
    """Where loaders set the pace, 60 ms of work and 40 of waiting become 66 and 34 in a trace."""
    traced = breakdown(100.0, forward=0.44, backward=0.22, data_loading=0.34)
    found = deflated(waiting(traced, 40.0), "cpu")
    assert found.by_category_ns[Category.DATA_LOADING] == 40 * MS
    assert found.by_category_ns[Category.FORWARD] == 40 * MS
    assert found.by_category_ns[Category.BACKWARD] == 20 * MS
    assert found.not_in_trace_ns == 0
    assert found.off_ns(Category.DATA_LOADING) == 0
    # Where a device works, the host's wait says nothing of the step.
    assert deflated(waiting(traced, 40.0), "cuda").by_category_ns == traced.by_category_ns


def test_waits_that_the_trace_lacks_are_known_from_the_timed_windows():
    traced = breakdown(60.0, forward=0.9, data_loading=0.1)
    found = deflated(waiting(traced, 45.0), "cpu")
    assert found.by_category_ns[Category.DATA_LOADING] == 45 * MS
    assert found.by_category_ns[Category.FORWARD] == 54 * MS
    assert found.not_in_trace_ns == 1 * MS
