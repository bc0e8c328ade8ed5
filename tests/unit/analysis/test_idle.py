"""Gaps of the device and their causes."""

import pytest
from agreeing_sections import assert_agreement
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.path.idle import idle
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Category, Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def found_in(builder, folder, top=100):
    return idle(Timeline(read(builder.write(folder / "trace.json"))), top)


def one_gap(builder, folder):
    (gap,) = [gap for gap in found_in(builder, folder).gaps if gap.after == "second"]
    return gap


def test_a_gap_before_what_was_launched_long_ago_is_the_devices_own(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    builder.kernel("first", 100, 200, launch_ns=10).kernel("second", 250, 1000, launch_ns=20)
    gap = one_gap(builder, tmp_path)
    assert (gap.cause, gap.start_ns, gap.length_ns) == ("queued", 200, 50)
    assert (gap.step, gap.before, gap.after) == ("ProfilerStep#0", "first", "second")


def test_a_gap_before_what_was_made_to_wait_for_another_stream(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    builder.kernel("first", 100, 200, launch_ns=10, stream=20)
    builder.kernel("before", 50, 90, launch_ns=12).runtime("cudaStreamWaitEvent", 15, 16)
    builder.kernel("second", 250, 1000, launch_ns=20)
    assert one_gap(builder, tmp_path).cause == "other_stream"


def test_a_gap_while_the_host_dispatches(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.BACKWARD, 150, 1000)
    builder.kernel("first", 100, 200, launch_ns=10).kernel("second", 700, 1000, launch_ns=690)
    gap = one_gap(builder, tmp_path)
    assert (gap.cause, gap.phase) == ("dispatch", "backward")


def test_a_gap_while_the_host_waits_for_the_loader(tmp_path):
    builder = TraceBuilder().step(0, 1000).phase(Phase.DATA_LOADING, 210, 600)
    builder.kernel("first", 100, 200, launch_ns=10).kernel("second", 700, 1000, launch_ns=690)
    assert one_gap(builder, tmp_path).cause == "data_loading"


def test_a_gap_while_the_host_is_blocked(tmp_path):
    builder = TraceBuilder().step(0, 1000).runtime("cudaStreamSynchronize", 150, 650)
    builder.kernel("first", 100, 200, launch_ns=10).kernel("second", 700, 1000, launch_ns=690)
    assert one_gap(builder, tmp_path).cause == "synchronise"


def test_an_unknown_launch_is_called_so(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    builder.kernel("first", 0, 200, launch_ns=0).kernel("second", 700, 1000)
    assert one_gap(builder, tmp_path).cause == "unknown"


def test_gaps_end_with_their_step(tmp_path):
    builder = TraceBuilder().step(0, 500).step(500, 1000)
    builder.kernel("first", 100, 200, launch_ns=10).kernel("second", 800, 900, launch_ns=790)
    found = found_in(builder, tmp_path)
    spans = {(gap.start_ns, gap.length_ns): gap for gap in found.gaps}
    assert set(spans) == {(0, 100), (200, 300), (500, 300), (900, 100)}
    assert spans[200, 300].after is None
    assert spans[500, 300].after == "second"
    assert spans[500, 300].before == "first"
    assert spans[0, 100].before is None


def test_the_longest_come_first_and_the_totals_are_of_all(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    for at in range(0, 1000, 100):
        builder.kernel("k", at + 50 - at // 20, at + 100, launch_ns=0)
    found = found_in(builder, tmp_path, top=3)
    assert [gap.length_ns for gap in found.gaps] == [50, 45, 40]
    assert found.num_gaps == 10
    assert found.total_ns == sum(range(5, 55, 5))
    # Before the first the device takes up what it was given; later ones had waited long.
    assert {cause: ns for cause, ns in found.by_cause_ns.items() if ns} == {
        "launch": 50, "queued": sum(range(5, 50, 5)),
    }  # fmt: skip


def test_totals_are_exact_beyond_what_a_double_holds(tmp_path):
    part = 2**53 + 1
    builder = TraceBuilder().step(0, 3 * part)
    for at in (0, part, 2 * part):
        builder.kernel("k", at, at + 1, launch_ns=0)
    found = found_in(builder, tmp_path)
    assert found.total_ns > 2**54
    assert found.total_ns == sum(gap.length_ns for gap in found.gaps)
    assert found.total_ns == sum(found.by_cause_ns.values())


def test_steps_that_overlap_have_what_they_share_each(tmp_path):
    builder = TraceBuilder().step(0, 600).step(400, 1000)
    builder.kernel("first", 0, 450, launch_ns=0).kernel("second", 500, 900, launch_ns=490)
    path = builder.write(tmp_path / "trace.json")
    assert_agreement(analyze(read(path)))
    gaps = {(gap.step, gap.start_ns, gap.length_ns) for gap in idle(Timeline(read(path)), 9).gaps}
    assert gaps == {
        ("ProfilerStep#0", 450, 50), ("ProfilerStep#1", 450, 50), ("ProfilerStep#1", 900, 100),
    }  # fmt: skip


def test_a_trace_without_a_device_has_no_gaps(tmp_path):
    assert found_in(TraceBuilder().operator("aten::mm", 0, 10), tmp_path) is None


activity = st.tuples(st.integers(0, 90), st.integers(0, 15), st.integers(0, 60))


@given(activities=st.lists(activity, min_size=1, max_size=8), border=st.integers(20, 60))
def test_gaps_are_the_uncovered_nanoseconds(activities, border, tmp_path_factory):
    builder = TraceBuilder().step(0, border).step(border, 80)
    for start, length, lead in activities:
        builder.kernel("k", start, start + length, launch_ns=max(0, start - lead))
    found = found_in(builder, tmp_path_factory.getbasetemp())
    bare = {n for n in range(80) if not any(s <= n < s + length for s, length, _ in activities)}
    listed = [set(range(gap.start_ns, gap.start_ns + gap.length_ns)) for gap in found.gaps]
    assert set().union(*listed) == bare
    assert sum(map(len, listed)) == len(bare) == found.total_ns == sum(found.by_cause_ns.values())
    for nanoseconds in listed:
        first, last = min(nanoseconds), max(nanoseconds)
        assert len(nanoseconds) == last - first + 1
        assert first - 1 not in bare or first == border
        assert last + 1 not in bare or last + 1 == border


@pytest.mark.parametrize(
    "name",
    ["a100-ddp-3steps", "h100-vit-inference-1step", "mi250-minitoy-2steps",
     "v100-allreduce-5steps"],
)  # fmt: skip
def test_recorded_gaps_sum_to_the_idle_time_of_the_breakdown(name, real_trace):
    timeline = Timeline(read(real_trace(name)))
    found = idle(timeline, 10)
    waits = (Category.DATA_LOADING, Category.SYNC, Category.HOST_BOUND, Category.QUEUED)
    rows = break_down(timeline).steps
    expected = sum(step.by_category_ns.get(category, 0) for step in rows for category in waits)
    assert found.total_ns == expected
