"""Files that scripts merged from those of several processes."""

import json

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read


def of_rank(process, at, *, device=0, gemm=200, steps=3):
    """Events of one rank: each step of 1000 launches a kernel of this length at its 100."""
    builder = TraceBuilder()
    for number in range(steps):
        begin = at + 1000 * number
        builder.step(begin, begin + 1000).operator("aten::mm", begin + 50, begin + 150)
        builder.kernel("gemm", begin + 200, begin + 200 + gemm, launch_ns=begin + 100)
    events = json.loads(builder.json())["traceEvents"]
    host = [event for event in events if event["pid"] != 0]
    on_device = [event for event in events if event["pid"] == 0]
    for event in host:
        event["pid"] = process
    for event in on_device:
        event["args"]["device"] = device
    return host + on_device  # as Kineto lists them


def written(tmp_path, events):
    path = tmp_path / "merged.json"
    path.write_text(json.dumps({"traceEvents": events}))
    return path


def mean(path):
    analysis = analyze(read(path))
    told = {category.value: ns for category, ns in analysis.breakdown.mean.by_category_ns.items()}
    return told["unattributed"], analysis


def test_two_ranks_whose_files_were_put_one_behind_the_other(tmp_path):
    merged = of_rank(100, 0, gemm=200) + of_rank(300, 70, device=1, gemm=500)
    unattributed_ns, analysis = mean(written(tmp_path, merged))
    assert unattributed_ns == 200
    assert len(analysis.breakdown.steps) == 3
    (said,) = (remark for remark in analysis.remarks if "process" in remark)
    assert said.startswith("the file holds 2 processes")
    assert "this is process 100 alone" in said
    assert "3 kernels, copies and memsets" in said


def test_two_ranks_on_one_device_are_told_apart_by_their_place(tmp_path):
    merged = of_rank(100, 0, gemm=200) + of_rank(300, 430, gemm=500)
    assert mean(written(tmp_path, merged))[0] == 200


def test_the_process_with_the_most_steps_is_kept(tmp_path):
    merged = of_rank(100, 0, gemm=200, steps=1) + of_rank(300, 70, device=1, gemm=500)
    unattributed_ns, analysis = mean(written(tmp_path, merged))
    assert (unattributed_ns, len(analysis.breakdown.steps)) == (500, 3)


def test_rows_that_bear_the_process_are_its_own_in_any_order(tmp_path):
    """So does a merger that writes the rank into every event's pid."""
    merged = of_rank("rank 0", 0, gemm=200) + of_rank("rank 1", 70, gemm=500)
    for place, event in enumerate(merged):
        event["pid"] = "rank 0" if place < len(merged) // 2 else "rank 1"
    merged.sort(key=lambda event: float(event["ts"]))
    assert mean(written(tmp_path, merged))[0] == 200


def test_sorted_by_time_the_call_tells_if_only_one_process_has_its_id(tmp_path):
    other = of_rank(300, 70, device=1, gemm=500)
    for event in other:
        if "correlation" in event["args"]:
            event["args"]["correlation"] += 1000
    merged = sorted(of_rank(100, 0, gemm=200) + other, key=lambda event: float(event["ts"]))
    assert mean(written(tmp_path, merged))[0] == 200


def test_work_that_either_may_have_launched_is_refused(tmp_path):
    merged = of_rank(100, 0) + of_rank(300, 70, device=1)
    merged.sort(key=lambda event: float(event["ts"]))
    with pytest.raises(UserError, match="nothing tells which of them launched what device 0 did"):
        read(written(tmp_path, merged))


def test_one_process_is_left_as_it_is(tmp_path):
    events = of_rank(100, 0)
    # A row of the profiler's own, and an operator whose process is damaged, are no processes.
    events.append({**events[0], "name": "PyTorch Profiler (0)", "cat": "Trace", "pid": "Spans"})
    events.append({**events[1], "pid": -7})
    trace = read(written(tmp_path, events))
    assert trace.doubts == ()
    assert len(trace.events) == len(events)


def test_flows_and_allocations_of_the_others_are_left_out(tmp_path):
    merged = of_rank(100, 0) + of_rank(300, 70, device=1)
    for process in (100, 300):
        at = {"pid": process, "tid": 100, "ts": 1, "args": {"Bytes": 8, "Device Type": 1}}
        merged.append({"ph": "i", "name": "[memory]", "cat": "cpu_instant_event", **at})
        merged.append({"ph": "s", "name": "fwdbwd", "cat": "fwdbwd", "id": 1, **at})
    trace = read(written(tmp_path, merged))
    assert [trace.threads[i] for i in trace.forward_links.thread] == [(100, 100)]
    assert [trace.threads[i] for i in trace.allocations.thread] == [(100, 100)]


def without(events, *categories):
    return [event for event in events if event.get("cat") not in categories]


def test_recordings_of_the_device_alone_are_processes_too(tmp_path):
    """So does ``activities=[ProfilerActivity.CUDA]`` record: calls and kernels, no operators."""
    ranks = (of_rank(100, 0, gemm=200), of_rank(300, 70, device=1, gemm=500))
    merged = [event for rank in ranks for event in without(rank, "cpu_op", "user_annotation")]
    trace = read(written(tmp_path, merged))
    assert "this is process 100 alone" in trace.doubts[0]
    assert {process for process, _ in trace.threads} >= {100, 300}
    kernels = trace.events.of_kind(Kind.KERNEL)
    lengths = trace.events.end_ns - trace.events.start_ns
    assert lengths[kernels].tolist() == [200] * 3


def test_processes_without_calls_are_told_by_their_annotations(tmp_path):
    ranks = (of_rank(100, 0), of_rank(300, 70, device=1, steps=5))
    merged = [event for rank in ranks for event in without(rank, "cpu_op", "cuda_runtime")]
    trace = read(written(tmp_path, merged))
    assert "this is process 300 alone" in trace.doubts[0]
    assert int(trace.events.of_kind(Kind.KERNEL).sum()) == 5


def test_a_recording_of_a_device_alone_beside_one_with_operators_is_another(tmp_path):
    alone = without(of_rank(300, 70, device=1, gemm=500), "cpu_op", "user_annotation")
    unattributed_ns, analysis = mean(written(tmp_path, of_rank(100, 0, gemm=200) + alone))
    assert unattributed_ns == 200
    assert any("this is process 100 alone" in remark for remark in analysis.remarks)


def test_calls_under_another_id_than_their_operators_are_of_the_same_process(tmp_path):
    """In a container the driver may tell the id that a process has outside of it."""
    events = of_rank(100, 0)
    for event in events:
        if event.get("cat") == "cuda_runtime":
            event["pid"] = 70_100
    assert read(written(tmp_path, events)).doubts == ()


def test_a_call_or_an_annotation_with_a_damaged_id_is_no_process(tmp_path):
    events = of_rank(100, 0)
    for category in ("cuda_runtime", "user_annotation"):
        next(event for event in events if event.get("cat") == category)["pid"] = -7
    assert read(written(tmp_path, events)).doubts == ()
