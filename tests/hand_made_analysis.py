"""A hand-made analysis of which no two figures are equal, so that each can only stand in its place.

Times are in ms where they are written, and in ns in the values.
"""

from annt_prof.analysis.analysis import Analysis
from annt_prof.analysis.breakdown.breakdown import (
    Breakdown,
    MeanBreakdown,
    OwnWork,
    StepBreakdown,
)
from annt_prof.analysis.path.critical_path import CriticalPath, PathActivity, PathStep
from annt_prof.analysis.path.idle import Gap, Idle
from annt_prof.analysis.tables.copies import CopyRow
from annt_prof.analysis.tables.host_view import HostStep
from annt_prof.analysis.tables.kernel_table import KernelRow, KernelTable
from annt_prof.analysis.tables.memory_use import MemoryHolder, MemoryUse, StepMemory
from annt_prof.analysis.tables.pitfalls import TraceMistake
from annt_prof.analysis.tables.queue import Queue
from annt_prof.analysis.tables.synchronisations import Synchronisation
from annt_prof.analysis.tables.temporal import DeviceTime, StreamTime, Temporal
from annt_prof.categories import Category
from annt_prof.mistakes import MistakeKey
from annt_prof.trace.columns import Geometry

MS = 1_000_000


def ns(milliseconds):
    return round(milliseconds * MS)


def step(name, start, **times):
    by_category = {Category(category): ns(ms) for category, ms in times.items()}
    return StepBreakdown(name, start, sum(by_category.values()), by_category)


STEPS = (
    step("ProfilerStep#3", 1_001, forward=31.1, backward=52.3, optimizer=4.7, sync=0, h2d_copy=1.9),
    step("ProfilerStep#4", 2_002, forward=33.5, backward=50.9, optimizer=6.1, sync=0, h2d_copy=2.3),
)
BREAKDOWN = Breakdown(
    steps=STEPS,
    mean=MeanBreakdown(
        step_ns=ns(91.4),
        num_steps=2,
        by_category_ns={
            Category.FORWARD: ns(32.3),
            Category.BACKWARD: ns(51.6),
            Category.OPTIMIZER: ns(5.4),
            Category.SYNC: 0,
            Category.H2D_COPY: ns(2.1),
        },
        hidden_ns={
            Category.H2D_COPY: ns(0.77),
            Category.OTHER_COPY: 0,
            Category.COMMUNICATION: ns(8.8),
        },
        not_measured={Category.GRAD_SCALING: "it has no range", Category.ZERO_GRAD: "no range"},
        kernel_ns={"gemm": ns(44.1), "conv": ns(22.2)},
        kernel_precision_ns={"gemm": {"tf32": ns(43.21)}},
    ),
    incomplete=("ProfilerStep#5",),
    own_work=OwnWork(
        device_ns=ns(183.7),
        launched_earlier_ns=ns(9.03),
        before_recording_ns=ns(0.31),
        num_steps=2,
        by_category_ns={Category.FORWARD: ns(33.7), Category.BACKWARD: ns(52.9)},
    ),
)
HOST = (
    HostStep("ProfilerStep#3", ns(10.1), ns(21.2), ns(32.4), ns(4.8), ns(23.6), ns(61.9)),
    HostStep("ProfilerStep#4", ns(11.3), ns(20.8), ns(34.2), ns(5.6), ns(18.2), ns(63.7)),
)
PATH = CriticalPath(
    steps=(
        PathStep(
            "ProfilerStep#3",
            ns(91.2),
            {"forward": ns(20.5), "queued": ns(9.5), "backward": ns(61.2)},
            {"data_loading": ns(1.4), "optimizer": ns(3.9)},
            {"queued": ns(9.4)},
        ),
        PathStep(
            "ProfilerStep#4",
            ns(108.8),
            {"forward": ns(41.5), "queued": ns(7.1), "sync": ns(60.2)},
            {"data_loading": ns(2.2), "optimizer": ns(5.7)},
            {"queued": ns(7.0)},
        ),
    ),
    activities=(PathActivity("sgemm", "forward", 17, ns(19.3)),),
)
TEMPORAL = Temporal(
    kernel_time_ns=ns(201),
    compute_ns=ns(121),
    non_compute_ns=ns(51),
    idle_ns=ns(29),
    devices=(
        DeviceTime(
            device=5,
            kernel_time_ns=ns(200),
            compute_ns=ns(120),
            non_compute_ns=ns(50),
            idle_ns=ns(30),
            exposed_communication_ns=ns(14.1),
            hidden_communication_ns=ns(15.3),
            exposed_copy_ns=ns(16.7),
            hidden_copy_ns=ns(17.9),
            streams=tuple(StreamTime(stream, 40 + stream, ns(70 + stream)) for stream in (7, 8, 9)),
        ),
    ),
)
KERNELS = KernelTable(
    rows=(
        KernelRow(
            name="sm90_gemm",
            kernel_class="gemm",
            count=1_111,
            total_ns=ns(44.4),
            mean_ns=39_964,
            p50_ns=38_700,
            p95_ns=57_300,
            share_of_steps=0.243,
            tensor_cores=True,
            phases={"forward": 600, "backward": 500, "optimizer": 11},
            operators={"aten::mm": 1_110},
            modules={},
            lines={},
            geometry=Geometry((12, 13, 1), (256, 24, 3)),
            num_geometries=4,
            occupancy=0.37,
        ),
        KernelRow(
            name="mystery",
            kernel_class="other",
            count=222,
            total_ns=ns(8.9),
            mean_ns=40_090,
            p50_ns=41_500,
            p95_ns=62_600,
            share_of_steps=None,
            tensor_cores=None,
            phases=None,
            operators={},
            modules={},
            lines={},
            geometry=None,
            num_geometries=0,
            occupancy=None,
        ),
    ),
    num_names=83,
    count=4_567,
    total_ns=ns(71.3),
)
QUEUE = Queue(
    num_kernels=4_000,
    num_unknown=567,
    delay_p50_ns=3_300,
    delay_p95_ns=45_600,
    delay_max_ns=789_100,
    depth_p50=18,
    depth_max=1_024,
    num_shorter_than_launch=1_480,
)
IDLE = Idle(
    gaps=(
        Gap("ProfilerStep#4", 3_003, ns(3.6), "data_loading", "forward", "sm90_gemm", "mystery"),
        Gap("ProfilerStep#3", 4_004, ns(1.7), "dispatch", None, None, None),
    ),
    num_gaps=321,
    total_ns=ns(40),
    by_cause_ns={"queued": ns(4), "data_loading": ns(26), "synchronise": 0, "dispatch": ns(10)},
)
SYNCHRONISATIONS = (
    Synchronisation("cudaStreamSynchronize", "aten::item", "aten::_local", 28, ns(41.1)),
    Synchronisation("cudaMemcpy", "aten::copy_", "aten::copy_", 29, ns(12.6)),
    Synchronisation("cudaDeviceSynchronize", None, None, 2_345, ns(6.4)),
)
COPIES = (
    CopyRow("HtoD", "Pageable", 1_357, 24_600_000, ns(9.2), 2.7, ns(4.2), ns(5.1)),
    CopyRow("DtoH", None, 64, None, ns(0.35), None, None, None),
)
MEMORY = (
    MemoryUse(
        device="cuda:0",
        peak_bytes=7_654_300_000,
        peak_ns=5_005,
        peak_step="ProfilerStep#4",
        peak_phase="backward",
        peak_reserved_bytes=8_899_000_000,
        holders=tuple(
            MemoryHolder(f"aten::op{number}", (99 - number) * 1_010_000, 400 + number)
            for number in range(12)
        ),
        steps=(StepMemory("ProfilerStep#3", 52, 6_100, 6_200),),
    ),
    MemoryUse(
        device="cpu",
        peak_bytes=54_700_000,
        peak_ns=6_006,
        peak_step="ProfilerStep#3",
        peak_phase=None,
        peak_reserved_bytes=None,
        holders=(MemoryHolder("before", 30_000, None),),
        steps=(),
    ),
)
ANALYSIS = Analysis(
    source="trace.json",
    num_events=1_234_567,
    device_names=("H100", "H100", "A100"),
    rank=6,
    world_size=16,
    remarks=("a remark",),
    breakdown=BREAKDOWN,
    host=HOST,
    temporal=TEMPORAL,
    kernels=KERNELS,
    queue=QUEUE,
    critical_path=PATH,
    idle=IDLE,
    synchronisations=SYNCHRONISATIONS,
    copies=COPIES,
    memory=MEMORY,
    pitfalls=(TraceMistake(MistakeKey.COPIES_IN_PASSES, "a pitfall", "aten::copy_"),),
    complete=True,
    not_measured={
        "kernels.lines": "no frames",
        "queue": "no launch",
        "kernels.modules": "no frames",
    },
)
