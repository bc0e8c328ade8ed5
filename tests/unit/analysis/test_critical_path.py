"""The chain that sets the step's length."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_reference import by_nanosecond

from annt_prof.analysis.path.critical_path import critical_path
from annt_prof.analysis.path.visited import CircularPathError
from annt_prof.analysis.path.walk import walk
from annt_prof.analysis.timeline import dependencies
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read


def path_of(builder, folder, top=100):
    return critical_path(Timeline(read(builder.write(folder / "trace.json"))), top)


def only_step(builder, folder):
    (step,) = path_of(builder, folder).steps
    assert sum(step.on_path_ns.values()) == step.wall_ns
    assert sum(step.host_ns.values()) <= step.wall_ns
    return step.on_path_ns


def test_a_loader_hidden_under_the_device_is_not_on_the_path(tmp_path):
    """It fills a third of the step, and saving it would save nothing."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 100)
    builder.kernel("gemm", 50, 900, launch_ns=20).phase(Phase.DATA_LOADING, 100, 430)
    builder.runtime("cudaStreamSynchronize", 500, 910)
    assert only_step(builder, tmp_path) == {"host_bound": 20 + 30 + 90, "forward": 850, "sync": 10}


def test_one_that_the_device_waits_for_is(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.DATA_LOADING, 0, 330)
    builder.phase(Phase.FORWARD, 330, 1000)
    builder.kernel("gemm", 350, 900, launch_ns=340).runtime("cudaStreamSynchronize", 500, 900)
    assert only_step(builder, tmp_path) == {
        "data_loading": 330, "host_bound": 10 + 10 + 100, "forward": 550,
    }  # fmt: skip


def test_the_host_alone_sets_the_step_where_it_never_waits(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.BACKWARD, 0, 600)
    builder.kernel("gemm", 50, 900, launch_ns=20).operator("aten::empty", 880, 950)
    (step,) = path_of(builder, tmp_path).steps
    assert step.on_path_ns == {"host_bound": 1000}
    assert step.host_ns == {"backward": 600, "unattributed": 400}


def test_where_the_host_is_not_recorded_it_is_not_said_to_have_worked_on(tmp_path):
    """It may have waited for the kernel, as nothing tells what it did."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.BACKWARD, 0, 600)
    builder.kernel("gemm", 50, 900, launch_ns=20)
    (step,) = path_of(builder, tmp_path).steps
    assert step.on_path_ns == {"host_bound": 50 + 100, "backward": 850}
    assert step.idle_ns == {"host_bound": 50 + 100}


def test_work_left_at_the_end_belongs_to_the_path(tmp_path):
    """The host has gone ahead: what it launched takes until after the steps."""
    builder = TraceBuilder().step(0, 500).step(500, 1000).phase(Phase.FORWARD, 0, 1000)
    builder.kernel("first", 10, 700, launch_ns=5).kernel("second", 702, 2000, launch_ns=300)
    first, second = path_of(builder, tmp_path).steps
    assert first.on_path_ns == {"host_bound": 10, "forward": 490}
    assert second.on_path_ns == {"forward": 498, "queued": 2}


def test_what_nobody_waited_for_does_not_take_the_path_from_the_host(tmp_path):
    """The copy overhangs by less than the host worked since it last waited."""
    builder = TraceBuilder().step(0, 10_000).kernel("gemm", 10, 9000, launch_ns=5)
    builder.runtime("cudaStreamSynchronize", 100, 9000).operator("aten::log", 9100, 9990)
    builder.copy("DtoH", 9050, 10_020, launch_ns=9040, stream=8)
    assert only_step(builder, tmp_path) == {"host_bound": 10 + 1000, "unattributed": 8990}


def test_and_takes_it_where_the_device_is_further_behind(tmp_path):
    builder = TraceBuilder().step(0, 10_000).kernel("first", 10, 1000, launch_ns=5)
    builder.runtime("cudaStreamSynchronize", 100, 1000).operator("aten::log", 1100, 9990)
    builder.kernel("second", 1060, 30_000, launch_ns=1050)
    path = only_step(builder, tmp_path)
    assert path["unattributed"] == 990 + 10_000 - 1060


def test_a_branch_that_no_event_of_the_host_joins_is_on_the_path(tmp_path):
    """As in a graph: what comes after it begins as it ends, and nothing says why."""
    builder = TraceBuilder().step(0, 4_000_000).phase(Phase.FORWARD, 0, 4_000_000)
    builder.kernel("before", 500_000, 510_000, launch_ns=490_000)
    builder.kernel("sgemm", 511_000, 3_511_000, launch_ns=490_001, stream=8)
    builder.kernel("after", 3_513_000, 3_520_000, launch_ns=490_002)
    builder.runtime("cudaDeviceSynchronize", 600_000, 3_525_000)
    path = only_step(builder, tmp_path)
    assert path["forward"] == 3_000_000 + 7000 + 10_000
    assert path["queued"] == 1000 + 2000


def test_giving_memory_back_waits_for_the_device(tmp_path):
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 10, 900, launch_ns=5)
    builder.runtime("cudaFree", 50, 905).operator("aten::empty", 910, 1000)
    path = only_step(builder, tmp_path)
    assert path == {"host_bound": 10 + 95, "unattributed": 890, "sync": 5}


def test_and_does_not_where_the_device_runs_on(tmp_path):
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 10, 40, launch_ns=5)
    builder.kernel("gemm", 45, 900, launch_ns=6).runtime("cudaFree", 30, 300)
    builder.operator("aten::empty", 910, 1000)
    assert only_step(builder, tmp_path) == {"host_bound": 1000}


def test_communication_is_on_the_path_where_compute_waits_for_it(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.OPTIMIZER, 0, 1000)
    builder.kernel("gemm", 100, 200, launch_ns=10)
    builder.kernel("ncclDevKernel_AllReduce", 110, 600, launch_ns=20, stream=20)
    builder.runtime("cudaStreamWaitEvent", 25, 27).kernel("adam", 605, 1000, launch_ns=30)
    builder.runtime("cudaStreamSynchronize", 40, 1000)
    expected = {"host_bound": 100, "communication": 490, "queued": 10 + 5, "optimizer": 395}
    assert only_step(builder, tmp_path) == expected


def test_and_is_not_where_nothing_was_made_to_wait(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.OPTIMIZER, 0, 1000)
    builder.kernel("gemm", 100, 590, launch_ns=10)
    builder.kernel("ncclDevKernel_AllReduce", 110, 600, launch_ns=20, stream=20)
    builder.kernel("adam", 605, 1000, launch_ns=30)
    builder.runtime("cudaStreamSynchronize", 40, 1000)
    expected = {"host_bound": 100, "queued": 15, "optimizer": 490 + 395}
    assert only_step(builder, tmp_path) == expected


def test_what_was_launched_before_the_trace_began_is_not_guessed(tmp_path):
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 300, 900)
    builder.runtime("cudaDeviceSynchronize", 500, 900).kernel("adam", 980, 990, launch_ns=980)
    expected = {"unattributed": 300 + 600 + 10, "host_bound": 80 + 10}
    assert only_step(builder, tmp_path) == expected


def test_without_any_launch_nothing_is_known(tmp_path):
    assert path_of(TraceBuilder().step(0, 1000).kernel("gemm", 300, 900), tmp_path) is None


def test_a_wait_of_the_backward_thread_counts_and_one_of_a_watchdog_does_not(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.BACKWARD, 0, 1000)
    builder.kernel("gemm", 100, 400, launch_ns=50).kernel("late", 500, 800, launch_ns=450)
    builder.operator(
        "autograd::engine::evaluate_function: X", 0, 900, thread=AUTOGRAD_THREAD
    ).runtime("cudaStreamSynchronize", 150, 400, thread=AUTOGRAD_THREAD)
    builder.runtime("cudaEventSynchronize", 480, 800, thread=999)
    assert only_step(builder, tmp_path) == {"host_bound": 100 + 600, "backward": 300}


def item(builder, *, copying_until, waiting_from):
    """One ``item()``: a copy to pageable memory, then a wait; one of the two takes the time."""
    builder.step(0, 1000).phase(Phase.FORWARD, 0, 100).kernel("gemm", 50, 900, launch_ns=20)
    builder.copy("DtoH", 900, 905, launch_ns=110, returned_ns=copying_until, pageable=True)
    return builder.runtime("cudaStreamSynchronize", waiting_from, 940)


def test_it_is_the_same_whichever_call_of_an_item_blocks(tmp_path):
    in_copy = only_step(item(TraceBuilder(), copying_until=940, waiting_from=940), tmp_path)
    in_wait = only_step(item(TraceBuilder(), copying_until=112, waiting_from=112), tmp_path)
    expected = {"host_bound": 50 + 60, "forward": 850, "other_copy": 5, "sync": 35}
    assert in_copy == in_wait == expected


def test_a_copy_from_pageable_memory_holds_the_host_until_its_call_returns(tmp_path):
    """The last piece is staged by then and still on its way."""
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 600, 1000)
    builder.copy("HtoD", 100, 590, launch_ns=50, returned_ns=550, pageable=True)
    builder.kernel("gemm", 700, 900, launch_ns=690).runtime("cudaStreamSynchronize", 710, 900)
    expected = {"host_bound": 50 + 150 + 100, "sync": 50, "h2d_copy": 450, "forward": 200}
    assert only_step(builder, tmp_path) == expected


def test_one_that_was_staged_at_once_holds_nobody(tmp_path):
    builder = TraceBuilder().step(0, 1000).operator("aten::empty", 580, 600)
    builder.copy("HtoD", 100, 590, launch_ns=50, returned_ns=99, pageable=True)
    assert only_step(builder, tmp_path) == {"host_bound": 1000}


def test_a_call_that_returns_before_its_copy_has_ended_did_not_wait_for_it(tmp_path):
    builder = TraceBuilder().step(0, 1000).operator("aten::empty", 580, 600)
    builder.copy("DtoH", 100, 590, launch_ns=50, returned_ns=589, pageable=True)
    assert only_step(builder, tmp_path) == {"host_bound": 1000}


def test_a_copy_from_pinned_memory_holds_nobody_however_long_its_call(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    builder.copy("HtoD", 100, 590, launch_ns=50, returned_ns=600)
    assert only_step(builder, tmp_path) == {"host_bound": 1000}


def test_a_copy_whose_call_took_no_time_does_not_wait_for_itself(tmp_path):
    """Its call begins and returns, and the copy begins, at one and the same instant."""
    builder = TraceBuilder().step(0, 2000)
    builder.copy("HtoD", 1000, 1500, launch_ns=1000, returned_ns=1000, pageable=True)
    builder.runtime("cudaStreamSynchronize", 1200, 2000)
    assert only_step(builder, tmp_path) == {"host_bound": 1000, "h2d_copy": 500, "sync": 500}


def test_nor_do_two_of_which_each_follows_the_other(tmp_path):
    """In the file's order, but not in that of launches, the kernel is the stream's first."""
    builder = TraceBuilder().step(0, 2000).phase(Phase.FORWARD, 0, 2000)
    builder.kernel("gemm", 1000, 1400, launch_ns=1000)
    builder.copy("HtoD", 1000, 1500, launch_ns=900, returned_ns=1000, pageable=True)
    builder.runtime("cudaStreamSynchronize", 1200, 2000)
    found = only_step(builder, tmp_path)
    assert found == {"host_bound": 900, "h2d_copy": 500, "sync": 100 + 500}


def test_a_circle_is_an_error_with_a_name_and_never_a_loop(tmp_path):
    builder = TraceBuilder().step(0, 2000)
    builder.kernel("one", 100, 200, launch_ns=50).kernel("two", 200, 2500, launch_ns=60)
    timeline = Timeline(read(builder.write(tmp_path / "trace.json")))
    timeline.gates.previous[:] = [1, 0]
    with pytest.raises(
        CircularPathError, match=r"'two' at 200 ns of .*trace\.json waits for itself"
    ):
        critical_path(timeline, 10)


@pytest.mark.parametrize(
    ("previous", "met_twice"),
    [([3, 0, 1, 2], "'three' at 300 ns"), ([1, 0, 1, 2], "'two' at 200 ns")],
)
def test_the_error_names_the_activity_that_was_met_twice(tmp_path, previous, met_twice):
    builder = TraceBuilder().step(0, 2000)
    builder.kernel("one", 100, 200, launch_ns=50).kernel("two", 200, 300, launch_ns=60)
    builder.kernel("three", 300, 2500, launch_ns=70).kernel("four", 400, 500, launch_ns=80)
    timeline = Timeline(read(builder.write(tmp_path / "trace.json")))
    timeline.gates.previous[:] = previous  # the walk begins with three, which ends last
    with pytest.raises(CircularPathError, match=met_twice):
        critical_path(timeline, 10)


@pytest.mark.parametrize("launched_at", [50, 10_000])
def test_the_walk_ends_where_the_steps_begin(tmp_path, launched_at):
    """Whether in a row of activities that follow one another, or by the wait before a launch."""
    builder = TraceBuilder().step(0, 500, number=1).step(500, 1000, number=2)
    for at in range(100, 900, 100):
        builder.kernel("gemm", at, at + 100, launch_ns=min(at, launched_at))
        builder.runtime("cudaStreamSynchronize", at + 10, at + 100)
    timeline = Timeline(read(builder.write(tmp_path / "trace.json")), slice(1, 2))
    path = walk(timeline).path
    assert (path.start_ns[0], path.end_ns[-1]) == (500, 1000)


def test_steps_that_overlap_are_each_on_the_path_throughout(tmp_path):
    """A damaged trace may hold one step over the others."""
    builder = TraceBuilder().step(0, 500).step(500, 3000).step(1000, 1500)
    builder.kernel("gemm", 100, 900, launch_ns=50).runtime("cudaStreamSynchronize", 100, 900)
    for step in path_of(builder, tmp_path).steps:
        assert sum(step.on_path_ns.values()) == step.wall_ns


def test_the_activities_on_the_path_are_listed(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.FORWARD, 0, 1000)
    for at in (100, 200, 300):
        builder.kernel("small", at, at + 100, launch_ns=50)
    builder.kernel("large", 400, 990, launch_ns=60).runtime("cudaStreamSynchronize", 70, 990)
    found = path_of(builder, tmp_path).activities
    assert [(one.name, one.category, one.count, one.on_path_ns) for one in found] == [
        ("large", "forward", 1, 590), ("small", "forward", 3, 300),
    ]  # fmt: skip
    assert len(path_of(builder, tmp_path, top=1).activities) == 1


def test_a_trace_without_a_device_has_none(tmp_path):
    assert path_of(TraceBuilder().operator("aten::mm", 0, 10), tmp_path) is None


class PlainWalk:
    """The definition once more, activity by activity and nanosecond by nanosecond."""

    def __init__(self, activities, calls, waits, end, pageable, idle, doing):
        """A pageable copy is (stream, start, length, lead, call's length, direction).

        ``idle`` and ``doing`` tell of each nanosecond what the idle device waits for and what the
        host does.
        """
        own = [
            (stream, start, start + length, max(0, start - lead), held, direction)
            for stream, start, length, lead, held, direction in pageable
        ]
        # At one instant a stream ran what was launched first, then what the file has first.
        given = [
            (stream, start, start + length, max(0, start - lead), None)
            for stream, start, length, lead in activities
            if length
        ]
        given += [(*copy[:4], copy[4:]) for copy in own]
        order = sorted(range(len(given)), key=lambda i: (*given[i][:2], given[i][3], i))
        self.activities = [given[i][:4] for i in order]
        kinds = {"HtoD": "h2d_copy", "DtoH": "other_copy"}
        self.kind = [given[i][4] and kinds[given[i][4][1]] for i in order]
        # A call: when it returned, when it began, and the copy of its own that it waited for.
        self.calls = [(start + length, start, -1) for start, length in calls]
        first = len(given) - len(own)
        for number, (_, start, end_of_copy, called, held, direction) in enumerate(own, first):
            if called + held >= (start if direction == "HtoD" else end_of_copy):
                self.calls.append((called + held, called, order.index(number)))
        # Who was in a call for no time waited for nothing in it.
        self.calls = sorted((c for c in self.calls if c[0] > c[1]), key=lambda c: c[:2])
        self.waits = waits
        self.end = end
        self.label = [None] * end
        self.idle, self.doing = idle, doing
        leads = [max(0, start - lead) for _, start, _, lead in activities]
        returned = [max(0, c[1] - c[3]) + c[4] for c in pageable]
        host = [start + length for start, length in calls if start < end] + leads + returned
        self.recorded_until = min(max([0, *host, *(w for w in waits if w < end)]), end)
        self.returned = [given[i][3] + (given[i][4][0] if given[i][4] else 0) for i in order]

    def fill(self, start, end, label):
        for nanosecond in range(max(start, 0), min(end, self.end)):
            assert self.label[nanosecond] is None
            self.label[nanosecond] = label

    def fill_host(self, start, end):
        for nanosecond in range(max(start, 0), min(end, self.end)):
            self.fill(nanosecond, nanosecond + 1, self.doing[nanosecond])

    def fill_before(self, start, end):
        for nanosecond in range(max(start, 0), min(end, self.end)):
            self.fill(nanosecond, nanosecond + 1, self.idle[nanosecond] or "queued")

    def last_to_end_by(self, instant):
        ended = [(a[2], i) for i, a in enumerate(self.activities) if a[2] <= instant]
        return max(ended)[1] if ended else None

    def previous(self, number):
        stream, start, _, launch = self.activities[number]
        before = number - 1 if number and self.activities[number - 1][0] == stream else None
        since = -1 if before is None else self.activities[before][3]
        candidates = [] if before is None else [before]
        across = self.last_to_end_by(start)
        own = self.returned[number]
        if before is not None:
            own = max(own, self.activities[before][2])
        held_up = start - own > 4 and across is not None and start - self.activities[across][2] <= 4
        if held_up or any(since <= wait < launch for wait in self.waits):
            candidates.append(across)
        ready = [(min(self.activities[c][2], start), c) for c in candidates if c is not None]
        if not ready or max(ready)[0] <= launch:
            return None
        return max(ready, key=lambda one: one[0])[1]  # in a tie the stream's own

    def host(self, until):
        """Return the activity that the host last waited for, and until when it did."""
        for end, start, own in reversed(self.calls):
            if end <= until:
                number = self.last_to_end_by(end) if own < 0 else own
                if number is not None and self.activities[number][2] > start:
                    self.fill_host(end, until)
                    self.fill(self.activities[number][2], end, "sync")
                    return number, end
        self.fill_host(0, until)
        return None, 0

    def last_wait(self):
        """Return when the host last waited for an activity within the steps."""
        for end, start, own in reversed(self.calls):
            if end <= self.end:
                number = self.last_to_end_by(end) if own < 0 else own
                if number is not None and self.activities[number][2] > start:
                    return end
        return None

    def walk(self):
        last = max(
            ((a[2], -i) for i, a in enumerate(self.activities) if a[3] < self.end), default=(0, 0)
        )
        behind = last[0] > self.recorded_until
        if last[0] > self.end and (waited := self.last_wait()) is not None:
            behind = last[0] - self.end >= self.end - waited
        if behind:
            number, until = -last[1], self.end
            self.fill_host(last[0], self.end)
        else:
            number, until = self.host(self.end)
        while number is not None:
            _, start, end, launch = self.activities[number]
            kind = self.kind[number] or "unattributed"
            self.fill(start, min(end, until), kind)
            until = start
            if start <= 0:
                return
            previous = self.previous(number)
            if previous is None:
                called = min(self.returned[number], start)
                self.fill_host(launch, called)
                self.fill_before(called, start)
                number, returned = self.host(launch)
                until = min(until, returned)
            else:
                self.fill_before(min(self.activities[previous][2], start), start)
                number = previous


# Instants are few, so that many things begin and end at the same one, and lengths and leads are
# often 0: a file with coarse times is full of both.
few = st.one_of(st.integers(0, 70), st.sampled_from([0, 10, 20, 30, 40]))
short = st.one_of(st.just(0), st.integers(0, 20), st.just(10))
lead = st.one_of(st.just(0), st.integers(0, 40), st.just(10))
activity = st.tuples(st.sampled_from([7, 20]), few, short, lead)
call = st.tuples(st.one_of(st.integers(0, 60), st.just(30)), st.one_of(short, st.integers(0, 19)))
copy = st.tuples(
    st.sampled_from([7, 30, 31]), few, st.one_of(st.integers(1, 20), st.just(10)), lead, lead,
    st.sampled_from(["HtoD", "DtoH"]),
)  # fmt: skip


@given(
    activities=st.lists(activity, max_size=9),
    calls=st.lists(call, max_size=4),
    waits=st.lists(few, max_size=3),
    border=st.integers(20, 60),
    pageable=st.lists(copy, max_size=4),
)
def test_the_plain_walk_agrees(activities, calls, waits, border, pageable, tmp_path_factory):
    builder = TraceBuilder().step(0, border).step(border, 80)
    for stream, start, length, lead in activities:
        launch = max(0, start - lead)
        builder.kernel("k", start, start + length, launch_ns=launch, stream=stream)
    for start, length in calls:
        builder.runtime("cudaStreamSynchronize", start, start + length)
    for instant in waits:
        builder.runtime("cudaStreamWaitEvent", instant, instant)
    for stream, start, length, lead, held, direction in pageable:
        called = max(0, start - lead)
        builder.copy(
            direction, start, start + length, launch_ns=called, returned_ns=called + held,
            pageable=True, stream=stream,
        )  # fmt: skip
    file = builder.write(tmp_path_factory.getbasetemp() / "trace.json")
    with mock.patch.object(dependencies, "TAKING_UP_NS", 4):
        found = critical_path(Timeline(read(file)), 100)
    if found is None:  # no activity at all
        return
    plain = PlainWalk(activities, calls, waits, 80, pageable, *by_nanosecond(file, 4))
    plain.walk()
    assert None not in plain.label
    for step, span in zip(found.steps, (slice(border), slice(border, 80)), strict=True):
        labels = plain.label[span]
        assert step.on_path_ns == {label: labels.count(label) for label in set(labels)}
        idle = [labels[n] for n, why in enumerate(plain.idle[span]) if why is not None]
        assert step.idle_ns == {label: idle.count(label) for label in set(idle)}


@pytest.mark.parametrize(
    "name",
    ["a100-alexnet-nosteps", "a100-ddp-3steps", "h100-vit-inference-1step",
     "mi250-minitoy-2steps", "v100-allreduce-5steps"],
)  # fmt: skip
def test_recorded_steps_are_on_the_path_to_the_nanosecond(name, real_trace):
    found = critical_path(Timeline(read(real_trace(name))), 10)
    known = {category.value for category in Category}
    for step in found.steps:
        assert sum(step.on_path_ns.values()) == step.wall_ns
        assert set(step.on_path_ns) <= known
    assert sum(one.on_path_ns for one in found.activities) <= sum(s.wall_ns for s in found.steps)
