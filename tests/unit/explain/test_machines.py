"""The machine that advice is for, as far as a record or a trace's header tells."""

import json

import pytest
from msgspec.structs import replace

from annt_prof.explain.advice import machine_of_run, machine_of_trace
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Evidence
from annt_prof.trace.reading import read
from hand_made import CPU, GPU, run

LAUNCH = {"cat": "cuda_runtime", "pid": 1, "tid": 1, "ph": "X", "ts": 0, "dur": 5}


@pytest.fixture
def of_trace(tmp_path):
    """Return what makes the machine of a trace's header, and of the calls that its host made."""

    def machine(device_type, names, compute_major, *calls):
        capability = {} if compute_major is None else {"computeMajor": compute_major}
        devices = [{"id": place, "name": name, **capability} for place, name in enumerate(names)]
        events = [{"name": "step", **LAUNCH, "cat": "user_annotation"}]
        events += [{"name": call, **LAUNCH} for call in calls]
        path = tmp_path / "trace.json"
        path.write_text(json.dumps({"deviceProperties": devices, "traceEvents": events}))
        return machine_of_trace(read(path), Evidence(device_type, 1000, {}))

    return machine


def test_a_trace_of_two_devices_is_of_a_machine_like_the_first(of_trace):
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
def test_tf32_came_with_ampere(name, compute_major, tf32, of_trace):
    assert of_trace("cuda", (name,), compute_major).tf32 is tf32


def test_a_header_that_names_no_device_leaves_one_if_a_device_worked(of_trace):
    found = of_trace("cuda", (), None)
    assert found == Machine("cuda", "the device of the trace", 1, 1, True, tf32=True)
    assert of_trace("cpu", (), None).num_devices == 0
    assert of_trace("cpu", ("NVIDIA A100", "NVIDIA T4"), 8).num_devices == 0
    assert of_trace("cpu", (), None).device_type == "cpu"


@pytest.mark.parametrize(
    ("name", "calls", "device_type"),
    [
        ("NVIDIA H100 80GB HBM3", (), "cuda"),
        ("Tesla V100-SXM2-32GB", (), "cuda"),
        ("AMD Radeon Graphics", ("hipLaunchKernel",), "cuda"),
        ("gfx90a:sramecc+:xnack-", (), "cuda"),
        ("Intel(R) Data Center GPU Max 1550", ("urEnqueueKernelLaunch",), "xpu"),
        ("MTIA", ("runFunction - job_prep",), "mtia"),
        ("an unknown accelerator", ("cudaLaunchKernel",), "cuda"),
        ("an unknown accelerator", ("cuLaunchKernel",), "cuda"),
        ("an unknown accelerator", ("hipModuleLaunchKernel",), "cuda"),
        ("an unknown accelerator", ("topsLaunchKernel", "custom"), "other"),
        ("an unknown accelerator", (), "other"),
    ],
)
def test_a_device_is_of_its_makers_type(name, calls, device_type, of_trace):
    assert of_trace("cuda", (name,), None, *calls).device_type == device_type


def test_a_device_of_which_only_calls_tell_has_tf32_if_it_may_be_nvidias(of_trace):
    assert of_trace("cuda", (), None, "cudaLaunchKernel").tf32
    assert not of_trace("cuda", (), None, "hipLaunchKernel").tf32
    assert of_trace("cuda", (), None, "topsLaunchKernel").device_type == "other"


@pytest.mark.parametrize("device", ["Intel(R) Data Center GPU Max 1550", "MTIA", "Gaudi"])
def test_what_torch_has_for_cuda_alone_is_not_for_other_accelerators(device, of_trace):
    machine = of_trace("cuda", (device,), None, "launch")
    for name in ("cuda_graphs", "tf32", "cudnn_benchmark"):
        technique = registry.load(name)
        assert technique.obstacle(technique.options(), machine)
    for name in ("amp", "pin_memory", "device_prefetch", "dataset_on_device"):
        technique = registry.load(name)
        assert technique.obstacle(technique.options(), machine) is None


def test_a_record_tells_its_machine():
    on_gpu = run(environment=replace(GPU, native_bfloat16=True, tf32=False))
    assert machine_of_run(on_gpu) == Machine(
        "cuda", "NVIDIA H100 80GB HBM3", 2, 26, native_bfloat16=True, tf32=False
    )
    on_cpu = run(environment=replace(CPU, native_bfloat16=False, tf32=True))
    assert machine_of_run(on_cpu) == Machine(
        "cpu", "AMD EPYC 7B13", 0, 2, native_bfloat16=False, tf32=True
    )
