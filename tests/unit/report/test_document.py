import json

import msgspec
import pytest

from annt_prof.report.json.run import document
from annt_prof.runs.record import Run
from annt_prof.views.run_view import build_run_view
from hand_made import cpu_run, gpu_run

TOP = [
    "schema_version",
    "run_id",
    "created",
    "complete",
    "stop",
    "seed",
    "scenario",
    "environment",
    "substitutions",
    "overrides_in_effect",
    "telemetry_note",
    "remarks",
    "variants",
]
VARIANT = [
    "name",
    "techniques",
    "factors",
    "left_out",
    "status",
    "reason",
    "log",
    "remarks",
    "mistakes",
    "mathematics",
    "samples_per_iteration",
    "iterations_per_optimizer_step",
    "windows",
    "throughput",
    "step_time_ns",
    "waited_per_iteration_ns",
    "epochs",
    "speedup",
    "verdict",
    "peak_memory_bytes",
    "peak_memory_of",
    "energy_per_sample_j",
    "telemetry",
    "breakdown_ns",
    "breakdown_step_ns",
    "breakdown_steps",
    "hidden_ns",
    "not_measured",
    "kernel_ns",
    "profiler_inflation",
    "traced_beside_timed",
    "profiler_cost_at_most_ns",
    "first_step_s",
    "numerics",
    "trace",
]


@pytest.mark.parametrize("record", [cpu_run(), gpu_run()])
def test_the_keys_stay(record: Run) -> None:
    answer = json.loads(document(build_run_view(record)))
    assert list(answer) == TOP
    assert list(answer["scenario"]) == ["name", "values"]
    for variant in answer["variants"]:
        assert list(variant) == VARIANT
        if variant["status"] == "measured":
            assert list(variant["step_time_ns"]) == ["mean", "p05", "p95", "n", "epoch_start"]
            assert list(variant["speedup"]) == ["ratio", "low", "high", "rounds", "launches"]
    assert answer["schema_version"] == 3


@pytest.mark.parametrize("record", [cpu_run(), gpu_run()])
def test_a_breakdown_sums_to_its_step(record: Run) -> None:
    traced = [
        v for v in json.loads(document(build_run_view(record)))["variants"] if v["breakdown_ns"]
    ]
    assert traced
    for variant in traced:
        assert sum(variant["breakdown_ns"].values()) == variant["breakdown_step_ns"]
        assert not variant["breakdown_ns"].keys() & variant["not_measured"].keys()


def test_what_is_not_known_is_null() -> None:
    absent = json.loads(document(build_run_view(cpu_run())))["variants"][3]
    assert (absent["status"], absent["reason"]) == ("not_applicable", "no accelerator to copy to")
    for key in ("throughput", "step_time_ns", "speedup", "peak_memory_bytes", "breakdown_ns"):
        assert absent[key] is None


def test_substitutions_and_overrides_are_told() -> None:
    answer = json.loads(document(build_run_view(cpu_run())))
    assert answer["substitutions"][0]["wanted"] == "cifar10"
    assert answer["overrides_in_effect"] == [
        "no accelerator: dataset.batch_size is 8 instead of 70"
    ]
    assert answer["scenario"]["values"][0]["origin"] == "vit_amp.yaml:2:1"


def test_it_is_strict_json_whatever_the_figures() -> None:
    run = gpu_run()
    odd = msgspec.structs.replace(run.variants[0], throughput=float("nan"))
    encoded = document(build_run_view(msgspec.structs.replace(run, variants=(odd,))))
    assert json.loads(encoded)["variants"][0]["throughput"] is None
    assert encoded.endswith(b"}\n")
