"""Kernels and operators of a hand-made trace, of which no two figures are equal."""

import msgspec

from annt_prof.analysis.tables.kernel_parts import KernelPart, KernelParts
from annt_prof.analysis.tables.operator_table import OperatorRow, OperatorTable
from annt_prof.views.work.traced import Traced
from hand_made_analysis import ANALYSIS, ns

NO_TRACE_OF_IT = "the trace has no device activities"

ROWS = (
    OperatorRow(
        name="aten::mm",
        count=31,
        total_ns=ns(7.7),
        self_ns=ns(5.5),
        mean_ns=248_387,
        p50_ns=231_000,
        p95_ns=407_000,
        share_of_steps=0.03,
        phases={"forward": 20, "backward": 11},
        threads={"main": 20, "autograd": 11},
        device_ns=ns(42.1),
    ),
    OperatorRow(
        name="autograd::engine::evaluate_function: MulBackward0",
        count=7,
        total_ns=ns(3.3),
        self_ns=ns(1.1),
        mean_ns=471_429,
        p50_ns=450_000,
        p95_ns=610_000,
        share_of_steps=0.006,
        phases={"backward": 7},
        threads={"autograd": 7},
        device_ns=0,
    ),
)
OPERATORS = OperatorTable(
    rows=ROWS, num_names=95, count=4_321, self_ns=ns(9.9), num_steps=2, wall_ns=ns(182.8)
)
PARTS = KernelParts(
    parts=(
        KernelPart("sm90_gemm", "gemm", "forward", "aten::mm", "nn.Module: Linear_0", 600, ns(24)),
        KernelPart("sm90_gemm", "gemm", "backward", "aten::mm", None, 500, ns(20)),
        KernelPart("mystery", "other", "forward", None, None, 222, ns(8.9)),
        KernelPart("sm90_gemm", "gemm", "optimizer", None, None, 11, ns(0.4)),
    ),
    num_steps=2,
    wall_ns=ns(182.8),
)


def traced(name="baseline", **changes):
    """Return a trace of a device."""
    whole = Traced(name, ANALYSIS, OPERATORS, PARTS, 64)
    fields = {field: getattr(whole, field) for field in ("analysis", "operators", "parts")}
    return Traced(**{"name": name, **fields, "samples": 64, **changes})


def on_host(name="cpu"):
    """Return a trace of a program that used no device."""
    analysis = msgspec.structs.replace(
        ANALYSIS, kernels=None, not_measured={"kernels": NO_TRACE_OF_IT}
    )
    return traced(name, analysis=analysis, parts=None)


def kernel(name, total_ns, count, *, phase="forward", kernel_class="gemm"):
    return KernelPart(name, kernel_class, phase, None, None, count, total_ns)


def parts_of(*parts, num_steps=2):
    return KernelParts(parts, num_steps, ns(100))


def operators_of(*rows, num_steps=2):
    """Return operators of such names, own times and counts."""
    made = tuple(
        msgspec.structs.replace(ROWS[0], name=name, self_ns=self_ns, count=count)
        for name, self_ns, count in rows
    )
    self_ns = sum(row.self_ns for row in made)
    return OperatorTable(made, len(made), 99, self_ns, num_steps, ns(100))


def broken_off(of):
    """Return the same trace of a file that breaks off."""
    analysis = msgspec.structs.replace(of.analysis, complete=False)
    return traced(of.name, analysis=analysis, operators=of.operators, parts=of.parts)


def texts(sheet):
    """Return the rows of a sheet as they are printed."""
    return [tuple(cell.text for cell in row.cells) for row in sheet.rows]
