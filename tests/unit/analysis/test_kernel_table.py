"""Kernels by name: counts and durations by hand, and invariants on recorded traces."""

import statistics

import pytest

from annt_prof.analysis.classes.kernels import kernel_class
from annt_prof.analysis.classes.matrix_units import uses_tensor_cores
from annt_prof.analysis.tables.kernel_table import kernel_table
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import KernelClass, Phase
from annt_prof.testing import TraceBuilder
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read

RECORDED = [
    "a100-alexnet-nosteps",
    "a100-ddp-3steps",
    "h100-vit-inference-1step",
    "mi250-minitoy-2steps",
    "v100-allreduce-5steps",
]


def table(path, top=30, selection=slice(None)):
    return kernel_table(Timeline(read(path), selection), top)


def two_steps():
    builder = TraceBuilder()
    for at in (1000, 2000):
        builder.step(at, at + 1000)
        builder.phase(Phase.FORWARD, at, at + 300).phase(Phase.BACKWARD, at + 300, at + 900)
        builder.kernel("volta_sgemm_nt", at + 100, at + 200, launch_ns=at + 50)
        builder.kernel("volta_sgemm_nt", at + 400, at + 700, launch_ns=at + 350)
        builder.kernel("ncclAllReduce", at + 500, at + 900, launch_ns=at + 360, stream=20)
        builder.kernel("orphan", at + 950, at + 960)
    return builder


def test_rows_by_hand(tmp_path):
    found = table(two_steps().write(tmp_path / "trace.json"))
    gemm, nccl, orphan = sorted(found.rows, key=lambda row: row.name != "volta_sgemm_nt")
    assert (found.num_names, found.count, found.total_ns) == (3, 8, 2 * (100 + 300 + 400 + 10))
    assert (gemm.count, gemm.total_ns, gemm.mean_ns) == (4, 800, 200)
    assert (gemm.p50_ns, gemm.p95_ns) == (200, 300)
    assert gemm.share_of_steps == 0.4
    assert gemm.phases == {"forward": 2, "backward": 2}
    assert gemm.tensor_cores is False
    assert {nccl.kernel_class, orphan.kernel_class} == {"communication", "other"}
    assert {"unattributed": 2} in (nccl.phases, orphan.phases)


def test_only_the_chosen_steps_and_rows(tmp_path):
    path = two_steps().write(tmp_path / "trace.json")
    assert table(path, selection=slice(1, 2)).count == 4
    top = table(path, top=1)
    assert len(top.rows) == 1
    assert top.num_names == 3
    assert top.rows[0].total_ns == max(row.total_ns for row in table(path).rows)


def test_the_operator_is_the_one_with_the_kernels_external_id(tmp_path):
    builder = TraceBuilder().step(0, 100)
    ids = {"External id": 5}
    builder.event("cpu_op", "aten::mm", 1, 9, pid=100, tid=100, args=ids)
    args = {"device": 0, "stream": 7, "External id": 5}
    builder.event("kernel", "gemm", 10, 20, pid=0, tid=7, args=args)
    builder.kernel("gemm", 30, 40)
    (row,) = table(builder.write(tmp_path / "trace.json")).rows
    assert row.operators == {"aten::mm": 1}


def test_the_module_and_the_users_line_are_the_innermost_around_the_launch(tmp_path):
    builder = TraceBuilder().step(0, 100)
    for name, start, end in (
        ("nn.Module: Net_0", 5, 90),
        ("train.py(7): forward", 6, 80),
        ("nn.Module: Linear_3", 10, 50),
        ("torch/nn/modules/linear.py(124): forward", 11, 49),
        ("/usr/lib/python3/site-packages/torch/_ops.py(1): call", 12, 48),
        ("<built-in function linear>", 13, 47),
    ):
        builder.event("python_function", name, start, end, pid=100, tid=100)
    builder.kernel("gemm", 30, 40, launch_ns=20).kernel("gemm", 70, 75, launch_ns=60)
    builder.kernel("gemm", 96, 97, launch_ns=95)
    builder.kernel("gemm", 80, 90, launch_ns=61, thread=200)
    (row,) = table(builder.write(tmp_path / "trace.json")).rows
    assert row.modules == {"nn.Module: Linear_3": 1, "nn.Module: Net_0": 1}
    assert row.lines == {"train.py(7): forward": 2}


def test_recorded_frames_name_the_model(real_trace):
    rows = table(real_trace("h100-vit-inference-1step")).rows
    assert rows[0].modules
    assert all(name.startswith("nn.Module: ") for row in rows for name in row.modules)
    assert any("modeling_vit.py" in line for row in rows for line in row.lines)


def launched(start_ns, end_ns, grid, occupancy):
    return {
        "start_ns": start_ns, "end_ns": end_ns, "pid": 0, "tid": 7,
        "args": {"device": 0, "stream": 7, "grid": grid, "block": [32, 4, 1],
                 "est. achieved occupancy %": occupancy},
    }  # fmt: skip


def test_the_geometry_that_most_time_went_to_and_the_mean_occupancy(tmp_path):
    builder = TraceBuilder().step(0, 100)
    builder.event("kernel", "gemm", **launched(0, 10, [7, 1, 1], 50))
    builder.event("kernel", "gemm", **launched(20, 25, [9, 1, 1], 80))
    builder.event("kernel", "gemm", **launched(30, 36, [9, 1, 1], 0))  # 0 is kineto's "unknown"
    builder.kernel("gemm", 40, 90).kernel("plain", 91, 92)
    gemm, plain = table(builder.write(tmp_path / "trace.json")).rows
    assert gemm.geometry == ((9, 1, 1), (32, 4, 1))
    assert gemm.num_geometries == 2
    assert gemm.occupancy == pytest.approx((10 * 0.5 + 5 * 0.8) / 15)
    assert (plain.geometry, plain.num_geometries, plain.occupancy) == (None, 0, None)


def test_recorded_geometries_fit_the_device(real_trace):
    for row in table(real_trace("a100-ddp-3steps")).rows:
        x, y, z = row.geometry.block
        assert 0 < x * y * z <= 1024
        assert row.occupancy is None or 0 < row.occupancy <= 1


def test_a_trace_without_kernels_has_no_table(tmp_path):
    path = TraceBuilder().operator("aten::mm", 0, 10).write(tmp_path / "trace.json")
    assert table(path) is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("volta_h884gemm_64x64_ldg8_nn", True),
        ("cutlass_80_tensorop_s1688gemm_128x128", True),
        ("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n", True),
        ("nvjet_tst_128x64_64x8_2x1_v_bz_TNT", True),
        ("volta_sgemm_128x64_nn", False),
        ("sm80_xmma_fprop_implicit_gemm_f32f32_f32f32_f32_nhwc_g1_ffma_aligna4_alignc4", False),
        ("cutlass_80_simt_sgemm_128x64", False),
        ("gemv2T_kernel_val", False),
        ("some_new_gemm", None),
        ("vectorized_elementwise_kernel_16816", False),
    ],
)
def test_matrix_units_are_told_by_the_name_or_not_at_all(name, expected):
    assert uses_tensor_cores(name, kernel_class(name)) is expected
    assert uses_tensor_cores(name, KernelClass.ELEMENTWISE) is False


@pytest.mark.parametrize("name", RECORDED)
def test_recorded_traces_agree_with_plain_counting(name, real_trace):
    trace = read(real_trace(name))
    timeline = Timeline(trace)
    found, steps = kernel_table(timeline, 10**6), timeline.steps
    spans = list(zip(steps.start_ns.tolist(), steps.end_ns.tolist(), strict=True))
    plain = {}
    events = trace.events
    for i in range(len(events)):
        begun = int(events.start_ns[i])
        if events.kind[i] == Kind.KERNEL and any(a <= begun < b for a, b in spans):
            length = int(events.end_ns[i]) - begun
            plain.setdefault(trace.names[events.name[i]], []).append(length)
    assert {row.name: (row.count, row.total_ns) for row in found.rows} == {
        name: (len(lengths), sum(lengths)) for name, lengths in plain.items()
    }
    for row in found.rows:
        assert row.p50_ns == round(statistics.median(plain[row.name]))
        assert sum(row.phases.values()) == row.count
    assert found.count == sum(row.count for row in found.rows)
    assert found.total_ns == sum(row.total_ns for row in found.rows)
