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


def graph(call_ns, *kernels, stream=(7,)):
    """One call of this length that launches kernels of these lengths, turn by turn on streams."""
    builder = TraceBuilder().step(0, 3000)
    builder.runtime("cudaGraphLaunch", 10, 10 + call_ns, correlation=1)
    at = 400
    for number, length in enumerate(kernels):
        on = stream[number % len(stream)]
        args = {"device": 0, "stream": on, "correlation": 1}
        builder.event("kernel", "k", at, at + length, pid=0, tid=on, args=args)
        at += length
    return builder


@pytest.mark.parametrize(
    ("builder", "shorter"),
    [
        (graph(300, *[100] * 10), 0),
        (graph(300, 299), 1),
        (graph(300, 300), 0),
        (graph(300, 100, 100, 99), 3),
        (graph(300, *[100] * 10, stream=(7, 8)), 0),
    ],
)
def test_a_call_is_held_against_all_that_it_launched(builder, shorter, tmp_path):
    assert found_in(builder, tmp_path).num_shorter_than_launch == shorter


def test_copies_and_what_begins_after_the_step_are_a_calls_work_too(tmp_path):
    args = {"device": 0, "stream": 7, "correlation": 1}
    copied = graph(300, 100).event(
        "gpu_memcpy", "Memcpy DtoD (Device -> Device)", 600, 750, pid=0, tid=7, args=args
    )
    assert found_in(copied, tmp_path).num_shorter_than_launch == 1
    copied.event("kernel", "k", 3100, 3150, pid=0, tid=7, args=args)
    found = found_in(copied, tmp_path)
    assert (found.num_kernels, found.num_shorter_than_launch) == (1, 0)


def test_each_call_is_held_against_its_own(tmp_path):
    """A graph's work beside launches of single kernels, of which one is shorter than its call."""
    builder = graph(300, *[100] * 10)
    for number, length in ((2, 4), (3, 60)):
        builder.runtime("cudaLaunchKernel", 1500 + number * 20, 1510 + number * 20,
                        correlation=number)  # fmt: skip
        args = {"device": 0, "stream": 7, "correlation": number}
        builder.event("kernel", "k", 1600 + number * 100, 1600 + number * 100 + length,
                      pid=0, tid=7, args=args)  # fmt: skip
    found = found_in(builder, tmp_path)
    assert (found.num_kernels, found.num_shorter_than_launch) == (12, 1)


def test_where_the_file_breaks_off_no_call_is_known_to_have_launched_little(tmp_path):
    path = graph(300, *[100] * 10).write(tmp_path / "trace.json")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.7)])
    found = queue(Timeline(read(path)))
    assert 0 < found.num_kernels < 10
    assert found.num_shorter_than_launch is None


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
