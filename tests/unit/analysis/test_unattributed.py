"""Why time is unattributed, to the nanosecond, and what a step launches by itself."""

import msgspec
import numpy as np
import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.analysis.breakdown.step_times import column
from annt_prof.analysis.breakdown.unattributed import unattributed_on_device
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.views.step_parts import build_step_parts

US = 1000
STEP = 1000 * US


def launched(builder, at, number):
    return builder.runtime("hipLaunchKernel", at, at + 5 * US, correlation=number)


def kernel(builder, start, end, number, *, stream=7):
    args = {"device": 0, "stream": stream, "correlation": number}
    return builder.event("kernel", "gemm", start, end, pid=0, tid=stream, args=args)


@pytest.fixture
def read_back(tmp_path):
    return lambda builder: read(builder.write(tmp_path / "trace.json"))


def behind():
    """A device that is always busy, 1.5 steps behind a host whose recording begins in the middle.

    Each step launches 400, 500 and 100 us of forward, backward and optimizer.
    """
    builder = TraceBuilder()
    kernel(builder, 0, 500 * US, 9001)
    for number, length in ((1, 400), (2, 500), (3, 100)):
        start = {1: 500, 2: 900, 3: 1400}[number] * US
        kernel(builder, start, start + length * US, number)
    for place in range(3):
        at, runs_at, first = place * STEP, place * STEP + 1500 * US, 4 + 3 * place
        builder.step(at, at + STEP).phase(Phase.FORWARD, at + 20 * US, at + 60 * US)
        builder.phase(Phase.BACKWARD, at + 300 * US, at + 340 * US)
        builder.phase(Phase.OPTIMIZER, at + 700 * US, at + 760 * US)
        for number, (call, start, length) in enumerate(
            [(30, 0, 400), (310, 400, 500), (710, 900, 100)], first
        ):
            launched(builder, at + call * US, number)
            kernel(builder, runs_at + start * US, runs_at + (start + length) * US, number)
    return builder


def test_a_device_behind_the_host_shows_what_was_launched_before(read_back):
    trace = read_back(behind())
    found = break_down(Timeline(trace))
    assert {c.value: ns for c, ns in found.mean.by_category_ns.items() if ns} == {
        "forward": 266_667, "backward": 200_000, "optimizer": 33_333, "unattributed": 500_000,
    }  # fmt: skip
    assert found.mean.unattributed_ns == {"launched_before_recording": 500_000}
    own = found.own_work
    assert own.by_category_ns == {
        Category.FORWARD: 400 * US, Category.BACKWARD: 500 * US, Category.OPTIMIZER: 100 * US,
    }  # fmt: skip
    assert (own.num_steps, own.device_ns) == (3, 3 * STEP)
    assert (own.launched_earlier_ns, own.before_recording_ns) == (3 * STEP, 1500 * US)
    (remark,) = (one for one in analyze(trace).remarks if "behind" in one)
    assert remark == (
        "the device is behind the host: 100.0 % of its time in the steps is work that was launched "
        "before the step began, 50.0 % before the recording; what a step launches takes the device "
        "forward 0.400 ms, backward 0.500 ms, optimizer 0.100 ms (mean of 3 steps)"
    )


@pytest.mark.parametrize(("late", "told"), [(90, False), (110, True)])
def test_a_device_that_is_hardly_behind_is_worth_no_remark(late, told, read_back):
    """Of 1000 us of device time in two steps, that much runs past the first one's end."""
    builder = TraceBuilder()
    for place in range(2):
        at = place * STEP
        builder.step(at, at + STEP).phase(Phase.FORWARD, at, at + STEP)
        launched(builder, at + 400 * US, place + 1)
    kernel(builder, (500 + late) * US, (1000 + late) * US, 1)
    kernel(builder, 1500 * US, 2000 * US, 2)
    trace = read_back(builder)
    own = break_down(Timeline(trace)).own_work
    assert own.launched_earlier_ns == late * US
    assert any("behind" in one for one in analyze(trace).remarks) is told


def test_a_step_whose_kernels_are_missing_has_no_own_work(read_back):
    builder = behind()
    launched(builder, 2900 * US, 50)
    own = break_down(Timeline(read_back(builder))).own_work
    assert own.num_steps == 2
    assert own.by_category_ns[Category.BACKWARD] == 500 * US


def one_step(*, phases=True):
    builder = TraceBuilder().step(0, STEP)
    if phases:
        builder.phase(Phase.FORWARD, 100 * US, 200 * US)
        builder.phase(Phase.H2D_COPY, 200 * US, 250 * US)
        builder.phase(Phase.SYNC, 600 * US, 650 * US)
    return builder


def reasons(trace):
    mean = break_down(Timeline(trace)).mean
    assert sum(mean.unattributed_ns.values()) == mean.by_category_ns[Category.UNATTRIBUTED]
    return mean.unattributed_ns


def test_every_reason_has_its_time(read_back):
    builder = one_step()
    launched(builder, 20 * US, 100)  # in no phase
    launched(builder, 120 * US, 101)  # in the forward pass
    launched(builder, 210 * US, 102)  # while copying
    launched(builder, 610 * US, 103)  # while waiting
    kernel(builder, 0, 10 * US, 1)
    kernel(builder, 30 * US, 60 * US, 100)
    kernel(builder, 130 * US, 170 * US, 101)
    kernel(builder, 220 * US, 227 * US, 102)
    kernel(builder, 620 * US, 640 * US, 103)
    kernel(builder, 700 * US, 703 * US, 555)  # its call is not there, later ones are
    assert reasons(read_back(builder)) == {
        "launched_before_recording": 10 * US,
        "launch_not_recorded": 3 * US,
        "outside_phases": 30 * US,
        "copying_or_waiting": 27 * US,
        "idle_unknown": 60 * US,  # before the kernel whose call is not there
    }


def test_overlapping_activities_share_no_nanosecond(read_back):
    builder = one_step()
    launched(builder, 20 * US, 100)
    kernel(builder, 30 * US, 60 * US, 100)
    kernel(builder, 50 * US, 90 * US, 555, stream=9)
    kernel(builder, 10 * US, 40 * US, 3, stream=11)
    assert reasons(read_back(builder)) == {
        "launched_before_recording": 30 * US,
        "launch_not_recorded": 30 * US,
        "outside_phases": 20 * US,
        "idle_unknown": 10 * US,  # before the first one
    }


def test_without_any_phase_that_is_the_reason(read_back):
    builder = one_step(phases=False)
    launched(builder, 20 * US, 100)
    kernel(builder, 30 * US, 60 * US, 100)
    assert reasons(read_back(builder)) == {"no_phases": 30 * US}


def test_what_an_earlier_step_launched_is_attributed(read_back):
    builder = TraceBuilder().step(0, STEP).step(STEP, 2 * STEP)
    builder.phase(Phase.BACKWARD, 100 * US, 900 * US)
    launched(builder, 500 * US, 1)
    kernel(builder, 1200 * US, 1500 * US, 1)
    found = break_down(Timeline(read_back(builder)))
    assert found.steps[1].by_category_ns[Category.BACKWARD] == 300 * US
    assert found.mean.unattributed_ns == {}


@pytest.mark.parametrize(
    ("number", "start", "stream", "before"),
    [
        pytest.param(99, 500, 7, True, id="its id is below every recorded call's"),
        pytest.param(555, 500, 7, False, id="its id is among theirs"),
        pytest.param(555, 5, 7, True, id="it began before any of them"),
        pytest.param(0, 500, 7, False, id="it has no id"),
        pytest.param(0, 50, 9, True, id="one launched before follows on its stream"),
        pytest.param(0, 250, 9, False, id="one launched before is ahead of it"),
        pytest.param(0, 50, 7, False, id="the one that follows is on another stream"),
    ],
)
def test_what_was_launched_before_the_recording_is_told(number, start, stream, before, read_back):
    builder = one_step()
    launched(builder, 20 * US, 100)
    launched(builder, 120 * US, 1000)
    kernel(builder, 900 * US, 901 * US, 1000)
    kernel(builder, 200 * US, 240 * US, 2, stream=9)
    kernel(builder, start * US, (start + 3) * US, number, stream=stream)
    timeline = Timeline(read_back(builder))
    starts = timeline.events.start_ns[timeline.activities]
    assert timeline.launched_before[starts == start * US].tolist() == [before]


def test_without_recorded_calls_nothing_is_before_them(read_back):
    trace = read_back(kernel(one_step(), 0, 10 * US, 5))
    # Nor is the host told to be late; what it does in a phase of its own is known all the same.
    assert reasons(trace) == {"launch_not_recorded": 10 * US, "idle_unknown": 940 * US}
    assert break_down(Timeline(trace)).own_work is None


def test_on_a_host_it_is_the_main_thread_that_is_in_no_phase(read_back):
    assert reasons(read_back(one_step())) == {
        "outside_phases": 800 * US, "copying_or_waiting": 50 * US,
    }  # fmt: skip
    alone = TraceBuilder().step(0, STEP).operator("aten::mm", 10 * US, 20 * US)
    assert reasons(read_back(alone)) == {"no_phases": STEP}


def test_unattributed_time_without_an_activity_is_idle(read_back):
    builder = one_step()
    launched(builder, 20 * US, 100)
    kernel(builder, 30 * US, 60 * US, 100)
    timeline = Timeline(read_back(builder))
    edges = np.array([0, 30, 60, 70, 1000]) * US
    unattributed, other = (column(c) for c in (Category.UNATTRIBUTED, Category.HOST_BOUND))
    label = np.array([other, unattributed, unattributed, other, other])
    found = unattributed_on_device(timeline, timeline.activities, edges, label)
    assert found == {"outside_phases": 30 * US, "idle_unknown": 10 * US}


def test_means_still_sum_where_steps_do_not_divide(read_back):
    builder = TraceBuilder()
    for place in range(3):
        builder.step(place * STEP, (place + 1) * STEP)
    builder.phase(Phase.FORWARD, 500 * US, 501 * US)
    launched(builder, 20 * US, 100)
    kernel(builder, 30 * US, 30 * US + 1, 100)
    kernel(builder, 30 * US + 1, 30 * US + 2, 555)
    kernel(builder, 0, 2, 3)
    assert sum(reasons(read_back(builder)).values()) == 1


def test_the_reasons_are_shown_once_they_are_worth_it(read_back):
    builder = one_step()
    launched(builder, 20 * US, 100)
    kernel(builder, 30 * US, 39 * US, 100)
    mean = break_down(Timeline(read_back(builder))).mean
    assert build_step_parts(mean).unattributed == ()
    kernel(builder, 39 * US, 59 * US, 555)
    (longest, other) = build_step_parts(break_down(Timeline(read_back(builder))).mean).unattributed
    assert (longest.reason, longest.time_ns) == ("launch_not_recorded", 20 * US)
    assert (other.reason, other.time_ns) == ("outside_phases", 9 * US)


def test_a_record_from_before_the_reasons_were_told_is_read():
    mean = MeanBreakdown(10, 1, {Category.UNATTRIBUTED: 10}, {}, {}, {})
    written = msgspec.to_builtins(mean)
    del written["unattributed_ns"]
    assert msgspec.convert(written, MeanBreakdown).unattributed_ns == {}
