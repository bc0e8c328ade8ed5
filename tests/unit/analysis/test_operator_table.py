"""Operators by name: by hand, on recorded traces, and against a slow count on nested ones."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annt_prof.analysis.tables.operator_table import operator_table
from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, MAIN_THREAD, TraceBuilder
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read

TRACES = Path(__file__).parents[2] / "fixtures" / "traces"


def table(path, top=10**6, selection=slice(None)):
    return operator_table(Timeline(read(path), selection), top)


def by_name(path, **chosen):
    return {row.name: row for row in table(path, **chosen).rows}


def two_steps():
    builder = TraceBuilder()
    for at in (1000, 2000):
        builder.step(at, at + 1000)
        builder.phase(Phase.FORWARD, at, at + 300).phase(Phase.BACKWARD, at + 300, at + 900)
        builder.operator("aten::conv2d", at + 100, at + 200)
        builder.operator("aten::convolution", at + 110, at + 190 + at // 1000)
        builder.operator(
            "autograd::engine::evaluate_function: MulBackward0",
            at + 400, at + 500, thread=AUTOGRAD_THREAD, sequence=1, forward_thread=1,
        ).operator("aten::mul", at + 410, at + 450, thread=AUTOGRAD_THREAD)  # fmt: skip
        builder.operator("aten::mul", at + 950, at + 960)
        builder.operator("aten::pin", at + 20, at + 50, thread=77)
    return builder


def test_rows_by_hand(tmp_path):
    path = two_steps().write(tmp_path / "trace.json")
    found = table(path)
    rows = {row.name: row for row in found.rows}
    assert (found.num_names, found.count) == (5, 12)
    assert found.self_ns == 2 * (100 + 100 + 10 + 30)
    outer, inner, product = rows["aten::conv2d"], rows["aten::convolution"], rows["aten::mul"]
    assert (outer.count, outer.total_ns, outer.self_ns) == (2, 200, 19 + 18)
    assert (inner.total_ns, inner.self_ns, inner.mean_ns) == (81 + 82, 163, 82)
    assert (product.p50_ns, product.p95_ns, product.mean_ns) == (25, 40, 25)
    assert inner.share_of_steps == 163 / 2000
    assert outer.phases == {"forward": 2}
    assert product.phases == {"backward": 2, "unattributed": 2}
    assert product.threads == {"main": 2, "autograd": 2}
    assert rows["aten::pin"].threads == {"other": 2}
    assert outer.device_ns is None
    assert [row.self_ns for row in found.rows] == [163, 120, 100, 60, 37]


def test_only_the_chosen_steps_and_rows(tmp_path):
    path = two_steps().write(tmp_path / "trace.json")
    assert table(path, selection=slice(1, 2)).count == 6
    top = table(path, top=1)
    assert [row.name for row in top.rows] == ["aten::convolution"]
    assert (top.num_names, top.count, top.self_ns) == (5, 12, 480)


def test_what_began_in_the_step_counts_whole_and_without_what_is_inside_of_it(tmp_path):
    builder = TraceBuilder().step(0, 100)
    builder.operator("before", -10, 20).operator("inside", 0, 5)
    builder.operator("across", 90, 130).operator("after", 110, 120)
    rows = by_name(builder.write(tmp_path / "trace.json"))
    assert set(rows) == {"inside", "across"}
    assert (rows["across"].total_ns, rows["across"].self_ns) == (40, 30)


def test_no_operator_began_in_the_steps(tmp_path):
    builder = TraceBuilder().step(0, 100).operator("after", 110, 120)
    found = table(builder.write(tmp_path / "trace.json"))
    assert (found.rows, found.num_names, found.count, found.self_ns) == ((), 0, 0, 0)


def test_ranges_that_name_a_stretch_of_the_program_are_none(tmp_path):
    builder = TraceBuilder().operator("ProfilerStep#0", 0, 100).operator("aten::mm", 5, 10)
    builder.operator("Optimizer.step#SGD.step", 20, 90)
    assert set(by_name(builder.write(tmp_path / "trace.json"))) == {"aten::mm"}
    assert table(TraceBuilder().kernel("k", 1, 2).write(tmp_path / "device.json")) is None


def with_device(path):
    builder = TraceBuilder().step(0, 100)
    for name, start, end, number in (("outer", 1, 30, 4), ("inner", 5, 25, 5), ("idle", 40, 50, 6)):
        args = {"External id": number}
        builder.event("cpu_op", name, start, end, pid=MAIN_THREAD, tid=MAIN_THREAD, args=args)
    for kind, start, end, number in (
        ("kernel", 10, 20, 5), ("gpu_memset", 20, 21, 5), ("gpu_memcpy", 120, 150, 4),
        ("kernel", 160, 190, 99),
    ):  # fmt: skip
        args = {"device": 0, "stream": 7, "External id": number}
        builder.event(kind, "work", start, end, pid=0, tid=7, args=args)
    return builder.write(path)


def test_the_device_time_is_of_what_it_launched_itself_whenever_it_ran(tmp_path):
    rows = by_name(with_device(tmp_path / "trace.json"))
    assert {name: row.device_ns for name, row in rows.items()} == {
        "outer": 30, "inner": 11, "idle": 0,
    }  # fmt: skip


def test_a_file_that_breaks_off_leaves_out_what_lost_events_could_change(tmp_path):
    path = two_steps().write(tmp_path / "trace.json")
    path.write_bytes(path.read_bytes()[:-40])
    found = table(path)
    assert found.self_ns is None
    assert found.rows[0].name == "aten::conv2d"  # the longest in all, not by itself
    for row in found.rows:
        assert (row.self_ns, row.share_of_steps, row.phases, row.device_ns) == (None,) * 4
        assert row.total_ns
        assert row.threads


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.json.gz")), ids=lambda path: path.name)
def test_recorded_operators_have_each_instant_once(path):
    trace = read(path)
    timeline = Timeline(trace)
    if not len(timeline.events) or timeline.trace.losses:
        pytest.skip("a damaged file")
    whole = Timeline(trace).events
    found = operator_table(timeline, 10**6)
    if found is None:
        pytest.skip("no operators")
    assert sum(row.count for row in found.rows) == found.count
    assert sum(row.self_ns for row in found.rows) == found.self_ns
    assert all(0 <= row.self_ns <= row.total_ns for row in found.rows)
    if any(row.device_ns is not None for row in found.rows):
        activities = timeline.activities
        at_most = (whole.end_ns[activities] - whole.start_ns[activities]).sum()
        assert 0 < sum(row.device_ns for row in found.rows) <= at_most


@st.composite
def nested(draw, start_ns=0, end_ns=200, depth=0):
    """Draw operators that lie in one another or apart, as a program's calls do."""
    if depth == 4 or end_ns - start_ns < 2:
        return []
    edges = sorted(draw(st.sets(st.integers(start_ns, end_ns), max_size=6)))
    found = []
    for start, end in zip(edges[::2], edges[1::2], strict=False):
        found.append((draw(st.sampled_from("abc")), start, end))
        found += draw(nested(start, end, depth + 1))
    return found


def slow_self_ns(found):
    """Take the children's time from each operator's, one after the other on a stack."""
    own, stack = Counter(), []
    for name, start, end in sorted(found, key=lambda call: (call[1], -call[2])):
        while stack and stack[-1][1] <= start:
            stack.pop()
        own[name] += end - start
        if stack:
            own[stack[-1][0]] -= end - start
        stack.append((name, end))
    return own


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(nested(), min_size=1, max_size=3))
def test_the_time_of_their_own_as_with_a_stack(tmp_path, by_thread):
    builder = TraceBuilder().step(0, 201)
    expected = Counter()
    for number, found in enumerate(by_thread):
        expected.update(slow_self_ns(found))
        for name, start, end in found:
            builder.operator(name, start, end, thread=MAIN_THREAD + number)
    trace = read(builder.write(tmp_path / "trace.json"))
    table_ = operator_table(Timeline(trace), 10**6)
    rows = () if table_ is None else table_.rows
    assert {row.name: row.self_ns for row in rows} == dict(expected)
    operators = trace.events[trace.events.of_kind(Kind.OPERATOR)]
    covered_ns = 0
    for thread in np.unique(operators.thread):
        mine = operators.thread == thread
        covered = first_come(operators.start_ns[mine], operators.end_ns[mine])
        covered_ns += (covered.end_ns - covered.start_ns).sum()
    assert sum(row.self_ns for row in rows) == covered_ns
