"""What ``analyze`` says of traces that an H100 left: facts of what ran, not how long it took."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from annt_prof.cli import main

FOLDER = Path(__file__).parents[2] / "fixtures" / "traces"
NAMES = ("baseline", "amp", "pin_memory", "held_up")
SPIN_NS = 20_000_000
"""What the kernel of ``held_up`` was told to spin; by its device's clock, so within a percent."""


@pytest.fixture
def analysis(capsys):
    """Return a function from a trace's name to the JSON that ``analyze`` prints of it."""

    def analyse(name: str) -> dict[str, Any]:
        assert main(["analyze", str(FOLDER / f"h100_{name}.json.gz"), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return analyse


def kernels(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [row for row in found["kernels"]["rows"] if row["kernel_class"] == kind]


def zeros(found: dict[str, Any]) -> set[str]:
    return {key for key, ns in found["mean"]["breakdown_ns"].items() if ns == 0}


@pytest.mark.parametrize("name", NAMES)
def test_categories_sum_to_each_step_to_the_nanosecond(name, analysis):
    found = analysis(name)
    assert len(found["steps"]) == (4 if name == "held_up" else 2)
    for step in found["steps"]:
        assert sum(step["breakdown_ns"].values()) == step["wall_ns"]
        assert step["breakdown_ns"]["unattributed"] == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_critical_path_sums_to_each_step_to_the_nanosecond(name, analysis):
    for step in analysis(name)["critical_path"]["steps"]:
        assert sum(step["on_path_ns"].values()) == step["wall_ns"]


@pytest.mark.parametrize("name", NAMES)
def test_everything_was_recorded(name, analysis):
    found = analysis(name)
    assert found["device_names"] == ["NVIDIA H100 80GB HBM3"]
    assert found["not_measured"] == {}
    assert found["incomplete_steps"] == []
    assert found["queue"]["num_unknown"] == 0  # kernels whose launch is lost
    assert found["queue"]["num_kernels"] == found["kernels"]["count"]


@pytest.mark.parametrize(
    ("name", "memory"), [("baseline", "Pageable"), ("amp", "Pageable"), ("pin_memory", "Pinned")]
)
def test_copies_to_the_device_come_from_the_memory_that_the_variant_uses(name, memory, analysis):
    (row,) = (row for row in analysis(name)["copies"] if row["direction"] == "HtoD")
    assert row["host_memory"] == memory
    assert row["count"] == 4  # images and labels of two steps
    assert row["bytes"] == 2 * 32 * (3 * 32 * 32 * 4 + 8)


def test_only_pageable_copies_wait_for_the_device(analysis):
    for name, expected in (("baseline", True), ("pin_memory", False)):
        found = analysis(name)
        copying = [call for call in found["synchronisations"] if call["operator"] == "aten::to"]
        assert bool(copying) is expected
        assert any("not pinned" in pitfall for pitfall in found["pitfalls"]) is expected


def test_amp_runs_convolutions_and_products_in_float16_on_matrix_units(analysis):
    found = analysis("amp")
    told = [row["tensor_cores"] for row in kernels(found, "conv")]
    assert True in told
    assert False not in told
    precisions = found["mean"]["kernel_precision_ns"]
    assert set(precisions["conv"]) <= {"float16", "unknown"}
    assert set(precisions["gemm"]) == {"float16"}


def test_the_baseline_runs_convolutions_in_tf32_and_products_in_float32(analysis):
    """As torch allows of itself: TF32 in cuDNN, and not in cuBLAS."""
    found = analysis("baseline")
    assert any(row["tensor_cores"] for row in kernels(found, "conv"))
    assert not any(row["tensor_cores"] for row in kernels(found, "gemm"))
    precisions = found["mean"]["kernel_precision_ns"]
    assert precisions["conv"]["tf32"] > 0
    assert set(precisions["gemm"]) == {"float32"}


def test_the_gradient_scaler_is_a_category_of_its_own(analysis):
    scaled = {"grad_scaling", "other_copy"}  # it reads whether gradients overflowed
    assert zeros(analysis("baseline")) - zeros(analysis("amp")) == scaled
    assert kernels(analysis("amp"), "cast")
    assert not kernels(analysis("baseline"), "cast")


def test_the_scaler_of_an_optimizer_that_is_not_fused_waits_once_a_step(analysis):
    def reads(name: str) -> list[int]:
        calls = analysis(name)["synchronisations"]
        return [call["count"] for call in calls if call["operator"] == "aten::item"]

    assert reads("amp") == [2]
    assert reads("baseline") == []


def test_amp_holds_less_device_memory(analysis):
    amp, baseline = (analysis(name)["memory"][0] for name in ("amp", "baseline"))
    assert amp["device"] == baseline["device"] == "cuda:0"
    assert amp["peak_bytes"] < baseline["peak_bytes"]
    assert amp["peak_phase"] == baseline["peak_phase"] == "backward"


def test_four_spinning_kernels_are_found_as_forward(analysis):
    found = analysis("held_up")
    spin = found["kernels"]["rows"][0]
    assert "spin_kernel" in spin["name"]
    assert spin["phases"] == {"forward": 4}
    assert spin["mean_ns"] == pytest.approx(SPIN_NS, rel=0.01)
    forward_ns = sum(step["breakdown_ns"]["forward"] for step in found["steps"])
    assert forward_ns == pytest.approx(4 * SPIN_NS, rel=0.01)


def test_the_spins_set_the_length_of_the_steps(analysis):
    path = analysis("held_up")["critical_path"]
    steps = [step["on_path_ns"] for step in path["steps"]]
    share = sum(on["forward"] for on in steps) / sum(sum(on.values()) for on in steps)
    assert share > 0.9
    (first, *_) = path["activities"]
    assert "spin_kernel" in first["name"]
    assert first["category"] == "forward"


def test_a_step_that_ends_before_its_device_work_is_remarked_upon(analysis):
    """The host goes on to the next step while the first one's kernel spins."""
    behind, short = analysis("held_up")["remarks"]
    assert behind.startswith("the device is behind the host: 66.1 % of its time in the steps is")
    assert "before the recording" not in behind
    assert short.startswith("1 of 4 steps, ProfilerStep#2 the first, took less than half")
