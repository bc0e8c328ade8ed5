"""Lanes of a few items, made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from annt_prof.analysis.lanes.building import build_lanes
from annt_prof.analysis.lanes.lanes import NONE, UNKNOWN_NS, ItemKind, Lane, LaneKind, Lanes
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder
from annt_prof.trace.reading import read

US = 1_000


def one_row(
    items: list[tuple[int, int, int]], on_path: list[bool] | None = None, step_ns: int = 100
) -> Lanes:
    """One stream with kernels of (start, end, class); they must not overlap."""
    number = len(items)
    columns = np.array(items, np.int64).reshape(-1, 3)
    zeros = np.zeros(number, np.int64)
    return Lanes(
        lanes=(Lane(LaneKind.STREAM, "stream 7", 1),),
        names=("kernel",),
        step_names=("ProfilerStep#0",),
        step_start_ns=np.array([0]),
        step_end_ns=np.array([step_ns]),
        origin_ns=0,
        lane=zeros.astype(np.int16),
        row=zeros.astype(np.int16),
        kind=np.full(number, ItemKind.KERNEL, np.int8),
        start_ns=columns[:, 0],
        end_ns=columns[:, 1],
        name=zeros.astype(np.int32),
        label=columns[:, 2].astype(np.int8),
        category=np.full(number, NONE, np.int8),
        on_path=np.array(on_path if on_path is not None else [False] * number, bool),
        launched_by=np.full(number, NONE, np.int32),
        launched_ns=np.full(number, UNKNOWN_NS),
        parent=np.full(number, NONE, np.int32),
        step=zeros.astype(np.int32),
    )


def trained(folder: Path) -> Lanes:
    """Two steps of 1 ms; each loads, runs a convolution and an addition, and waits."""
    builder = TraceBuilder()
    for begin in (5_000 * US, 6_000 * US):
        builder.step(begin, begin + 1_000 * US)
        builder.phase(Phase.DATA_LOADING, begin, begin + 200 * US)
        builder.phase(Phase.FORWARD, begin + 200 * US, begin + 600 * US)
        builder.phase(Phase.BACKWARD, begin + 600 * US, begin + 1_000 * US)
        builder.operator("aten::conv2d", begin + 210 * US, begin + 300 * US)
        builder.operator("aten::cudnn", begin + 220 * US, begin + 290 * US)
        builder.kernel(
            "sm80_xmma_fprop_implicit_gemm", begin + 300 * US, begin + 500 * US,
            launch_ns=begin + 230 * US,
        )  # fmt: skip
        builder.operator(
            "autograd::engine::evaluate_function: AddBackward0",
            begin + 605 * US, begin + 660 * US, thread=AUTOGRAD_THREAD,
        )  # fmt: skip
        builder.operator("AddBackward0", begin + 610 * US, begin + 650 * US, thread=AUTOGRAD_THREAD)
        builder.kernel(
            "elementwise_kernel", begin + 630 * US, begin + 930 * US,
            launch_ns=begin + 620 * US, thread=AUTOGRAD_THREAD,
        )  # fmt: skip
        builder.runtime("cudaDeviceSynchronize", begin + 700 * US, begin + 940 * US)
    return build_lanes(Timeline(read(builder.write(folder / "trace.json"))))
