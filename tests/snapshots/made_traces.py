"""Hand-made traces whose times all differ: with a device, without, cut short, of several ranks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from annt_prof.categories import Phase
from annt_prof.testing import AUTOGRAD_THREAD, TraceBuilder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_STRETCHED = (1.0, 1.087, 1.193)  # each step's times over the first one's
_DEVICES = [
    {"name": "NVIDIA A100-SXM4-80GB", "computeMajor": 8},
    {"name": "NVIDIA A100-PCIE-40GB", "computeMajor": 8},
]
_SECOND_DEVICE = {"device": 1, "stream": 11}
_SECOND_DEVICE_TALKING = {"device": 1, "stream": 19}
_COPY_STREAM, _TALKING_STREAM = 13, 17

_GEMM = "ampere_sgemm_128x64_tn"
_CONV = "cutlass_tensorop_f16_s16816fprop_optimized_f16_128x128"
_ATTENTION = "flash_fwd_kernel<cutlass::bfloat16_t>"
_BACKWARD_GEMM = "cutlass_80_tensorop_s1688gemm_128x256_nt_align4"
_ADAM = "multi_tensor_apply_kernel<FusedAdamMathFunctor>"
_CLIPPING = "multi_tensor_apply_kernel<LpNormFunctor>"
_UNSCALING = "multi_tensor_apply_kernel<non_finite_check_and_unscale>"
_FILLING = "void at::native::fill_kernel<float>"
_ALL_REDUCE = "ncclDevKernel_AllReduce_Sum_f32_RING_LL"
_ALL_GATHER = "ncclDevKernel_AllGather_RING_LL"


def with_device() -> TraceBuilder:
    """Return three steps in which every category takes time, on two devices and four streams."""
    builder = TraceBuilder(world_size=2)
    start_ns = 1_000_000
    for stretch in _STRETCHED:
        start_ns = _add_step(builder, start_ns, stretch)
    return builder


def _add_step(builder: TraceBuilder, start_ns: int, stretch: float) -> int:
    """Add a step and return its end; offsets are in microseconds of the first step."""

    def at(offset_us: float) -> int:
        return start_ns + round(offset_us * stretch * 1000)

    builder.step(at(0), at(9_871))
    _add_host_ranges(builder, at)
    _add_forward(builder, at)
    _add_backward(builder, at)
    _add_update(builder, at)
    _add_memory(builder, at, stretch)
    return at(9_871)


def _add_host_ranges(builder: TraceBuilder, at: Callable[[float], int]) -> None:
    for phase, begin_us, end_us in (
        (Phase.DATA_LOADING, 11, 903), (Phase.H2D_COPY, 907, 1_297), (Phase.FORWARD, 1_301, 3_101),
        (Phase.BACKWARD, 3_119, 4_807), (Phase.GRAD_SCALING, 4_813, 5_051),
        (Phase.GRAD_CLIPPING, 5_059, 5_323), (Phase.OPTIMIZER, 5_333, 6_007),
        (Phase.ZERO_GRAD, 6_011, 6_199), (Phase.SYNC, 6_203, 9_803),
    ):  # fmt: skip
        builder.phase(phase, at(begin_us), at(end_us))


def _add_forward(builder: TraceBuilder, at: Callable[[float], int]) -> None:
    builder.copy("HtoD", at(941), at(1_213), launch_ns=at(919), returned_ns=at(1_187),
                 pageable=True, num_bytes=1_703_941)  # fmt: skip
    builder.copy("HtoD", at(1_223), at(1_409), launch_ns=at(1_201), num_bytes=2_311_171,
                 stream=_COPY_STREAM)  # fmt: skip
    builder.operator("aten::conv2d", at(1_311), at(1_453))
    builder.operator("aten::cudnn_convolution", at(1_321), at(1_447))
    _add_kernel(builder, _CONV, at(1_361), at(2_039), launch_ns=at(1_327), grid=[47, 3, 1],
                block=[128, 1, 1], occupancy=37)  # fmt: skip
    builder.operator("aten::linear", at(1_471), at(1_667))
    _add_kernel(builder, _GEMM, at(2_053), at(2_593), launch_ns=at(1_483), grid=[83, 5, 1],
                block=[256, 1, 1], occupancy=61)  # fmt: skip
    builder.kernel(_GEMM, at(2_609), at(3_001), launch_ns=at(1_741))
    builder.kernel(_ATTENTION, at(3_011), at(3_373), launch_ns=at(1_907))
    builder.kernel("void at::native::vectorized_elementwise_kernel<4, GeluFunctor>", at(3_389),
                   at(3_558), launch_ns=at(2_203))  # fmt: skip
    builder.copy("HtoD", at(2_311), at(2_348), launch_ns=at(2_297), num_bytes=30_011,
                 stream=_COPY_STREAM)  # fmt: skip
    _add_kernel(builder, _FILLING, at(3_563), at(3_567), launch_ns=at(2_401), grid=[7, 1, 1],
                block=[64, 1, 1], occupancy=13)  # fmt: skip
    builder.event("kernel", _GEMM, at(2_417), at(3_727), pid=1, tid=11, args=_SECOND_DEVICE)
    builder.event("kernel", _ALL_REDUCE, at(3_401), at(4_219), pid=1, tid=19,
                  args=_SECOND_DEVICE_TALKING)  # fmt: skip


def _add_backward(builder: TraceBuilder, at: Callable[[float], int]) -> None:
    thread = AUTOGRAD_THREAD
    builder.operator("autograd::engine::evaluate_function: MmBackward0", at(3_203), at(4_111),
                     thread=thread, sequence=3)  # fmt: skip
    builder.operator("aten::mm", at(3_229), at(4_093), thread=thread)
    builder.kernel(_BACKWARD_GEMM, at(3_613), at(4_703), launch_ns=at(3_251), thread=thread)
    builder.kernel(_BACKWARD_GEMM, at(4_721), at(5_417), launch_ns=at(3_907), thread=thread)
    builder.kernel(_ALL_REDUCE, at(4_201), at(5_903), launch_ns=at(4_127), thread=thread,
                   stream=_TALKING_STREAM)  # fmt: skip
    builder.kernel(_ALL_GATHER, at(6_401), at(6_673), launch_ns=at(4_603), thread=thread,
                   stream=_TALKING_STREAM)  # fmt: skip


def _add_update(builder: TraceBuilder, at: Callable[[float], int]) -> None:
    builder.kernel(_UNSCALING, at(5_923), at(6_000), launch_ns=at(4_831))
    builder.operator("aten::item", at(4_861), at(5_044))
    builder.operator("aten::_local_scalar_dense", at(4_871), at(5_039))
    builder.copy("DtoH", at(6_029), at(6_042), launch_ns=at(4_877), num_bytes=523)
    builder.runtime("cudaStreamSynchronize", at(4_889), at(5_023))
    builder.kernel(_CLIPPING, at(6_051), at(6_197), launch_ns=at(5_101))
    builder.kernel(_ADAM, at(6_703), at(7_411), launch_ns=at(5_407))
    builder.copy("DtoD", at(7_433), at(7_517), launch_ns=at(5_701), num_bytes=8_117_903)
    builder.memset(at(7_529), at(7_582), launch_ns=at(6_047))
    builder.runtime("cudaFree", at(6_089), at(6_151))
    builder.copy("DtoH", at(7_603), at(7_789), launch_ns=at(6_101), pageable=True,
                 num_bytes=919_393)  # fmt: skip
    builder.runtime("cudaDeviceSynchronize", at(6_221), at(7_993))


def _add_memory(builder: TraceBuilder, at: Callable[[float], int], stretch: float) -> None:
    weights, activations = round(41_300_017 * stretch), round(213_700_031 * stretch)
    builder.allocation(at(1_331), weights, weights, address=101, reserved=307_000_003)
    total = weights + activations
    builder.allocation(at(1_493), activations, total, address=103, reserved=331_000_007)
    builder.allocation(at(4_001), -activations, weights, address=103, reserved=337_000_009,
                       thread=AUTOGRAD_THREAD)  # fmt: skip
    builder.allocation(at(6_053), -weights, 0, address=101, reserved=337_000_009)
    host = round(5_900_027 * stretch)
    builder.allocation(at(101), host, host, address=107, on_host=True)
    builder.allocation(at(1_303), -host, 0, address=107, on_host=True)


def _add_kernel(
    builder: TraceBuilder, name: str, begin_ns: int, end_ns: int, *, launch_ns: int,
    grid: list[int], block: list[int], occupancy: int,
) -> None:  # fmt: skip
    """Add a kernel with its geometry, which the builder's own lack."""
    correlation = 9_000_000 + launch_ns
    builder.runtime("cudaLaunchKernel", launch_ns, launch_ns + 9_000, correlation=correlation)
    builder.event(
        "kernel", name, begin_ns, end_ns, pid=0, tid=7,
        args={"device": 0, "stream": 7, "correlation": correlation, "grid": grid, "block": block,
              "est. achieved occupancy %": occupancy},
    )  # fmt: skip


def without_device() -> TraceBuilder:
    """Return two steps of a program on the CPU."""
    builder = TraceBuilder()
    for begin_ns, stretch in ((2_000_000, 1.0), (43_000_000, 1.13)):

        def at(offset_us: float, begin_ns: int = begin_ns, stretch: float = stretch) -> int:
            return begin_ns + round(offset_us * stretch * 1000)

        builder.step(at(0), at(31_013))
        builder.phase(Phase.DATA_LOADING, at(17), at(4_129))
        builder.phase(Phase.FORWARD, at(4_153), at(11_863))
        builder.operator("aten::conv2d", at(4_211), at(7_019))
        builder.operator("aten::linear", at(7_043), at(11_701))
        builder.phase(Phase.BACKWARD, at(11_887), at(26_701))
        builder.operator("autograd::engine::evaluate_function: ConvolutionBackward0", at(12_007),
                         at(19_301), thread=AUTOGRAD_THREAD, sequence=5)  # fmt: skip
        builder.operator("aten::convolution_backward", at(12_037), at(19_273),
                         thread=AUTOGRAD_THREAD)  # fmt: skip
        builder.operator("aten::mm", at(19_333), at(26_293), thread=AUTOGRAD_THREAD)
        builder.phase(Phase.GRAD_CLIPPING, at(26_713), at(27_211))
        builder.operator("aten::_foreach_norm", at(26_723), at(27_127))
        builder.phase(Phase.OPTIMIZER, at(27_241), at(30_089))
        builder.operator("Optimizer.step#AdamW.step", at(27_253), at(30_011))
        builder.phase(Phase.ZERO_GRAD, at(30_097), at(30_781))
        builder.operator("aten::zero_", at(30_103), at(30_637))
        grown = round(17_900_023 * stretch)
        builder.allocation(at(4_219), grown, grown, address=109, on_host=True)
        builder.allocation(at(26_299), -grown, 0, address=109, on_host=True)
    return builder


def without_steps() -> TraceBuilder:
    """Return a trace of one span, whose device is known by its activities alone."""
    builder = TraceBuilder()
    builder.kernel(_GEMM, 1_003_000, 1_871_000).kernel(_ADAM, 2_113_000, 2_459_000, stream=9)
    return builder


def of_rank(rank: int) -> TraceBuilder:
    """Return two steps of one rank of three; the last one comes late to every collective."""
    builder = TraceBuilder(world_size=3)
    late_us = (0, 211, 947)[rank]
    begin_ns = 5_000_000 + 77_000 * rank
    for stretch in (1.0, 1.171):

        def at(offset_us: float, begin_ns: int = begin_ns, stretch: float = stretch) -> int:
            return begin_ns + round(offset_us * stretch * 1000)

        end_us = 12_011 + 131 * rank
        builder.step(at(0), at(end_us))
        builder.phase(Phase.DATA_LOADING, at(13), at(1_009 + 37 * rank))
        builder.phase(Phase.FORWARD, at(1_103), at(3_307))
        builder.kernel(_GEMM, at(1_301 + 29 * rank), at(4_211 + late_us), launch_ns=at(1_213))
        builder.phase(Phase.BACKWARD, at(3_317), at(6_521))
        builder.kernel(_ALL_REDUCE, at(5_003 + late_us), at(7_717 + 41 * rank),
                       launch_ns=at(4_909), stream=_TALKING_STREAM)  # fmt: skip
        builder.kernel(_ALL_GATHER, at(8_219 + late_us), at(10_303 + 19 * rank),
                       launch_ns=at(6_101), stream=_TALKING_STREAM)  # fmt: skip
        builder.phase(Phase.OPTIMIZER, at(6_553), at(7_001))
        builder.kernel(_ADAM, at(10_501), at(11_113 + 53 * rank), launch_ns=at(6_607))
        begin_ns = at(end_us)
    return builder


def write_traces(folder: Path) -> None:
    """Write every trace that a page is printed of."""
    text = with_device().json()
    document = json.loads(text) | {"deviceProperties": _DEVICES}
    (folder / "device.json").write_text(json.dumps(document))
    (folder / "cut_short.json").write_text(text[: int(len(text) * 0.7)])
    (folder / "cut_in_order.json").write_text(_cut_in_order(text))
    without_device().write(folder / "host.json")
    without_steps().write(folder / "no_steps.json")
    ranks = folder / "ranks"
    ranks.mkdir()
    for rank in range(3):
        described = json.loads(of_rank(rank).json())
        described["distributedInfo"]["rank"] = rank
        (ranks / f"worker{rank}.json").write_text(json.dumps(described))
    alike = folder / "alike"
    alike.mkdir()
    for rank in range(2):
        path = alike / f"rank{rank}.json"
        builder = TraceBuilder().step(1_000_000, 3_107_000 + 113_000 * rank)
        builder.kernel(_GEMM, 1_217_000, 2_003_000 + 59_000 * rank, launch_ns=1_101_000)
        builder.write(path)


def _cut_in_order(text: str) -> str:
    """Return a trace without its end whose events stand in the order of time."""
    document = json.loads(text)
    events = sorted(document["traceEvents"], key=lambda event: float(event["ts"]))
    lines = ",\n".join(json.dumps(event) for event in events)
    return f'{{"traceEvents": [\n{lines[: int(len(lines) * 0.8)]}'
