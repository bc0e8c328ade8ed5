"""A trace's time by name, per step, from its digest."""

from pathlib import Path

from annt_prof.runs.digests import make
from annt_prof.testing import TraceBuilder
from annt_prof.views.named_times import NamedTimes, Unnamed, named_times


def _named(builder: TraceBuilder, tmp_path: Path) -> NamedTimes | Unnamed:
    return named_times(make(builder.write(tmp_path / "trace.json")))


def test_kernels_by_name_over_the_steps(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 1000).step(1000, 2000)
    builder.kernel("gemm", 100, 400, launch_ns=50).kernel("adam", 500, 600, launch_ns=60)
    builder.kernel("gemm", 1100, 1300, launch_ns=1050)
    named = _named(builder, tmp_path)
    assert named == NamedTimes(kernels=True, by_name_ns={"gemm": 250, "adam": 50})


def test_without_a_device_operators_with_the_time_of_their_own(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 1000).step(1000, 2000)
    builder.operator("aten::linear", 100, 500).operator("aten::addmm", 200, 400)
    named = _named(builder, tmp_path)
    assert named == NamedTimes(kernels=False, by_name_ns={"aten::linear": 100, "aten::addmm": 100})


def test_a_trace_of_neither_tells_nothing(tmp_path: Path) -> None:
    named = _named(TraceBuilder().step(0, 1000), tmp_path)
    assert named == Unnamed("it shows neither kernels nor operators")


def test_a_trace_that_breaks_off_is_not_divided_by_its_steps(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 1000).step(1000, 2000)
    builder.kernel("gemm", 100, 400, launch_ns=50).kernel("gemm", 1100, 1300, launch_ns=1050)
    whole = builder.write(tmp_path / "trace.json")
    content = whole.read_bytes()
    whole.write_bytes(content[: content.rindex(b"gemm") - 20])
    digest = make(whole)
    assert not digest.analysis.complete
    named = named_times(digest)
    assert isinstance(named, Unnamed)
    assert named.why.startswith("the file breaks off")
