"""A run with everything that a card, a picture and a curve must show."""

from __future__ import annotations

import pytest

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.categories import Category
from annt_prof.compare.verdict import decide
from annt_prof.machine.environment import Environment
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import SCHEMA_VERSION, Run, Speedup, StepTime, TimedWindow, VariantRecord
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.telemetry.summary import TelemetrySummary

MS = 1_000_000
_FASTER = Speedup(ratio=1.3312, low=1.3244, high=1.3381, rounds=2, launches=2)


def window(number: int, mean_ns: int) -> TimedWindow:
    started_ns = 1_000 * MS + number * 500 * MS
    return TimedWindow(
        round=number,
        position=0,
        started_ns=started_ns,
        ended_ns=started_ns + 250 * MS,
        step_ns=(mean_ns, mean_ns),
        iterations=2,
        samples=64,
        wall_ns=2 * mean_ns,
    )


BASELINE = VariantRecord(
    name="baseline",
    factors=(),
    status="measured",
    samples_per_iteration=32,
    windows=(window(0, 40 * MS), window(1, 41 * MS), window(2, 42 * MS)),
    throughput=780.5,
    step_time=StepTime(mean_ns=41 * MS, p05_ns=40 * MS, p95_ns=42 * MS, n=3),
    speedup=Speedup(ratio=1.0, low=1.0, high=1.0, rounds=3, launches=3),
    peak_memory_bytes=3 * 2**30,
    peak_memory_of="host process",
    telemetry=TelemetrySummary(host_cpu_percent=98.5, host_memory_bytes=2**30, num_samples=40),
    breakdown=MeanBreakdown(
        step_ns=44 * MS,
        num_steps=4,
        by_category_ns={
            Category.DATA_LOADING: 4 * MS,
            Category.FORWARD: 12 * MS,
            Category.BACKWARD: 22 * MS,
            Category.OPTIMIZER: 3 * MS,
            Category.ZERO_GRAD: MS // 2,
            Category.HOST_BOUND: 2 * MS,
            Category.UNATTRIBUTED: MS // 2,
        },
        hidden_ns={Category.H2D_COPY: 2 * MS},
        not_measured={Category.H2D_COPY: "no accelerator to copy to"},
        kernel_ns={"gemm": 7 * MS},
    ),
    profiler_inflation=0.073,
    trace="tensorboard/baseline/kineto.json.gz",
)

AMP = VariantRecord(
    name="amp",
    factors=("amp",),
    status="measured",
    remarks=(Remark(Source.PITFALL, "bfloat16 is emulated here", "amp"),),
    mathematics=(Mathematics("amp", "forward runs in bfloat16"),),
    samples_per_iteration=32,
    windows=(window(0, 30 * MS), window(1, 31 * MS)),
    throughput=1049.1,
    step_time=StepTime(mean_ns=30 * MS + MS // 2, p05_ns=30 * MS, p95_ns=31 * MS, n=2),
    speedup=_FASTER,
    verdict=decide(_FASTER),
    peak_memory_bytes=2 * 2**30,
    peak_memory_of="host process",
    energy_per_sample_j=0.0421,
    breakdown=MeanBreakdown(
        step_ns=33 * MS,
        num_steps=4,
        by_category_ns={
            Category.DATA_LOADING: 4 * MS,
            Category.FORWARD: 8 * MS,
            Category.BACKWARD: 17 * MS,
            Category.OPTIMIZER: 4 * MS,
        },
        hidden_ns={},
        not_measured={},
        kernel_ns={},
    ),
    profiler_inflation=-0.004,
    trace="tensorboard/amp/kineto.json.gz",
)

PINNED = VariantRecord(
    name="pin_memory",
    factors=("pin_memory",),
    status="not_applicable",
    reason="no accelerator to copy to",
)

CRASHED = VariantRecord(
    name="evil|`*_<b>\nname",
    factors=("amp",),
    status="crashed",
    reason="RuntimeError: [bad](http://x) <script>alert(1)</script> | cell",
    left_out={"pin_memory": "no accelerator to copy to"},
)


@pytest.fixture
def run() -> Run:
    return Run(
        schema_version=SCHEMA_VERSION,
        run_id="20260102-030405-vit",
        created="2026-01-02T03:04:05+00:00",
        scenario_name="vit_amp",
        scenario=(),
        environment=Environment(
            device_type="cpu",
            device_name="A CPU of 2 GHz",
            num_devices=0,
            cpu_name="A CPU of 2 GHz",
            num_cores=2,
            memory_bytes=8 * 2**30,
            threads=2,
            operating_system="Linux 6.1",
            driver=None,
            packages={"python": "3.11.9", "torch": "2.15.0"},
        ),
        substitutions=(
            Substitution(
                "cifar10", "a generated stand-in", "timing holds, accuracy does not", Replaced.DATA
            ),
        ),
        overrides_in_effect=("dataset.batch_size: 128 -> 32",),
        telemetry_note="no NVML: the host alone was sampled",
        seed=0,
        variants=(BASELINE, AMP, PINNED, CRASHED),
        stop="time budget of 90 s",
        complete=True,
    )
