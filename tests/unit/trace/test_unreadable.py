"""Events whose time or duration is no number: left out, counted, and said with their place."""

import gzip
import json

import numpy as np
import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read
from annt_prof.trace.source import _CHUNK_BYTES

STEP = 1_000_000
"""Of each step, ns."""


def three_steps():
    """Return the entries of three steps, each with an operator that launches a kernel."""
    builder = TraceBuilder()
    for number in range(3):
        begin = number * STEP
        builder.step(begin, begin + STEP).operator("aten::mm", begin + 1_000, begin + 90_000)
        builder.kernel("gemm", begin + 100_000, begin + 700_000, launch_ns=begin + 50_000)
    return json.loads(builder.json())["traceEvents"]


def written(tmp_path, events, name="trace.json"):
    path = tmp_path / name
    content = json.dumps({"traceEvents": events}).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def nth(events, category, number):
    return [event for event in events if event.get("cat") == category][number]


@pytest.mark.parametrize("duration", [np.nan, np.inf, -np.inf, "soon", "", "nan", "-inf", None])
def test_a_step_of_unknown_length_is_no_step(tmp_path, duration):
    events = three_steps()
    nth(events, "user_annotation", 1)["dur"] = duration
    trace = read(written(tmp_path, events))
    analysis = analyze(trace)
    assert [step.wall_ns for step in analysis.breakdown.steps] == [STEP, STEP]
    assert analysis.breakdown.mean.step_ns == STEP
    remarks = "\n".join(analysis.remarks)
    assert "1 user_annotation has no readable duration ('ProfilerStep#1' has" in remarks
    assert "no figure counts it" in remarks
    assert "stopped in them" not in remarks
    assert trace.num_clamped == 0


@pytest.mark.parametrize("duration", [np.nan, np.inf, "soon", None])
def test_a_kernel_of_unknown_length_is_not_taken_for_time_of_the_host(tmp_path, duration):
    """Its step is not known to be whole; the others' figures stay what they were."""
    expected = analyze(read(written(tmp_path, three_steps(), "whole.json"))).breakdown
    events = three_steps()
    nth(events, "kernel", 1)["dur"] = duration
    analysis = analyze(read(written(tmp_path, events)))
    assert "ProfilerStep#1" in analysis.breakdown.incomplete
    assert analysis.breakdown.steps[0] == expected.steps[0]
    assert analysis.breakdown.mean.by_category_ns == expected.mean.by_category_ns
    assert any("1 kernel has no readable duration ('gemm' has" in r for r in analysis.remarks)
    assert any("their kernels are among those that cannot be read" in r for r in analysis.remarks)


def test_a_duration_that_is_not_there_is_not_told_either(tmp_path):
    events = three_steps()
    del nth(events, "kernel", 2)["dur"]
    trace = read(written(tmp_path, events))
    assert int(trace.events.of_kind(Kind.KERNEL).sum()) == 2
    assert trace.doubts == (
        "1 kernel has no readable duration ('gemm' has none): no figure counts it",
    )
    analysis = analyze(trace)
    assert analysis.breakdown.incomplete == ("ProfilerStep#2",)
    assert any("the last 1 launch cannot be read, or" in remark for remark in analysis.remarks)


@pytest.mark.parametrize("instant", ["noon", 1e300, "1e300", None, [3], True, ""])
@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_an_event_whose_time_is_no_number_costs_no_other(tmp_path, instant, name):
    events = three_steps()
    nth(events, "kernel", 1)["ts"] = instant
    path = written(tmp_path, events, name)
    trace = read(path)
    assert len(trace.events) == len(read(written(tmp_path, three_steps())).events) - 1
    (said,) = trace.doubts
    assert said.startswith("1 kernel has no readable time ('gemm' has")
    if instant in ("noon", 1e300):
        text = json.dumps({"traceEvents": events})
        place = text.index(f'"ts": {json.dumps(instant)}') + (7 if instant == "noon" else 6)
        compressed = "decompressed " if path.suffix == ".gz" else ""
        assert f"at byte {place:,} of the {compressed}file" in said


def test_flows_and_allocations_whose_time_is_no_number_are_said_too(tmp_path):
    at = {"pid": 100, "tid": 100, "ts": "noon"}
    events = three_steps()
    events.append({"ph": "i", "name": "[memory]", "cat": "cpu_instant_event", **at})
    events.append({"ph": "s", "name": "fwdbwd", "cat": "fwdbwd", "id": 1, **at})
    trace = read(written(tmp_path, events))
    assert (len(trace.allocations), len(trace.forward_links.start_ns)) == (0, 0)
    assert trace.doubts[0].startswith("1 cpu_instant_event, 1 fwdbwd events have no readable time")


@pytest.mark.parametrize("padding", [0, 2**20])
def test_the_first_one_is_the_first_in_the_file_whatever_it_is(tmp_path, padding):
    """In one slice with the second one, and in another."""
    at = {"pid": 100, "tid": 100}
    events = [
        {"ph": "s", "name": "fwdbwd", "cat": "fwdbwd", "id": 1, **at, "ts": "noon"},
        *({"ph": "M", "name": "x" * 1000, **at} for _ in range(padding // 1000)),
        {"ph": "X", "name": "aten::t", "cat": "cpu_op", **at, "ts": "soon", "dur": 1},
        {"ph": "i", "name": "[memory]", "cat": "cpu_instant_event", **at, "ts": "then"},
        *three_steps(),
    ]
    (doubt,) = read(written(tmp_path, events)).doubts
    assert doubt.startswith(
        "1 fwdbwd, 1 cpu_op, 1 cpu_instant_event events have no readable time (the first 'fwdbwd' "
    )


def test_events_of_several_slices_and_processes_are_counted_together(tmp_path, monkeypatch):
    monkeypatch.setattr("annt_prof.trace.large.LEAST_SHARED_BYTES", 1)
    events = three_steps()
    padding = {"ph": "X", "cat": "cpu_op", "name": "x" * 1000, "pid": 1, "tid": 1, "ts": 5}
    for place in range(3_000):
        duration = "soon" if place % 1000 == 500 else 1
        events.append({**padding, "dur": duration, "name": f"{place}{padding['name']}"})
    nth(events, "kernel", 0)["dur"] = "later"
    path = written(tmp_path, events)
    (alone,), (beside,) = read(path).doubts, read(path, processes=2).doubts
    assert alone == beside
    assert alone.startswith("1 kernel, 3 cpu_op events have no readable duration (the first 'gemm'")
    assert alone.endswith("): no figure counts them")


def test_a_file_none_of_whose_events_can_be_read_is_refused_with_the_place(tmp_path):
    path = written(tmp_path, [{"ph": "X", "cat": "kernel", "name": "k", "ts": "noon", "dur": 1}])
    with pytest.raises(UserError, match=r"no event that can be read: 1 kernel .* at byte \d+"):
        read(path)


def test_one_impossible_duration_and_one_entry_are_said_in_the_singular(tmp_path):
    events = three_steps()
    nth(events, "cpu_op", 0)["dur"] = -1
    nth(events, "cpu_op", 1)["args"] = 3
    remarks = analyze(read(written(tmp_path, events))).remarks
    assert "1 duration was negative or overflowing, and taken as 0" in remarks
    assert (
        "1 entry of the list of events has no time or an impossible type, and is left out"
        in remarks
    )


def test_a_device_none_of_whose_events_can_be_read_was_recorded(tmp_path):
    events = three_steps()
    for number in range(3):
        nth(events, "kernel", number)["dur" if number else "ts"] = "soon"
    analysis = analyze(read(written(tmp_path, events)))
    assert analysis.breakdown is None
    assert analysis.not_measured["breakdown"] == (
        "none of the device's events has a time and a duration that can be read"
    )
    assert not any("was not recorded" in remark for remark in analysis.remarks)
    # So it is where nothing else tells of a device.
    alone = [event for event in events if event.get("cat") != "cuda_runtime"]
    assert analyze(read(written(tmp_path, alone))).breakdown is None


def test_steps_none_of_which_can_be_read_are_not_taken_for_a_missing_call(tmp_path):
    events = three_steps()
    for number in range(3):
        nth(events, "user_annotation", number)["dur"] = "soon"
    remarks = analyze(read(written(tmp_path, events))).remarks
    assert "the trace has no ProfilerStep# that can be read, so it is analysed as one span" in (
        remarks
    )


@pytest.mark.parametrize("name", ["trace.json", "trace.json.gz"])
def test_a_place_far_into_the_file_is_counted_from_its_begin(tmp_path, name):
    """It is found across the pieces in which the file is read, wherever these end."""
    builder = TraceBuilder().operator("x" * (_CHUNK_BYTES - 400), 0, 10)
    events = json.loads(builder.json())["traceEvents"] * 2
    for place in range(40):
        events.append({**events[0], "name": f"{place:030}", "ts": "noon" if place else 5})
    path = written(tmp_path, events, name)
    text = json.dumps({"traceEvents": events})
    assert f"'noon' at byte {text.index('noon'):,} of the" in read(path).doubts[0]
    for length in range(0, 400, 13):
        moved = [{**events[0], "name": "y" * (_CHUNK_BYTES - 300 - length)}, *events[3:]]
        path = written(tmp_path, moved)
        text = json.dumps({"traceEvents": moved})
        assert f"'noon' at byte {text.index('noon'):,} of the" in read(path).doubts[0]
