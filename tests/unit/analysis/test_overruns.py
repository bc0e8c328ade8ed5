"""Durations that run past the next activity of their stream, and those that may."""

import pytest

from annt_prof.analysis.analysis import analyze
from annt_prof.analysis.timeline.overruns import Overruns, find_overruns
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

US = 1000
NONE = (0, 0, 0)


@pytest.fixture
def overruns(tmp_path):
    def find(builder):
        timeline = Timeline(read(builder.write(tmp_path / "trace.json")))
        activities = timeline.activities
        return find_overruns(timeline.trace, activities, timeline.launch_calls(activities))

    return find


def counted(found):
    return (found.count, found.total_ns, found.longest_ns)


def kernels(*spans_us, **where):
    builder = TraceBuilder().step(0, 10_000 * US)
    for start, end in spans_us:
        builder.kernel("gemm", start * US, end * US, launch_ns=start * US - 500, **where)
    return builder


def test_each_is_bounded_by_the_start_of_the_next(overruns):
    found = overruns(kernels((10, 110), (60, 160), (160, 200), (150, 1000), (300, 400)))
    # 10-110 passes 60 by 50, 60-160 passes 150 by 10, 150-1000 passes 160 by 840.
    assert found == Overruns(3, 900 * US, 840 * US, (50 + 90 + 10 + 40 + 100) * US)


def test_one_impossible_duration_among_many_is_found(overruns):
    """2 s written for one of 1,000 kernels that are spread over a minute."""
    builder = kernels(*((60_000 * number + 10, 60_000 * number + 110) for number in range(1000)))
    builder.kernel("gemm", 200 * US, 2_000_200 * US, launch_ns=199 * US)
    found = overruns(builder)
    assert counted(found) == (1, 1_940_190 * US, 1_940_190 * US)
    assert found.device_ns == (1000 * 100 + 59_810) * US


@pytest.mark.parametrize("overlap", [1, 9_999])
def test_what_devices_do_by_design_is_none(overlap, overruns):
    builder = TraceBuilder()
    for number in range(500):
        start = number * 20 * US
        builder.kernel("gemm", start, start + 20 * US + overlap, launch_ns=start - 100)
    assert counted(overruns(builder)) == NONE


def test_streams_and_devices_are_apart(overruns):
    builder = kernels((10, 500))
    builder.kernel("ncclDevKernel_AllReduce", 20 * US, 400 * US, launch_ns=15 * US, stream=20)
    args = {"device": 1, "stream": 7}
    builder.event("kernel", "gemm", 30 * US, 300 * US, pid=1, tid=7, args=args)
    assert counted(overruns(builder)) == NONE


@pytest.mark.parametrize("stream", [{}, {"stream": "unknown"}])
def test_without_a_stream_nothing_contradicts(stream, overruns):
    builder = TraceBuilder()
    for number, (start, end) in enumerate(((0, 500), (100, 200)), 1):
        args = {"device": 0, "correlation": number, **stream}
        builder.event("kernel", "gemm", start * US, end * US, pid=0, tid=1, args=args)
    assert counted(overruns(builder)) == NONE


def launched(builder, call, number, *spans_us):
    at = spans_us[0][0] * US
    builder.runtime(call, at - 5 * US, at - 4 * US, correlation=number)
    for start, end in spans_us:
        args = {"device": 0, "stream": 7, "correlation": number}
        builder.event("kernel", "gemm", start * US, end * US, pid=0, tid=7, args=args)
    return builder


def test_branches_of_one_graph_run_side_by_side(overruns):
    builder = launched(TraceBuilder(), "cudaGraphLaunch", 1, (10, 110), (30, 100), (50, 140))
    launched(builder, "cudaLaunchKernel", 2, (140, 200))
    assert counted(overruns(builder)) == NONE


def test_what_follows_a_graph_waits_for_all_of_it(overruns):
    builder = launched(TraceBuilder(), "cudaGraphLaunch", 1, (10, 300), (30, 100))
    launched(builder, "cudaLaunchKernel", 2, (140, 200))
    assert counted(overruns(builder)) == (1, 160 * US, 160 * US)


@pytest.mark.parametrize("call", ["cudaLaunchKernelExC", "cuLaunchKernelEx"])
def test_a_dependent_launch_may_start_early_and_the_next_one_may_not(call, overruns):
    builder = launched(TraceBuilder(), "cudaLaunchKernel", 1, (10, 110))
    launched(builder, call, 2, (60, 160))
    assert counted(overruns(builder)) == NONE
    launched(builder, "cudaLaunchKernel", 3, (100, 200))
    assert counted(overruns(builder)) == (2, 70 * US, 60 * US)


def test_one_of_no_length_within_another_is_the_wrong_one(overruns):
    assert counted(overruns(kernels((10, 110), (60, 60), (110, 120)))) == NONE


def test_two_processes_in_one_file_have_streams_of_their_own(overruns):
    builder = kernels((10, 510))
    where = {"pid": 4711, "tid": 4711, "args": {"correlation": 900}}
    builder.event("cuda_runtime", "cudaLaunchKernel", 100 * US, 101 * US, **where)
    args = {"device": 0, "stream": 7, "correlation": 900}
    builder.event("kernel", "gemm", 120 * US, 300 * US, pid=0, tid=7, args=args)
    assert counted(overruns(builder)) == NONE


def test_the_remark_has_the_bound(tmp_path):
    trace = read(kernels((10, 110), (110, 1110), (310, 410)).write(tmp_path / "trace.json"))
    (remark,) = (one for one in analyze(trace).remarks if "past the start" in one)
    assert remark.startswith(
        "1 device activity runs past the start of the next on the same stream, by 0.800 ms in sum "
        "(200.0 % of all other device time), 0.800 ms at most"
    )


@pytest.mark.parametrize(("offset", "told"), [(-9_999, False), (-10_000, True), (-70_000, True)])
def test_what_runs_before_its_launch_tells_that_clocks_disagree(offset, told, tmp_path):
    builder = TraceBuilder().step(0, 10_000 * US)
    for at in (1000 * US, 2000 * US):
        builder.kernel("gemm", at + offset, at + 100 * US, launch_ns=at)
    builder.kernel("gemm", 3000 * US, 3010 * US, launch_ns=2990 * US)
    trace = read(builder.write(tmp_path / "trace.json"))
    remarks = [one for one in analyze(trace).remarks if "clocks" in one]
    assert len(remarks) == told
    if told:
        milliseconds = "0.070 ms" if offset == -70_000 else "0.010 ms"
        assert remarks[0].startswith(
            "2 of 3 device activities begin before the call that launched them, by up to "
            f"{milliseconds}: the clocks"
        )
