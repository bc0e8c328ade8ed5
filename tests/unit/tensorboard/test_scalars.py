"""Which curves a variant gets."""

from __future__ import annotations

import msgspec
import pytest

from annt_prof.runs.record import Run
from annt_prof.telemetry.summary import TelemetrySummary
from annt_prof.tensorboard.events import Scalar
from annt_prof.tensorboard.scalars import scalars
from annt_prof.views.curves import build_curves


def points_by_tag(found: tuple[Scalar, ...]) -> dict[str, dict[int, float]]:
    result: dict[str, dict[int, float]] = {}
    for scalar in found:
        points = result.setdefault(scalar.tag, {})
        assert scalar.step not in points, "two points at one step"
        points[scalar.step] = scalar.value
    return result


def levels(found: tuple[Scalar, ...]) -> dict[str, float]:
    """The figures of the whole run: level lines from the first round to the last."""
    result = {}
    for tag, points in points_by_tag(found).items():
        if not tag.startswith("timed/"):
            assert list(points) == [0, 2]
            assert points[0] == points[2]
            result[tag] = points[0]
    return result


def test_step_time_and_throughput_have_a_point_per_round(run: Run) -> None:
    found = points_by_tag(scalars(build_curves(run, run.variants[0])))
    assert found["timed/step_time_ms"] == {0: 40, 1: 41, 2: 42}
    assert found["timed/throughput_samples_per_s"][0] == pytest.approx(32 / 0.040)


def test_rounds_lie_at_the_time_they_were_measured(run: Run) -> None:
    at = [
        s.wall_time_s
        for s in scalars(build_curves(run, run.variants[0]))
        if s.tag == "timed/step_time_ms"
    ]
    created_s = 1767323045  # 2026-01-02T03:04:05Z
    assert at == pytest.approx([created_s + 0.25, created_s + 0.75, created_s + 1.25])


def test_the_breakdown_sums_to_the_traced_step(run: Run) -> None:
    found = levels(scalars(build_curves(run, run.variants[0])))
    parts = [value for tag, value in found.items() if tag.startswith("breakdown_ms/")]
    assert sum(parts) == pytest.approx(found["traced/step_time_ms"])
    assert found["breakdown_ms/backward"] == 22
    assert found["hidden_ms/h2d_copy"] == 2
    assert found["kernels_ms/gemm"] == 7


def test_comparison_memory_and_energy(run: Run) -> None:
    found = levels(scalars(build_curves(run, run.variants[1])))
    assert found["speedup/ratio"] == 1.3312
    assert (found["speedup/low_95"], found["speedup/high_95"]) == (1.3244, 1.3381)
    assert found["memory/peak_mib"] == 2048
    assert found["energy/per_sample_j"] == 0.0421
    assert found["traced/profiler_inflation_percent"] == pytest.approx(-0.4)


def test_telemetry_holds_what_is_known_in_the_unit_of_its_name(run: Run) -> None:
    told = TelemetrySummary(
        gpu_utilisation_percent=0.0,
        gpu_memory_bytes=512 * 2**20,
        gpu_throttle_reasons=("sw_power_cap",),
        gpu_pcie_rx_bytes_per_s=3_000_000,
        num_samples=9,
    )
    variant = msgspec.structs.replace(run.variants[0], telemetry=told)
    found = levels(scalars(build_curves(run, variant)))
    assert {tag: value for tag, value in found.items() if tag.startswith("telemetry/")} == {
        "telemetry/gpu_utilisation_percent": 0,
        "telemetry/gpu_memory_mib": 512,
        "telemetry/gpu_pcie_rx_mb_per_s": 3,
    }


def test_a_variant_without_measurements_has_no_levels(run: Run) -> None:
    assert scalars(build_curves(run, run.variants[2])) == ()


def test_one_round_has_no_interval_to_show(run: Run) -> None:
    speedup = msgspec.structs.replace(run.variants[1].speedup, low=None, high=None)
    found = levels(
        scalars(build_curves(run, msgspec.structs.replace(run.variants[1], speedup=speedup)))
    )
    assert "speedup/ratio" in found
    assert "speedup/low_95" not in found


def test_a_single_round_still_makes_a_line(run: Run) -> None:
    first = msgspec.structs.replace(run.variants[0], windows=run.variants[0].windows[:1])
    found = points_by_tag(
        scalars(build_curves(msgspec.structs.replace(run, variants=(first,)), first))
    )
    assert list(found["speedup/ratio"]) == [0, 1]
    assert list(found["timed/step_time_ms"]) == [0]


def test_a_trace_without_windows_has_its_curves(run: Run) -> None:
    bare = msgspec.structs.replace(run.variants[0], windows=())
    found = points_by_tag(
        scalars(build_curves(msgspec.structs.replace(run, variants=(bare,)), bare))
    )
    assert found["breakdown_ms/backward"] == {0: 22, 1: 22}
