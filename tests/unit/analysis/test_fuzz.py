"""Whatever is in the file: an analysis that adds up, or a message that a user can act on."""

import contextlib
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annt_prof.analysis.analysis import analyze
from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.report.json.analysis import document
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read
from annt_prof.views.analysis_view import build_analysis_view

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.sampled_from(["", "1", "0x7f", "noon", "-1", "1e400", "\x1b[31m", "[bold]", "x" * 5000]),
    st.text(max_size=8),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)
QUICK = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def sample():
    builder = TraceBuilder(world_size=2)
    for at in (1000, 2000):
        builder.step(at, at + 1000).phase(Phase.DATA_LOADING, at, at + 100)
        builder.phase(Phase.FORWARD, at + 100, at + 500).operator("aten::mm", at + 110, at + 200)
        builder.kernel("gemm", at + 150, at + 700, launch_ns=at + 120)
        builder.kernel("ncclAllReduce", at + 300, at + 800, launch_ns=at + 130, stream=20)
        builder.copy("HtoD", at + 710, at + 900, launch_ns=at + 140)
        builder.runtime("cudaStreamSynchronize", at + 400, at + 450).forward_link(at + 110)
        builder.allocation(at + 115, 64, 64).allocation(at + 300, -64, 0)
    return builder.json()


def check(path):
    """Analyse the file; what comes out must add up."""
    with contextlib.suppress(UserError):
        analysis = analyze(read(path, max_bytes=2**24))
        found = json.loads(document(build_analysis_view(analysis)))
        for step in found["steps"] or ():
            assert sum(ns or 0 for ns in step["breakdown_ns"].values()) == step["wall_ns"]
        if found["temporal"]:
            parts = ("compute_ns", "non_compute_ns", "idle_ns")
            whole = found["temporal"]["kernel_time_ns"]
            assert whole == sum(found["temporal"][part] for part in parts)
        if found["idle"]:
            assert sum(found["idle"]["by_cause_ns"].values()) == found["idle"]["total_ns"]
        for step in found["critical_path"]["steps"] if found["critical_path"] else ():
            assert sum(step["on_path_ns"].values()) == step["wall_ns"]


@QUICK
@given(data=st.data())
def test_odd_values_in_odd_places(data, tmp_path):
    content = json.loads(sample())
    for _ in range(data.draw(st.integers(1, 4))):
        event = data.draw(st.sampled_from(content["traceEvents"]))
        inner = event.get("args")
        place = data.draw(st.sampled_from([event, inner if isinstance(inner, dict) else event]))
        key = data.draw(st.sampled_from([*place, "ts", "dur", "correlation", "External id"]))
        place[key] = data.draw(ODD)
    header = data.draw(st.sampled_from(["distributedInfo", "deviceProperties", "schemaVersion"]))
    if data.draw(st.booleans()):
        content[header] = data.draw(ODD)
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(content))
    check(path)


@QUICK
@given(data=st.data())
def test_damaged_bytes(data, tmp_path):
    content = bytearray(sample().encode())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path = tmp_path / "trace.json"
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    check(path)


@QUICK
@given(data=st.data())
def test_what_writers_forget_to_escape(data, tmp_path):
    content = bytearray(sample().encode())
    forgotten = [b'"', b"\\", b"\xff", b"\x01", b"nan", b"inf", b"}", b"], ", b'}, {"ph": "X", ']
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place:place] = data.draw(st.sampled_from(forgotten))
    path = tmp_path / "trace.json"
    path.write_bytes(content)
    check(path)


# Few instants, many of them equal, and lengths of 0: what coarse clocks and clamped times give.
INSTANT = st.sampled_from([0, 5, 10, 10, 10, 15, 20, 30])
LENGTH = st.sampled_from([0, 0, 0, 5, 10, 25])
ON_DEVICE = (
    ("kernel", "gemm"), ("kernel", "ncclAllReduce"), ("gpu_memset", "Memset (Device)"),
    ("gpu_memcpy", "Memcpy HtoD (Pageable -> Device)"),
    ("gpu_memcpy", "Memcpy DtoH (Device -> Pageable)"),
    ("gpu_memcpy", "Memcpy HtoD (Pinned -> Device)"),
)  # fmt: skip
ON_HOST = (
    *(("cuda_runtime", name) for name in (
        "cudaLaunchKernel", "cudaMemcpyAsync", "cudaMemcpyAsync", "cudaStreamSynchronize",
        "cudaStreamWaitEvent", "cudaGraphLaunch",
    )),
    ("cpu_op", "aten::mm"), ("cpu_op", "autograd::engine::evaluate_function: MmBackward0"),
    ("python_function", "train.py(3): step"), ("python_function", "nn.Module: Linear_0"),
    ("user_annotation", "Optimizer.step#SGD.step"), ("user_annotation", "ProfilerStep#1"),
    ("user_annotation", "annt_prof::sync"),
)  # fmt: skip


@st.composite
def coincident_event(draw):
    """An event of a file whose times are coarse and whose ids are few and used again."""
    kind = draw(st.sampled_from(["device", "device", "host", "host", "flow", "memory"]))
    common = {"ts": draw(INSTANT), "pid": 0, "tid": draw(st.sampled_from([100, 101]))}
    args = {"correlation": draw(st.integers(0, 4)), "External id": draw(st.integers(0, 3))}
    if kind == "flow":
        return {
            **common,
            "ph": "s",
            "cat": "fwdbwd",
            "name": "fwdbwd",
            "id": draw(st.integers(0, 2)),
        }
    if kind == "memory":
        args = {"Total Allocated": draw(INSTANT), "Bytes": draw(st.sampled_from([-8, 0, 8]))}
        args |= {"Addr": draw(st.integers(0, 2)), "Device Id": 0, "Device Type": 1}
        return {**common, "ph": "i", "cat": "cpu_instant_event", "name": "[memory]", "args": args}
    if kind == "device":
        args |= {"device": 0, "stream": draw(st.sampled_from([7, 20])), "bytes": 64}
    else:
        args |= {"Sequence number": draw(st.integers(0, 3))}
    category, name = draw(st.sampled_from(ON_DEVICE if kind == "device" else ON_HOST))
    return {
        **common, "ph": "X", "cat": category, "name": name, "dur": draw(LENGTH), "args": args
    }  # fmt: skip


@st.composite
def launched(draw):
    """A call and what it launched, often at the same instant and in no time."""
    category, name = draw(st.sampled_from(ON_DEVICE))
    instant, lead = draw(INSTANT), draw(st.sampled_from([0, 0, 5]))
    call = {"kernel": "cudaLaunchKernel", "gpu_memset": "cudaMemsetAsync"}
    args = {"correlation": draw(st.integers(1, 8))}
    host = {
        "ph": "X", "cat": "cuda_runtime", "name": call.get(category, "cudaMemcpyAsync"),
        "pid": 0, "tid": 100, "ts": instant - lead, "dur": draw(LENGTH), "args": args,
    }  # fmt: skip
    where = {"device": 0, "stream": draw(st.sampled_from([7, 20]))}
    return host, {
        "ph": "X", "cat": category, "name": name, "pid": 0, "tid": 7, "ts": instant,
        "dur": draw(st.sampled_from([0, 5, 10, 30])), "args": {**args, **where},
    }  # fmt: skip


@settings(QUICK, max_examples=400)
@given(
    pairs=st.lists(launched(), min_size=1, max_size=8),
    others=st.lists(coincident_event(), max_size=12),
)
def test_all_at_once_and_for_no_time(pairs, others, tmp_path):
    step = {"ph": "X", "cat": "user_annotation", "name": "ProfilerStep#0", "ts": 0, "dur": 40}
    events = [{**step, "pid": 0, "tid": 100}, *(one for pair in pairs for one in pair), *others]
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"traceEvents": events}))
    check(path)


def test_thirty_thousand_waits(tmp_path):
    """Each looks for the operators around it: not through all of them."""
    builder = TraceBuilder().step(0, 60_000)
    for at in range(0, 60_000, 2):
        builder.operator("aten::item", at, at + 2)
        builder.runtime("cudaStreamSynchronize", at, at + 1).kernel("k", at, at + 1)
    found = analyze(read(builder.write(tmp_path / "trace.json")))
    assert [(row.operator, row.count) for row in found.synchronisations] == [("aten::item", 30_000)]


def test_thirty_thousand_threads_with_frames_and_memory(tmp_path):
    builder = TraceBuilder().step(0, 30_000)
    for at in range(30_000):
        builder.event("python_function", "train.py(3): f", at, at + 1, pid=100, tid=at, args={})
        builder.operator("aten::mm", at, at + 1, thread=at)
        builder.allocation(at, 8, 8 * at, address=at, thread=at)
        builder.kernel("k", at, at + 1, launch_ns=at, thread=at, stream=at)
    found = analyze(read(builder.write(tmp_path / "trace.json")))
    assert found.kernels.rows[0].lines == {"train.py(3): f": 30_000}
    assert found.memory[0].holders[0].operator == "aten::mm"
    assert len(found.temporal.devices[0].streams) == 30_000


def test_a_hundred_thousand_threads(tmp_path):
    events = [
        {"ph": "X", "cat": "cpu_op", "name": "aten::mm", "pid": 1, "tid": i, "ts": i, "dur": 2}
        for i in range(100_000)
    ]
    path = tmp_path / "trace.json"
    path.write_text(json.dumps({"traceEvents": events}))
    assert len(analyze(read(path)).breakdown.steps) == 1


def test_deep_nesting_of_ranges(tmp_path):
    builder = TraceBuilder().step(0, 40_000)
    for depth in range(5_000):
        builder.operator("aten::deep", depth, 40_000 - depth)
    builder.runtime("cudaDeviceSynchronize", 10_000, 10_001)
    found = analyze(read(builder.write(tmp_path / "trace.json")))
    assert found.synchronisations[0].operator == "aten::deep"
