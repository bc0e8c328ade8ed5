"""Hand-made runs for the tests of everything that reads runs."""

from __future__ import annotations

import random

import msgspec

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.compare.comparison import summarise
from annt_prof.machine.environment import Environment
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import SCHEMA_VERSION, Run, TechniqueInEffect, TimedWindow, VariantRecord
from annt_prof.scenario.effective import EffectiveValue, Replaced, Substitution
from annt_prof.telemetry.summary import TelemetrySummary

MS = 1_000_000
GIB = 1024**3


def window(
    number: int, mean_ms: float, *, position: int = 0, samples: int = 80, launch: int = 0
) -> TimedWindow:
    mean_ns = round(mean_ms * MS)
    return TimedWindow(
        round=number,
        position=position,
        started_ns=number * 10_000 * MS,
        ended_ns=number * 10_000 * MS + 10 * mean_ns,
        step_ns=tuple(mean_ns + offset for offset in (-1000, -500, 0, 500, 1000)),
        iterations=5,
        samples=samples,
        wall_ns=5 * mean_ns,
        launch=launch,
    )


def variant(
    name: str, means_ms: list[float], *, rounds_per_launch: int = 1, **changes: object
) -> VariantRecord:
    """One measured variant whose windows have these figures, in rounds 0, 1, 2, ..."""
    factors = changes.pop("factors", () if name == "baseline" else (name,))
    record = VariantRecord(
        name=name,
        factors=factors,
        techniques=tuple(TechniqueInEffect(factor) for factor in factors),
        status="measured",
        samples_per_iteration=8,
        windows=tuple(
            window(number, ms, launch=number // rounds_per_launch)
            for number, ms in enumerate(means_ms)
        ),
        peak_memory_bytes=3 * GIB // 2,
        peak_memory_of="host process",
    )
    return msgspec.structs.replace(record, **changes)


def lost(name: str, status: str, reason: str | None, **changes: object) -> VariantRecord:
    """A variant without figures."""
    return variant(
        name,
        [],
        status=status,
        reason=reason,
        peak_memory_bytes=None,
        peak_memory_of=None,
        **changes,
    )


def drifting(true_ms: float, rounds: int, *, noise: float, seed: int) -> list[float]:
    """Window medians that share a drift of 15 % with every other variant, plus own noise."""
    own = random.Random(seed)
    return [
        true_ms * (1 + 0.15 * number / rounds) * (1 + own.gauss(0, noise))
        for number in range(rounds)
    ]


def breakdown(step_ms: float, **shares: float) -> MeanBreakdown:
    """A breakdown of these shares; the rest is unattributed, and it sums to the step."""
    step_ns = round(step_ms * MS)
    parts = {Category(name): int(step_ns * share) for name, share in shares.items()}
    parts[Category.UNATTRIBUTED] = step_ns - sum(parts.values())
    return MeanBreakdown(
        step_ns=step_ns,
        num_steps=4,
        by_category_ns={c: parts[c] for c in Category if c in parts},
        hidden_ns={},
        not_measured={
            Category.H2D_COPY: "no accelerator in the trace",
            Category.OTHER_COPY: "no accelerator in the trace",
            Category.COMMUNICATION: "a single process",
        },
        kernel_ns={},
        host_events=2_000,
    )


CPU = Environment(
    device_type="cpu",
    device_name="AMD EPYC 7B13",
    num_devices=0,
    cpu_name="AMD EPYC 7B13",
    num_cores=2,
    memory_bytes=8 * GIB,
    threads=2,
    operating_system="Linux 6.8",
    driver=None,
    packages={"python": "3.11.9", "torch": "2.15.0", "torchvision": "0.30.0"},
)
GPU = Environment(
    device_type="cuda",
    device_name="NVIDIA H100 80GB HBM3",
    num_devices=2,
    cpu_name="Intel(R) Xeon(R) Platinum 8480C",
    num_cores=26,
    memory_bytes=220 * GIB,
    threads=13,
    operating_system="Linux 6.8",
    driver="570.124.06",
    packages={"python": "3.12.3", "torch": "2.15.0"},
)
SCENARIO = (
    EffectiveValue("name", "vit_amp", "vit_amp.yaml:2:1"),
    EffectiveValue("model.source", "timm", "vit_amp.yaml:4:3"),
    EffectiveValue("model.name", "vit_base_patch16_224", "vit_amp.yaml:5:3"),
    EffectiveValue("model.pretrained", True, "vit_amp.yaml:6:3"),
    EffectiveValue("dataset.name", "cifar10", "vit_amp.yaml:8:3"),
    EffectiveValue("dataset.image_size", 224, "vit_amp.yaml:9:3"),
    EffectiveValue("dataset.batch_size", 8, "when.no_accelerator (vit_amp.yaml:30:5)"),
    EffectiveValue("dataset.workers", 0, "default"),
    EffectiveValue("window.precision", 0.02, "default"),
)
SUBSTITUTIONS = (
    Substitution(
        wanted="cifar10",
        used="generated images of the same shapes and decoding cost",
        consequence="timings hold, accuracy means nothing",
        replaced=Replaced.DATA,
        name="cifar10",
    ),
    Substitution(
        wanted="pretrained weights of vit_base_patch16_224",
        used="random weights",
        consequence="timings hold, learning starts from scratch",
        replaced=Replaced.WEIGHTS,
        name="vit_base_patch16_224",
    ),
)


def run(*variants: VariantRecord, **changes: object) -> Run:
    """A finished run on a CPU; statistics are filled in from the windows."""
    record = Run(
        schema_version=SCHEMA_VERSION,
        run_id="20260725-143012-vit_amp",
        created="2026-07-25T14:30:12+00:00",
        scenario_name="vit_amp",
        scenario=SCENARIO,
        environment=CPU,
        substitutions=(),
        overrides_in_effect=(),
        telemetry_note="no NVML: the driver is not installed; host CPU and memory at 25 Hz",
        seed=0,
        variants=summarise(variants),
        stop="every 95 % interval is within ± 2 % after 12 rounds",
        complete=True,
    )
    return msgspec.structs.replace(record, **changes)


def cpu_run() -> Run:
    """The main job on a small machine: stand-ins, an override, a technique that cannot act."""
    emulated = "AMD EPYC 7B13 has no bfloat16 matrix instructions: they are emulated"
    return run(
        variant(
            "baseline",
            drifting(648, 12, noise=0.004, seed=1),
            breakdown=breakdown(694.3, forward=0.31, backward=0.6, optimizer=0.06, sync=0),
        ),
        variant(
            "amp",
            drifting(912, 12, noise=0.006, seed=2),
            remarks=(Remark(Source.MACHINE, emulated, "amp"),),
            mathematics=(
                Mathematics("amp", "matrix products round to 8 (bfloat16) significant bits"),
            ),
            breakdown=breakdown(950.1, forward=0.41, backward=0.54, optimizer=0.04, sync=0),
        ),
        variant(
            "gradient_accumulation",
            drifting(646, 12, noise=0.004, seed=3),
            iterations_per_optimizer_step=2,
            mathematics=(
                Mathematics("gradient_accumulation", "the effective batch is k times larger"),
            ),
        ),
        lost("pin_memory", "not_applicable", "no accelerator to copy to"),
        variant(
            "all",
            drifting(905, 12, noise=0.03, seed=4),
            factors=("amp", "gradient_accumulation"),
            left_out={"pin_memory": "no accelerator to copy to"},
            remarks=(Remark(Source.MACHINE, emulated, "amp"),),
            mathematics=(
                Mathematics("amp", "matrix products round to 8 (bfloat16) significant bits"),
                Mathematics("gradient_accumulation", "the effective batch is k times larger"),
            ),
        ),
        substitutions=SUBSTITUTIONS,
        overrides_in_effect=("no accelerator: dataset.batch_size is 8 instead of 70",),
    )


def gpu_run() -> Run:
    """A run on a GPU: energy, hidden copies, kernel classes, telemetry."""
    telemetry = TelemetrySummary(
        gpu_utilisation_percent=98.0,
        gpu_power_w=612.0,
        gpu_sm_clock_mhz=1755.0,
        gpu_memory_clock_mhz=2619.0,
        gpu_temperature_c=61.0,
        gpu_throttle_reasons=("sw_power_cap",),
        host_cpu_percent=104.0,
        host_other_cpu_percent=3.0,
        num_samples=400,
    )
    traced = msgspec.structs.replace(
        breakdown(61.2, forward=0.32, backward=0.6, optimizer=0.05, h2d_copy=0.01),
        hidden_ns={Category.H2D_COPY: 1_234_567},
        not_measured={Category.COMMUNICATION: "a single process"},
        kernel_ns={"gemm": 40 * MS, "attention": 10 * MS, "elementwise": 9 * MS},
    )
    on_gpu = {"peak_memory_of": "device allocations", "telemetry": telemetry, "breakdown": traced}
    return run(
        variant(
            "baseline",
            drifting(61.0, 5, noise=0.001, seed=1),
            **on_gpu,
            energy_per_sample_j=0.6321,
        ),
        variant(
            "amp",
            drifting(26.4, 5, noise=0.001, seed=2),
            **on_gpu,
            energy_per_sample_j=0.2412,
            mathematics=(
                Mathematics("amp", "matrix products round to 11 (float16) significant bits"),
            ),
        ),
        environment=GPU,
        telemetry_note="NVML at 25 Hz",
        stop="every 95 % interval is within ± 2 % after 5 rounds",
    )
