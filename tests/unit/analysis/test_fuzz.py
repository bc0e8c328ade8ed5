"""Whatever is in the file: an analysis that adds up, or a message that a user can act on."""

import contextlib
import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annt_prof.analysis.analysis import analyze
from annt_prof.categories import Phase
from annt_prof.errors import UserError
from annt_prof.report.analysis_document import document
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

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
        found = json.loads(document(analyze(read(path, max_bytes=2**24))))
        for step in found["steps"] or ():
            assert sum(ns or 0 for ns in step["breakdown_ns"].values()) == step["wall_ns"]
        if found["temporal"]:
            parts = ("compute_ns", "non_compute_ns", "idle_ns")
            whole = found["temporal"]["kernel_time_ns"]
            assert whole == sum(found["temporal"][part] for part in parts)
        if found["idle"]:
            assert sum(found["idle"]["by_cause_ns"].values()) == found["idle"]["total_ns"]


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
