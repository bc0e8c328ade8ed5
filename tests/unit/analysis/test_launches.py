import numpy as np
import pytest

from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read


@pytest.fixture
def times_of(tmp_path):
    def find(builder):
        trace = read(builder.write(tmp_path / "trace.json"))
        kernels = np.flatnonzero(trace.events.of_kind(Kind.KERNEL))
        return Timeline(trace).launch_times(kernels).tolist()

    return find


def graph_kernel(builder, start_ns, correlation):
    args = {"device": 0, "stream": 7, "correlation": correlation}
    return builder.event("kernel", "k", start_ns, start_ns + 1, pid=0, tid=7, args=args)


def test_each_kernel_finds_its_call(times_of):
    builder = TraceBuilder().kernel("a", 10, 20, launch_ns=3).kernel("b", 20, 30, launch_ns=2)
    assert times_of(builder) == [3, 2]


def test_a_graph_launch_has_many_kernels(times_of):
    builder = TraceBuilder().runtime("cudaGraphLaunch", 5, 9, correlation=42)
    for start_ns in (10, 20, 30):
        graph_kernel(builder, start_ns, 42)
    assert times_of(builder) == [5, 5, 5]


def test_kernels_without_a_call_are_unknown(times_of):
    builder = TraceBuilder().kernel("a", 10, 20)
    graph_kernel(builder, 30, 99)
    assert times_of(builder) == [UNKNOWN_NS, UNKNOWN_NS]
    builder.runtime("cudaLaunchKernel", 1, 2, correlation=7)
    assert times_of(builder) == [UNKNOWN_NS, UNKNOWN_NS]


@pytest.mark.parametrize("correlation", [0, -1])
def test_ids_of_nothing_tie_nothing(times_of, correlation):
    builder = TraceBuilder().runtime("cudaLaunchKernel", 1, 2, correlation=correlation)
    assert times_of(graph_kernel(builder, 30, correlation)) == [UNKNOWN_NS]


def test_of_repeated_ids_the_last_call_before_the_kernel_counts(times_of):
    builder = TraceBuilder()
    for start_ns in (50, 10, 30):
        builder.runtime("cudaLaunchKernel", start_ns, start_ns, correlation=4)
    for start_ns in (5, 30, 49, 60):
        graph_kernel(builder, start_ns, 4)
    assert times_of(builder) == [10, 30, 30, 50]


def test_driver_calls_launch_too(times_of):
    args = {"correlation": 6}
    builder = TraceBuilder().event("cuda_driver", "cuLaunchKernel", 2, 3, pid=1, tid=1, args=args)
    assert times_of(graph_kernel(builder, 8, 6)) == [2]
