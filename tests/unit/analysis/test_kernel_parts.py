"""Kernels by what launched them: by hand, and adding up to the table of kernels."""

from collections import Counter
from pathlib import Path

import pytest

from annt_prof.analysis.tables.kernel_parts import KernelPart, kernel_parts
from annt_prof.analysis.tables.kernel_table import kernel_table
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.reading import read

TRACES = Path(__file__).parents[2] / "fixtures" / "traces"


def parts(path, selection=slice(None)):
    return kernel_parts(Timeline(read(path), selection))


def launched(builder, name, span, number, launch_ns):
    ids = {"External id": number, "correlation": number}
    where = {"device": 0, "stream": 7}
    builder.event("cuda_runtime", "cudaLaunchKernel", launch_ns, launch_ns + 1,
                  pid=100, tid=100, args=ids)  # fmt: skip
    builder.event("kernel", name, *span, pid=0, tid=7, args=ids | where)


def two_phases():
    builder = TraceBuilder().step(0, 100)
    builder.phase(Phase.FORWARD, 0, 30).phase(Phase.BACKWARD, 30, 90)
    builder.event("python_function", "nn.Module: Net_0", 1, 20, pid=100, tid=100)
    for number, start, end in ((5, 2, 8), (6, 40, 48)):
        args = {"External id": number}
        builder.event("cpu_op", "aten::mm", start, end, pid=100, tid=100, args=args)
    launched(builder, "gemm", (10, 15), 5, 3)
    launched(builder, "gemm", (16, 22), 5, 4)
    launched(builder, "gemm", (50, 57), 6, 41)
    builder.kernel("orphan", 70, 71).kernel("late", 200, 201)
    return builder


def test_parts_by_hand(tmp_path):
    found = parts(two_phases().write(tmp_path / "trace.json"))
    assert found.parts == (
        KernelPart("gemm", "gemm", "forward", "aten::mm", "nn.Module: Net_0", 2, 11),
        KernelPart("gemm", "gemm", "backward", "aten::mm", None, 1, 7),
        KernelPart("orphan", "other", "unattributed", None, None, 1, 1),
    )
    assert (found.num_steps, found.wall_ns) == (1, 100)


def test_a_file_that_breaks_off_does_not_tell_phases_nor_modules(tmp_path):
    path = two_phases().write(tmp_path / "trace.json")
    path.write_bytes(path.read_bytes()[:-40])
    assert parts(path).parts[0] == KernelPart("gemm", "gemm", None, "aten::mm", None, 2, 11)


def test_no_kernels(tmp_path):
    path = TraceBuilder().step(0, 9).operator("aten::mm", 1, 2).write(tmp_path / "trace.json")
    assert parts(path) is None
    path = TraceBuilder().step(0, 9).kernel("late", 20, 30).write(tmp_path / "trace.json")
    assert parts(path).parts == ()


@pytest.mark.parametrize("path", sorted(TRACES.glob("*.json.gz")), ids=lambda path: path.name)
def test_the_parts_add_up_to_the_table(path):
    timeline = Timeline(read(path))
    table, found = kernel_table(timeline, 10**6), kernel_parts(timeline)
    count, total_ns, phases = Counter(), Counter(), {}
    for part in found.parts:
        count[part.name] += part.count
        total_ns[part.name] += part.total_ns
        phases.setdefault(part.name, Counter())[part.phase] += part.count
    assert sum(total_ns.values()) == table.total_ns
    for row in table.rows:
        assert (row.count, row.total_ns) == (count[row.name], total_ns[row.name])
        assert row.phases == phases[row.name]
    classes = {part.name: part.kernel_class for part in found.parts}
    assert classes == {row.name: row.kernel_class for row in table.rows}
