"""Copies by direction, against a plain count of nanoseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annt_prof.analysis.tables.copies import copies
from annt_prof.analysis.timeline.copy_names import copy_kind
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Memcpy HtoD (Pinned -> Device)", ("HtoD", "Pinned")),
        ("Memcpy HtoD (Pageable -> Device)", ("HtoD", "Pageable")),
        ("Memcpy DtoH (Device -> Pageable)", ("DtoH", "Pageable")),
        ("Memcpy DtoD (Device -> Device)", ("DtoD", None)),
        ("Memcpy PtoP (Device -> Device)", ("PtoP", None)),
        ("CopyHostToDevice", ("HtoD", None)),
        ("CopyDeviceToHost", ("DtoH", None)),
        ("Memcpy M2D (MEMORY(Unknown) -> DEVICE)", ("HtoD", None)),
        ("Memcpy H2D (HOST -> DEVICE)", ("HtoD", "Pinned")),
        ("Memcpy D2H (DEVICE -> HOST)", ("DtoH", "Pinned")),
        ("Memcpy D2M (DEVICE -> MEMORY(Unknown))", ("DtoH", None)),
        ("Memcpy D2D (DEVICE -> DEVICE)", ("DtoD", None)),
        ("Memcpy H2M (HOST -> MEMORY(Unknown))", ("HtoH", None)),
        ("Memcpy S2D (SHARED -> DEVICE)", ("StoD", None)),
        ("something else", ("unknown", None)),
    ],
)
def test_direction_and_memory_are_told_by_the_name(name, expected):
    assert copy_kind(name) == expected


def found_in(builder, folder):
    trace = read(builder.write(folder / "trace.json"))
    return copies(Timeline(trace))


def test_speed_counts_only_copies_that_tell_their_bytes(tmp_path):
    builder = TraceBuilder().step(0, 1000).copy("HtoD", 0, 100, num_bytes=4000)
    args = {"device": 0, "stream": 7}
    name = "Memcpy HtoD (Pinned -> Device)"
    builder.event("gpu_memcpy", name, 200, 250, pid=0, tid=7, args=args)
    builder.copy("DtoH", 1500, 1600)  # after the step
    (row,) = found_in(builder, tmp_path)
    assert (row.direction, row.count, row.bytes, row.total_ns) == ("HtoD", 2, 4000, 150)
    assert row.gigabytes_per_s == 40.0


def test_without_bytes_there_is_no_speed(tmp_path):
    args = {"device": 0, "stream": 7}
    builder = TraceBuilder().step(0, 100)
    builder.event("gpu_memcpy", "CopyHostToDevice", 10, 30, pid=0, tid=7, args=args)
    (row,) = found_in(builder, tmp_path)
    assert row.bytes is None
    assert row.gigabytes_per_s is None


def test_none_without_a_device_and_empty_without_a_copy(tmp_path):
    assert found_in(TraceBuilder().operator("aten::mm", 0, 10), tmp_path) is None
    assert found_in(TraceBuilder().step(0, 50).kernel("gemm", 0, 10), tmp_path) == ()


spans = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=6)


@given(copied=spans.filter(bool), computed=spans)
def test_hidden_and_exposed_nanosecond_by_nanosecond(copied, computed, tmp_path_factory):
    builder = TraceBuilder().step(0, 50)
    for start, length in copied:
        builder.copy("HtoD", start, start + length)
    for start, length in computed:
        builder.kernel("gemm", start, start + length, stream=20)
    begun = [(start, length) for start, length in copied if start < 50]
    rows = found_in(builder, tmp_path_factory.getbasetemp())
    exposed = hidden = 0
    for now in range(50):
        if any(start <= now < start + length for start, length in begun):
            under = any(start <= now < start + length for start, length in computed)
            hidden += under
            exposed += not under
    assert sum(row.exposed_ns for row in rows) == exposed
    assert sum(row.hidden_ns for row in rows) == hidden
    assert sum(row.count for row in rows) == len(begun)


@pytest.mark.parametrize(
    "name", ["a100-alexnet-nosteps", "a100-ddp-3steps", "v100-allreduce-5steps"]
)
def test_recorded_traces_are_within_the_copies_time(name, real_trace):
    trace = read(real_trace(name))
    rows = copies(Timeline(trace))
    assert rows
    for row in rows:
        assert 0 <= row.exposed_ns + row.hidden_ns <= row.total_ns
        assert row.gigabytes_per_s is None or 0 < row.gigabytes_per_s < 10_000
