"""The machine that advice is for, as far as a record or a trace's header tells."""

import types

import pytest
from msgspec.structs import replace

from annt_prof.explain.advice import machine_of_run, machine_of_trace
from annt_prof.machine.machine import Machine
from annt_prof.techniques.evidence import Evidence
from hand_made import CPU, GPU, run


def of_trace(device_type, names, compute_major):
    header = types.SimpleNamespace(device_names=names, compute_major=compute_major)
    return machine_of_trace(header, Evidence(device_type, 1000, {}))


def test_a_trace_of_two_devices_is_of_a_machine_like_the_first():
    found = of_trace("cuda", ("NVIDIA A100", "NVIDIA T4"), 8)
    assert found == Machine("cuda", "NVIDIA A100", 2, 1, native_bfloat16=True, tf32=True)


@pytest.mark.parametrize(
    ("name", "compute_major", "tf32"),
    [
        ("Tesla V100", 7, False),
        ("NVIDIA A100", 8, True),
        ("NVIDIA H100", 9, True),
        ("NVIDIA of some kind", None, True),
        ("AMD Instinct MI300X", 9, False),
        ("AMD Instinct MI300X", None, False),
    ],
)
def test_tf32_came_with_ampere(name, compute_major, tf32):
    assert of_trace("cuda", (name,), compute_major).tf32 is tf32


def test_a_header_that_names_no_device_leaves_one_if_a_device_worked():
    found = of_trace("cuda", (), None)
    assert found == Machine("cuda", "the device of the trace", 1, 1, True, tf32=True)
    assert of_trace("cpu", (), None).num_devices == 0
    assert of_trace("cpu", ("NVIDIA A100", "NVIDIA T4"), 8).num_devices == 0
    assert of_trace("cpu", (), None).device_type == "cpu"


def test_a_record_tells_its_machine():
    on_gpu = run(environment=replace(GPU, native_bfloat16=True, tf32=False))
    assert machine_of_run(on_gpu) == Machine(
        "cuda", "NVIDIA H100 80GB HBM3", 2, 26, native_bfloat16=True, tf32=False
    )
    on_cpu = run(environment=replace(CPU, native_bfloat16=False, tf32=True))
    assert machine_of_run(on_cpu) == Machine(
        "cpu", "AMD EPYC 7B13", 0, 2, native_bfloat16=False, tf32=True
    )
