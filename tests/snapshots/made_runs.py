"""Hand-made runs in which no two figures are equal, so that a page shows which one is printed."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.machine.ceilings import Ceilings
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import (
    Epochs,
    EpochStart,
    Numerics,
    QuantisationError,
    Run,
    TechniqueInEffect,
    TimedWindow,
    VariantRecord,
)
from annt_prof.scenario.effective import EffectiveValue, Replaced, Substitution
from annt_prof.telemetry.summary import TelemetrySummary
from hand_made import CPU, GPU, MS, SUBSTITUTIONS, drifting, lost, run, variant

_Name = TypeVar("_Name", bound=str)

_SPREAD = (0.89, 0.96, 1.0, 1.03, 1.17)  # of the steps within a window: p05, p95 and mean differ
_ROUNDS_PER_LAUNCH = 2

CALIBRATED = msgspec.structs.replace(GPU, native_bfloat16=True, tf32=True)
CEILINGS = Ceilings(
    matrix_flops={"float32": 51.7e12, "tf32": 361.3e12, "bfloat16": 702.9e12, "float16": 689.1e12},
    memory_bytes_per_s=2_817e9,
    pinned_bytes_per_s=53.3e9,
    pageable_bytes_per_s=11.9e9,
    launch_ns=4_730,
    collective_bytes_per_s=268.4e9,
    collective_ranks=2,
)


def measured(
    name: str,
    means_ms: list[float],
    *,
    waits_ms: float = 0.0,
    accumulation: int = 1,
    samples: int = 64,
    rounds_per_launch: int = _ROUNDS_PER_LAUNCH,
    factors: tuple[str, ...] | None = None,
    **changes: object,
) -> VariantRecord:
    """Return a variant whose windows spread around these means, in milliseconds per iteration.

    Args:
        waits_ms: For how long of an iteration the host waits for batches.
        accumulation: Iterations per optimizer step.
        samples: Per iteration.
        factors: Its own name, unless given.
    """
    windows = tuple(
        _window(number, number // rounds_per_launch, round(mean * MS), accumulation, samples)
        for number, mean in enumerate(means_ms)
    )
    waited = tuple(
        msgspec.structs.replace(w, waited_ns=round((waits_ms + 0.01 * w.round) * MS * w.iterations))
        for w in windows
    )
    record = variant(
        name,
        [],
        samples_per_iteration=samples,
        windows=waited if waits_ms else windows,
        factors=(() if name == "baseline" else (name,)) if factors is None else factors,
    )
    return msgspec.structs.replace(record, iterations_per_optimizer_step=accumulation, **changes)


def _window(number: int, launch: int, mean_ns: int, accumulation: int, samples: int) -> TimedWindow:
    steps = tuple(round(mean_ns * factor) for factor in _SPREAD)
    iterations = len(steps) * accumulation
    started_ns = (number + 1) * 13_000_003_001
    wall_ns = sum(steps) * accumulation
    return TimedWindow(
        round=number,
        position=(number * 3) % 4,
        started_ns=started_ns,
        ended_ns=started_ns + wall_ns + 2 * mean_ns,
        step_ns=steps,
        iterations=iterations,
        samples=(iterations + 2) * samples,
        wall_ns=wall_ns,
        launch=launch,
        first_iteration=7 + 31 * number,
        dropped=2,
    )


def traced(
    parts_ms: dict[Category, float],
    *,
    hidden_ms: dict[Category, float] | None = None,
    kernel_ms: dict[str, float] | None = None,
    operator_ms: dict[str, float] | None = None,
    host_bound_ms: dict[str, float] | None = None,
    precision_ms: dict[str, dict[str, float]] | None = None,
    not_measured: dict[Category, str] | None = None,
    num_steps: int = 4,
    host_events: int | None = 613,
) -> MeanBreakdown:
    """Return a breakdown of these times, in milliseconds per step, which sum to the step."""
    parts = {category: round(ms * MS) for category, ms in parts_ms.items()}
    return MeanBreakdown(
        step_ns=sum(parts.values()),
        num_steps=num_steps,
        by_category_ns={category: parts[category] for category in Category if category in parts},
        hidden_ns=_in_ns(hidden_ms),
        not_measured=not_measured or {},
        kernel_ns=_in_ns(kernel_ms),
        operator_ns=_in_ns(operator_ms),
        host_bound_ns=_in_ns(host_bound_ms),
        kernel_precision_ns={kind: _in_ns(told) for kind, told in (precision_ms or {}).items()},
        host_events=host_events,
    )


def _in_ns(times_ms: dict[_Name, float] | None) -> dict[_Name, int]:
    return {name: round(ms * MS) for name, ms in (times_ms or {}).items()}


def _scaled(times_ms: dict[_Name, float], factor: float, step: float) -> dict[_Name, float]:
    """Return other times, each by a factor of its own."""
    return {name: ms * (factor + step * place) for place, (name, ms) in enumerate(times_ms.items())}


_GPU_STEP_MS = {
    Category.DATA_LOADING: 6.113,
    Category.H2D_COPY: 1.217,
    Category.OTHER_COPY: 0.319,
    Category.FORWARD: 14.723,
    Category.BACKWARD: 29.641,
    Category.GRAD_SCALING: 0.131,
    Category.GRAD_CLIPPING: 0.743,
    Category.OPTIMIZER: 3.907,
    Category.ZERO_GRAD: 0.227,
    Category.COMMUNICATION: 2.339,
    Category.HOST_BOUND: 5.419,
    Category.SYNC: 0.857,
    Category.UNATTRIBUTED: 0.173,
}
_GPU_KERNELS_MS = {
    "conv": 4.127, "gemm": 21.331, "attention": 8.209, "norm": 2.887, "elementwise": 5.171,
    "reduction": 1.613, "cast": 0.421, "optimizer": 3.889, "memory": 1.097,
    "communication": 4.703, "other": 0.281,
}  # fmt: skip
_GPU_HIDDEN_MS = {
    Category.H2D_COPY: 2.411, Category.OTHER_COPY: 0.149, Category.COMMUNICATION: 2.364,
}  # fmt: skip
_GPU_HOST_BOUND_MS = {"forward": 1.867, "backward": 2.053, "optimizer": 1.009, "unattributed": 0.49}


def _on_gpu(
    factor: float,
    step: float,
    *,
    events: int,
    num_steps: int,
    precisions: dict[str, dict[str, float]] | None = None,
) -> MeanBreakdown:
    """Return a step like the first one but with every time scaled by a factor of its own.

    Args:
        factor: Of the first time.
        step: By how much each further factor differs.
        precisions: By class of kernels, what its time ran in, as shares of 1.
    """
    kernel_ms = _scaled(_GPU_KERNELS_MS, factor, step)
    return traced(
        _scaled(_GPU_STEP_MS, factor, step),
        hidden_ms=_scaled(_GPU_HIDDEN_MS, factor, step),
        kernel_ms=kernel_ms,
        host_bound_ms=_scaled(_GPU_HOST_BOUND_MS, factor, step),
        precision_ms={
            kind: {precision: kernel_ms[kind] * share for precision, share in shares.items()}
            for kind, shares in (precisions or {}).items()
        },
        num_steps=num_steps,
        host_events=events,
    )


def _telemetry(shift: int) -> TelemetrySummary:
    return TelemetrySummary(
        gpu_utilisation_percent=97.0 - shift,
        gpu_memory_bytes=31_300_000_017 + 1_700_001 * shift,
        gpu_power_w=612.0 - 3 * shift,
        gpu_sm_clock_mhz=1755.0 - 15 * shift,
        gpu_memory_clock_mhz=2619.0 + shift,
        gpu_temperature_c=61.0 + shift,
        gpu_throttle_reasons=("sw_power_cap",) if shift % 2 else (),
        host_cpu_percent=141.0 + 7 * shift,
        host_memory_bytes=9_700_000_023 + 900_007 * shift,
        num_samples=403 + 11 * shift,
        gpu_pcie_rx_bytes_per_s=1.93e9 + 1e7 * shift,
        gpu_pcie_tx_bytes_per_s=0.37e9 + 2e7 * shift,
        host_other_cpu_percent=23.0 + 2 * shift,
    )


def _numerics_of_amp() -> Numerics:
    return Numerics(
        flops=1_327_000_000_000,
        quantisation=(
            QuantisationError("parameters", "float16", 3.17e-6, 1.83e-2, 0.00213, 0.00041),
            QuantisationError("activations", "float16", 7.29e-3, 4.41e-1, 0.0137, 0.00071),
            QuantisationError("gradients", "float16", 5.03e-9, 2.61e-6, 0.2719, 0.00003),
        ),
        loss_scale=(65536.0, 32768.0, 8192.0, 16384.0),
        skipped_steps=2,
    )


_ACCUMULATING = Mathematics("gradient_accumulation", "the effective batch is k times larger")
_ROUNDING = Mathematics("amp", "matrix products round to 11 (float16) significant bits")
_GPU_SCENARIO = (
    EffectiveValue("name", "vit_tuned", "vit_tuned.yaml:2:1"),
    EffectiveValue("model.source", "timm", "vit_tuned.yaml:4:3"),
    EffectiveValue("model.name", "vit_base_patch16_224", "vit_tuned.yaml:5:3"),
    EffectiveValue("model.pretrained", True, "vit_tuned.yaml:6:3"),
    EffectiveValue("dataset.name", "cifar10", "vit_tuned.yaml:8:3"),
    EffectiveValue("dataset.image_size", 224, "vit_tuned.yaml:9:3"),
    EffectiveValue("dataset.batch_size", 64, "vit_tuned.yaml:10:3"),
    EffectiveValue("dataset.workers", 3, "vit_tuned.yaml:11:3"),
    EffectiveValue("dataset.pin_memory", False, "default"),
    EffectiveValue("dataset.non_blocking", False, "default"),
    EffectiveValue("optimizer.set_to_none", True, "default"),
    EffectiveValue("window.precision", 0.03, "--set"),
)


def whole_mix() -> Run:
    """Two techniques that act in every combination, one that cannot: shares and interactions."""
    replaced = {"tf32": "the device has no TF32"}
    on_device = {"peak_memory_of": "device allocations"}
    return run(
        measured(
            "baseline", drifting(66.3, 8, noise=0.004, seed=1), waits_ms=5.87, **on_device,
            peak_memory_bytes=34_700_000_019, energy_per_sample_j=0.6321, telemetry=_telemetry(1),
            breakdown=_on_gpu(
                1.09, 0.003, events=613, num_steps=4,
                precisions={"gemm": {"tf32": 0.8613, "float32": 0.1387},
                            "conv": {"float32": 1.0}, "attention": {"tf32": 1.0}},
            ),
            first_step_s=3.71, numerics=Numerics(flops=1_319_000_000_000),
            trace="tensorboard/baseline/worker.1.pt.trace.json.gz",
            epochs=Epochs(781, starts=(EpochStart(0, 412_000_017), EpochStart(1, 437_000_029)),
                          counted=True),
        ),
        measured(
            "amp", drifting(31.9, 8, noise=0.005, seed=2), waits_ms=6.41, **on_device,
            peak_memory_bytes=21_900_000_037, energy_per_sample_j=0.2873,
            telemetry=_telemetry(2), mathematics=(_ROUNDING,),
            remarks=(Remark(Source.PITFALL, "the loss scale fell twice in 4 steps", "amp"),),
            breakdown=_on_gpu(
                0.48, 0.011, events=871, num_steps=5,
                precisions={"gemm": {"float16": 0.9731, "float32": 0.0269},
                            "conv": {"float16": 1.0}, "attention": {"float16": 1.0}},
            ),
            first_step_s=9.83, numerics=_numerics_of_amp(),
            trace="tensorboard/amp/worker.2.pt.trace.json.gz",
            epochs=Epochs(787, starts=(EpochStart(0, 389_000_011), EpochStart(1, 405_000_053)),
                          counted=True),
        ),
        measured(
            "gradient_accumulation", drifting(68.9, 8, noise=0.006, seed=3), waits_ms=6.07,
            accumulation=4, **on_device,
            peak_memory_bytes=35_100_000_023, energy_per_sample_j=0.6587, telemetry=_telemetry(3),
            mathematics=(_ACCUMULATING,),
            breakdown=_on_gpu(
                1.25, -0.004, events=577, num_steps=8,
                precisions={"gemm": {"tf32": 0.8713, "float32": 0.1287},
                            "conv": {"float32": 1.0}, "attention": {"unknown": 1.0}},
            ),
            first_step_s=4.19,
            numerics=Numerics(flops=1_321_000_000_000),
        ),
        lost("tf32", "not_applicable", "the device has no TF32"),
        measured(
            "all", drifting(28.7, 8, noise=0.005, seed=4), waits_ms=6.83, accumulation=4,
            **on_device, left_out=replaced, factors=("amp", "gradient_accumulation"),
            peak_memory_bytes=22_300_000_061, energy_per_sample_j=0.2419, telemetry=_telemetry(4),
            mathematics=(_ROUNDING, _ACCUMULATING),
            breakdown=_on_gpu(
                0.39, 0.007, events=829, num_steps=12,
                precisions={"gemm": {"float16": 1.0}, "conv": {"float16": 1.0},
                            "attention": {"float16": 1.0}},
            ),
            first_step_s=10.37, numerics=Numerics(flops=1_331_000_000_000),
        ),
        run_id="20260725-143012-vit_tuned",
        scenario_name="vit_tuned",
        scenario=_GPU_SCENARIO,
        environment=CALIBRATED,
        substitutions=SUBSTITUTIONS,
        overrides_in_effect=("24 GiB or less: dataset.batch_size is 64 instead of 70",),
        remarks=("the device's clocks changed 17 times while windows ran",),
        telemetry_note="NVML at 27 Hz",
        seed=41,
        design="factorial",
        switched_on=("amp", "gradient_accumulation", "tf32"),
        stop="every 95 % interval is within ± 3 % after 8 rounds",
    )  # fmt: skip


_CPU_STEP_MS = {
    Category.DATA_LOADING: 71.317,
    Category.FORWARD: 203.911,
    Category.BACKWARD: 391.237,
    Category.OPTIMIZER: 38.719,
    Category.ZERO_GRAD: 2.153,
    Category.GRAD_CLIPPING: 4.861,
    Category.UNATTRIBUTED: 1.427,
}
_CPU_OPERATORS_MS = {"conv": 17.113, "gemm": 377.431, "attention": 61.709, "elementwise": 97.867}
_NO_ACCELERATOR = {
    Category.H2D_COPY: "no accelerator in the trace",
    Category.OTHER_COPY: "no accelerator in the trace",
    Category.COMMUNICATION: "a single process",
}


def _on_cpu(factor: float, step: float, *, events: int, num_steps: int) -> MeanBreakdown:
    return traced(
        _scaled(_CPU_STEP_MS, factor, step),
        operator_ms=_scaled(_CPU_OPERATORS_MS, factor, step),
        not_measured=_NO_ACCELERATOR,
        host_events=events,
        num_steps=num_steps,
    )


def with_losses() -> Run:
    """A small machine: lost variants, a technique that cannot act, one that costs, noise."""
    emulated = "AMD EPYC 7B13 has no bfloat16 matrix instructions: they are emulated"
    return run(
        measured(
            "baseline", drifting(648, 8, noise=0.004, seed=11), waits_ms=41.3, samples=8,
            peak_memory_bytes=1_871_000_011, breakdown=_on_cpu(1.0, 0.002, events=2_011,
            num_steps=3), first_step_s=1.31, epochs=Epochs(23, in_windows=True),
        ),
        measured(
            "dataloader_workers", drifting(592, 8, noise=0.005, seed=12), waits_ms=3.7, samples=8,
            peak_memory_bytes=2_213_000_029,
            breakdown=_on_cpu(0.93, -0.011, events=1_907, num_steps=6),
            first_step_s=1.73, epochs=Epochs(29, in_windows=True),
            remarks=(Remark(Source.PITFALL, "4 processes on 2 cores take them from the training",
                            "dataloader_workers"),
                     Remark(Source.TRACE, "host-to-device copies take 3.3 ms")),
        ),
        measured(
            "amp", drifting(912, 8, noise=0.006, seed=13), waits_ms=47.9, samples=8,
            peak_memory_bytes=1_709_000_041, remarks=(Remark(Source.MACHINE, emulated, "amp"),),
            mathematics=(
                Mathematics("amp", "matrix products round to 8 (bfloat16) significant bits"),
            ),
            breakdown=_on_cpu(1.41, 0.017, events=2_689, num_steps=2),
            first_step_s=2.17, numerics=Numerics(flops=83_000_000_000),
            epochs=Epochs(29, in_windows=True),
        ),
        measured(
            "set_to_none", drifting(647, 8, noise=0.05, seed=14), waits_ms=43.1, samples=8,
            peak_memory_bytes=1_811_000_053,
        ),
        lost("compile", "crashed", "killed by signal 9", log="logs/compile.log"),
        lost("pin_memory", "not_applicable", "no accelerator to copy to"),
        lost(
            "all", "out_of_memory", "the machine has 8.0 GiB, 7.9 GiB of it in use",
            factors=("dataloader_workers", "amp", "set_to_none", "compile"),
            left_out={"pin_memory": "no accelerator to copy to"}, log="logs/all.log",
        ),
        measured(
            "baseline_again", drifting(651, 8, noise=0.004, seed=15), waits_ms=42.7, samples=8,
            factors=(), peak_memory_bytes=1_867_000_067,
        ),
        run_id="20260726-091733-small_machine",
        created="2026-07-26T09:17:33+00:00",
        scenario_name="small_machine",
        environment=CPU,
        substitutions=(
            Substitution("cifar10", "generated images of the same shapes and decoding cost",
                         "timings hold, accuracy means nothing", Replaced.DATA, "cifar10"),
        ),
        seed=43,
        switched_on=("dataloader_workers", "amp", "set_to_none", "compile", "pin_memory"),
        stop="the time budget of 600 s is spent",
    )  # fmt: skip


def two_scenarios() -> Run:
    """Two scenarios as factors: a technique, and a setting that no technique names."""
    sentence = "dataset.batch_size: 64 -> 96"
    larger = Mathematics("dataset.batch_size", sentence)
    before = (TechniqueInEffect("channels_last"),)
    after = (*before, TechniqueInEffect("amp"))
    untold = {"gemm": {"unknown": 1.0}, "conv": {"unknown": 1.0}, "attention": {"unknown": 1.0}}
    on_device = {"peak_memory_of": "device memory reserved"}
    return run(
        measured(
            "baseline", drifting(52.7, 6, noise=0.004, seed=21), techniques=before, **on_device,
            peak_memory_bytes=17_100_000_013, energy_per_sample_j=12.37,
            breakdown=_on_gpu(0.81, 0.005, events=641, num_steps=7, precisions=untold),
        ),
        measured(
            "amp", drifting(29.3, 6, noise=0.005, seed=22), techniques=after, **on_device,
            peak_memory_bytes=11_300_000_027, energy_per_sample_j=7.213,
            mathematics=(_ROUNDING,),
            breakdown=_on_gpu(0.47, 0.002, events=733, num_steps=9, precisions=untold),
        ),
        measured(
            "dataset.batch_size", drifting(74.1, 6, noise=0.005, seed=23), samples=96,
            techniques=before, **on_device, peak_memory_bytes=24_700_000_031,
            energy_per_sample_j=11.71, mathematics=(larger,),
            breakdown=_on_gpu(1.13, 0.006, events=659, num_steps=11, precisions=untold),
        ),
        measured(
            "all", drifting(38.9, 6, noise=0.004, seed=24), samples=96, **on_device,
            factors=("amp", "dataset.batch_size"), techniques=after,
            peak_memory_bytes=15_900_000_047, energy_per_sample_j=6.529,
            mathematics=(_ROUNDING, larger),
            breakdown=_on_gpu(0.61, 0.004, events=757, num_steps=13, precisions=untold),
        ),
        run_id="20260727-201455-before_after",
        created="2026-07-27T20:14:55+00:00",
        scenario_name="before",
        scenario=_GPU_SCENARIO,
        environment=msgspec.structs.replace(GPU, device_name="NVIDIA L4", driver="560.35.03"),
        telemetry_note="NVML at 19 Hz",
        seed=47,
        design="factorial",
        differences=("amp: off -> on", sentence),
        same_in_both=("dataset.pin_memory: false", "optimizer.lr: 0.0007"),
        switched_on=("amp",),
        stop="every 95 % interval is within ± 3 % after 6 rounds",
    )  # fmt: skip


def sampled_and_interrupted() -> Run:
    """Three techniques along two of their six orders, stopped by Ctrl-C; nothing was traced."""
    mix = ("amp", "channels_last", "fused_optimizer")
    means = {
        (): 91.7, ("amp",): 48.1, ("channels_last",): 84.3,
        ("amp", "channels_last"): 43.9, ("channels_last", "fused_optimizer"): 80.9,
        mix: 41.3,
    }  # fmt: skip
    names = {(): "baseline", mix: "all"}
    variants = (
        measured(
            names.get(factors, "+".join(factors)),
            drifting(mean, 6, noise=0.004, seed=31 + n),
            factors=factors, peak_memory_bytes=700_000_000 + 31_000_017 * n,
            samples=32, uneven=True,
        )
        for n, (factors, mean) in enumerate(means.items())
    )  # fmt: skip
    return run(
        *variants,
        run_id="20260728-055921-sampled",
        created="2026-07-28T05:59:21+00:00",
        scenario_name="sampled",
        environment=msgspec.structs.replace(GPU, num_devices=1),
        telemetry_note="",
        seed=53,
        design="sampled",
        orders=(mix, ("channels_last", "fused_optimizer", "amp")),
        switched_on=mix,
        complete=False,
        stop="interrupted",
    )  # fmt: skip


def one_launch() -> Run:
    """Too few launches for any interval."""
    return run(
        measured("baseline", drifting(23.3, 3, noise=0.004, seed=61), rounds_per_launch=3),
        measured("amp", drifting(19.1, 3, noise=0.005, seed=62), rounds_per_launch=3,),
        run_id="20260729-112847-one_launch",
        scenario_name="one_launch",
        environment=GPU,
        stop="the time budget of 9 s is spent",
    )  # fmt: skip


RUNS = {
    made.run_id: made
    for made in (whole_mix(), with_losses(), two_scenarios(), sampled_and_interrupted(),
                 one_launch())
}  # fmt: skip
