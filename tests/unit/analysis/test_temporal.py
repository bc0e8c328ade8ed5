"""Whole-trace device time against a plain count of nanoseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.tables.temporal import temporal
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

KERNELS = ["gemm", "ncclDevKernel_AllReduce", "HtoD", "DtoH", "memset"]


def built(activities):
    builder = TraceBuilder().step(0, 100)
    for what, start, length, stream in activities:
        span = (start, start + length)
        if what == "memset":
            builder.memset(*span, stream=stream)
        elif what in ("HtoD", "DtoH"):
            builder.copy(what, *span, stream=stream)
        else:
            builder.kernel(what, *span, stream=stream)
    return builder


def plainly(activities):
    """Look at every nanosecond."""
    first = min(start for _, start, _, _ in activities)
    last = max(start + length for _, start, length, _ in activities)
    count = dict.fromkeys(
        [
            "compute",
            "non_compute",
            "idle",
            "communication",
            "communication_hidden",
            "copy",
            "copy_hidden",
        ],
        0,
    )
    for now in range(first, last):
        active = {what for what, start, length, _ in activities if start <= now < start + length}
        computes = "gemm" in active
        communicates = any(what.startswith("nccl") for what in active)
        count["compute"] += computes
        count["non_compute"] += bool(active) and not computes
        count["idle"] += not active
        if communicates:
            count["communication_hidden" if computes else "communication"] += 1
        if active & {"HtoD", "DtoH"}:
            count["copy_hidden" if computes or communicates else "copy"] += 1
    return last - first, count


activity = st.tuples(
    st.sampled_from(KERNELS), st.integers(0, 60), st.integers(0, 20), st.sampled_from([7, 20])
)


@given(activities=st.lists(activity, min_size=1, max_size=12))
def test_every_nanosecond_is_where_it_belongs(activities, tmp_path_factory):
    path = built(activities).write(tmp_path_factory.getbasetemp() / "temporal.json")
    found = temporal(Timeline(read(path)))
    span, count = plainly(activities)
    assert found.kernel_time_ns == span
    assert found.compute_ns == count["compute"]
    assert found.non_compute_ns == count["non_compute"]
    assert found.idle_ns == count["idle"]
    (device,) = found.devices
    assert device.exposed_communication_ns == count["communication"]
    assert device.hidden_communication_ns == count["communication_hidden"]
    assert device.exposed_copy_ns == count["copy"]
    assert device.hidden_copy_ns == count["copy_hidden"]
    assert sum(stream.num_activities for stream in device.streams) == len(activities)


def test_devices_are_told_apart_and_summed(tmp_path):
    builder = TraceBuilder().kernel("gemm", 0, 10)
    args = {"device": 1, "stream": 7}
    builder.event("kernel", "gemm", 5, 25, pid=1, tid=7, args=args)
    builder.event("kernel", "gemm", 35, 40, pid=1, tid=7, args=args)
    found = temporal(Timeline(read(builder.write(tmp_path / "trace.json"))))
    assert [d.device for d in found.devices] == [0, 1]
    assert [d.kernel_time_ns for d in found.devices] == [10, 35]
    assert (found.kernel_time_ns, found.compute_ns, found.idle_ns) == (45, 35, 10)


def test_a_trace_without_a_device_has_none(tmp_path):
    path = TraceBuilder().operator("aten::mm", 0, 10).write(tmp_path / "trace.json")
    assert temporal(Timeline(read(path))) is None


@pytest.mark.parametrize(
    "name", ["a100-alexnet-nosteps", "a100-ddp-3steps", "h100-vit-inference-1step",
             "mi250-minitoy-2steps", "v100-allreduce-5steps"],
)  # fmt: skip
def test_recorded_traces_add_up(name, real_trace):
    found = temporal(Timeline(read(real_trace(name))))
    assert found.kernel_time_ns == found.compute_ns + found.non_compute_ns + found.idle_ns
    for device in found.devices:
        assert max(s.busy_ns for s in device.streams) <= device.kernel_time_ns - device.idle_ns
