"""How far the host runs ahead of the device, against plain counting."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.tables.queue import queue
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


def found_in(builder, folder):
    trace = read(builder.write(folder / "trace.json"))
    return queue(Timeline(trace))


def test_by_hand(tmp_path):
    builder = TraceBuilder().step(0, 1000)
    for number, (launch, start) in enumerate([(10, 100), (20, 150), (30, 200), (300, 305)], 1):
        builder.runtime("cudaLaunchKernel", launch, launch + 8, correlation=number)
        args = {"device": 0, "stream": 7, "correlation": number}
        length = 50 if number < 4 else 5
        builder.event("kernel", "k", start, start + length, pid=0, tid=7, args=args)
    found = found_in(builder.kernel("orphan", 400, 410), tmp_path)
    assert (found.num_kernels, found.num_unknown) == (4, 1)
    assert (found.delay_p50_ns, found.delay_max_ns) == (110, 170)
    assert (found.depth_p50, found.depth_max) == (2, 3)
    assert found.num_shorter_than_launch == 1


def test_one_call_may_launch_many(tmp_path):
    """All kernels of a graph wait from its launch on."""
    builder = TraceBuilder().step(0, 1000)
    builder.runtime("cudaGraphLaunch", 10, 30, correlation=1)
    for at in range(50, 850, 100):
        args = {"device": 0, "stream": 7, "correlation": 1}
        builder.event("kernel", "k", at, at + 100, pid=0, tid=7, args=args)
    found = found_in(builder, tmp_path)
    assert (found.depth_p50, found.depth_max) == (8, 8)


def test_without_launches_nothing_is_known(tmp_path):
    assert found_in(TraceBuilder().step(0, 100).kernel("k", 10, 20), tmp_path) is None
    assert found_in(TraceBuilder().step(0, 100).operator("aten::mm", 1, 2), tmp_path) is None


kernel = st.tuples(st.integers(0, 80), st.integers(0, 60), st.integers(0, 9))


@given(kernels=st.lists(kernel, min_size=1, max_size=9))
def test_depth_and_delay_one_by_one(kernels, tmp_path_factory):
    builder = TraceBuilder().step(0, 100)
    for launch, delay, length in kernels:
        builder.kernel("k", launch + delay, launch + delay + length, launch_ns=launch)
    inside = [(launch, launch + delay) for launch, delay, _ in kernels if launch + delay < 100]
    found = found_in(builder, tmp_path_factory.getbasetemp())
    if not inside:
        assert found is None
        return
    delays = [begun - launch for launch, begun in inside]
    depths = [sum(other <= now < begun for other, begun in inside) for now, _ in inside]
    assert found.delay_p50_ns == round(statistics.median(delays))
    assert found.delay_max_ns == max(delays)
    assert found.depth_max == max(depths)
    assert found.depth_p50 == round(statistics.median(depths))
    assert found.num_shorter_than_launch == 0


@pytest.mark.parametrize(
    "name", ["a100-ddp-3steps", "h100-vit-inference-1step", "v100-allreduce-5steps"]
)
def test_recorded(name, real_trace):
    trace = read(real_trace(name))
    found = queue(Timeline(trace))
    assert 0 <= found.delay_p50_ns <= found.delay_p95_ns <= found.delay_max_ns
    assert 0 <= found.depth_p50 <= found.depth_max < found.num_kernels
    assert 0 <= found.num_shorter_than_launch <= found.num_kernels
