"""What every technique owes its reader, and that its options do what they say."""

import dataclasses

import pytest
import torch

from annt_prof.categories import Category, KernelClass
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline
from annt_prof.techniques.setup import (
    Autocast,
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.techniques.shipped.amp import AmpOptions
from annt_prof.techniques.shipped.gradient_accumulation import GradientAccumulationOptions
from annt_prof.techniques.shipped.pin_memory import PinMemoryOptions
from annt_prof.techniques.shipped.set_to_none import SetToNoneOptions

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
OLD_CPU = Machine("cpu", "An old CPU", 0, 2, native_bfloat16=False)
GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True)
NEW_GPU = dataclasses.replace(GPU, tf32=True)

LACKING = {
    "cuda_graphs": "no CUDA device to capture graphs on",
    "cudnn_benchmark": "no accelerator with cuDNN",
    "dataset_on_device": "no accelerator to hold the samples",
    "device_prefetch": "no accelerator to copy to",
    "gpu_augmentation": "no accelerator to move the work to",
    "pin_memory": "no accelerator to copy to",
    "tf32": "no accelerator with TF32 tensor cores",
}
CLIPPED = {"optimizer.clipping.kind": "norm", "optimizer.clipping.limit": 1.0}

every_technique = pytest.mark.parametrize("name", registry.shipped())


def make_setup(model=None, device="cpu", **optimizer_arguments):
    return TrainingSetup(
        device=torch.device(device),
        model=model or torch.nn.Linear(2, 2),
        criterion=torch.nn.functional.cross_entropy,
        dataset=torch.utils.data.TensorDataset(torch.zeros(4, 2)),
        loader=LoaderArguments(batch_size=8),
        optimizer=OptimizerArguments("sgd", 0.1, arguments=optimizer_arguments),
        schedule=ScheduleArguments("constant"),
    )


def pitfalls_found(name, setup):
    return {p.name: found for p in registry.load(name).pitfalls if (found := p.check(setup))}


@every_technique
def test_its_docstring_has_three_parts(name):
    parts = registry.explanation(registry.load(name))
    assert tuple(parts) == registry.SECTIONS
    assert all(len(text) > 40 for text in parts.values())


@every_technique
def test_it_says_what_it_is_and_where_that_comes_from(name):
    technique = registry.load(name)
    assert technique.name == name
    for text in (technique.summary, technique.mathematics, technique.source):
        assert len(text) > 20
    assert "cannot save more than" in technique.signature.bound


@every_technique
def test_its_signature_names_each_mover_once(name):
    signature = registry.load(name).signature
    movers = [
        *signature.falls,
        *signature.may_fall,
        *signature.may_rise,
        *signature.stays_flat,
    ]
    assert signature.falls or signature.may_rise
    assert all(isinstance(mover, Category | KernelClass) for mover in movers)
    keys = [(type(mover), mover) for mover in movers]
    assert len(set(keys)) == len(keys)


@every_technique
def test_its_options_are_frozen_with_defaults_and_described(name):
    technique = registry.load(name)
    options = technique.options()
    for field in dataclasses.fields(options):
        assert len(field.metadata["description"]) > 10
        assert set(field.metadata) <= {"description", "ge", "gt", "le", "lt"}
    first = dataclasses.fields(options)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(options, first, None)


@every_technique
def test_its_pitfalls_each_have_a_reason_and_a_check_that_can_be_silent(name):
    technique = registry.load(name)
    assert technique.pitfalls
    for pitfall in technique.pitfalls:
        assert len(pitfall.why) > 40
        assert pitfall.check(make_setup()) is None


@every_technique
@pytest.mark.parametrize("machine", [CPU, OLD_CPU, GPU], ids=lambda m: m.device_name)
def test_it_answers_for_every_machine(name, machine):
    technique = registry.load(name)
    for answer in (technique.obstacle, technique.remark):
        text = answer(technique.options(), machine)
        assert text is None or text


DEFAULTS = {
    "dataset.workers": 0,
    "dataset.pin_memory": False,
    "dataset.non_blocking": False,
    "optimizer.set_to_none": True,
    "optimizer.clipping": None,
}


@every_technique
@pytest.mark.parametrize("device_type", ["cpu", "cuda"])
def test_only_what_torch_does_by_default_is_redundant_by_default(name, device_type):
    technique = registry.load(name)
    options = technique.options()
    baseline = Baseline.of(DEFAULTS, device_type)
    assert technique.redundant(options, baseline) is (name == "set_to_none")
    assert technique.redundant(options, Baseline(device_type)) is False


@pytest.mark.parametrize(
    ("name", "options", "changes", "redundant"),
    [
        ("set_to_none", {"drop": False}, {}, False),
        ("set_to_none", {"drop": False}, {"optimizer.set_to_none": False}, True),
        ("gradient_clipping", {}, CLIPPED, True),
        ("gradient_clipping", {"limit": 2.0}, CLIPPED, False),
        ("gradient_clipping", {"kind": "value"}, CLIPPED, False),
        ("dataloader_workers", {"workers": 4}, {"dataset.workers": 4}, False),
        ("dataloader_workers", {"workers": 4, "persistent": False}, {"dataset.workers": 4}, True),
        ("dataloader_workers", {"workers": 2, "persistent": False}, {"dataset.workers": 4}, False),
        ("pin_memory", {"pin": False, "non_blocking": False}, {}, True),
        ("fused_optimizer", {"implementation": "foreach"}, {}, True),
        ("fused_optimizer", {"implementation": "for_loop"}, {}, False),
        ("cuda_graphs", {"capture": False}, {}, True),
        ("channels_last", {"inputs": False}, {}, True),
        ("cudnn_benchmark", {"enabled": False}, {}, True),
        ("gpu_augmentation", {"move": False}, {}, True),
        ("tf32", {"allowed": False}, {}, False),  # convolutions have it by default
    ],
)
def test_what_the_baseline_does_already_is_redundant(name, options, changes, redundant):
    technique = registry.load(name)
    baseline = Baseline.of(DEFAULTS | changes, "cuda")
    assert technique.redundant(technique.options(**options), baseline) is redundant


@pytest.mark.parametrize(
    ("drop", "said"),
    [
        (True, "the baseline does so already, as torch by default"),
        (False, "the baseline does so already"),
    ],
)
def test_zeroing_as_the_baseline_does_is_said(drop, said):
    setup = make_setup()
    setup.set_to_none = drop
    SetToNoneOptions(drop=drop).apply(setup)
    assert setup.remarks == [said]
    setup = make_setup()
    setup.set_to_none = not drop
    SetToNoneOptions(drop=drop).apply(setup)
    assert setup.remarks == []


@every_technique
def test_what_acts_on_an_accelerator_only_says_what_a_cpu_lacks(name, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda compiler: f"/usr/bin/{compiler}")
    technique = registry.load(name)
    assert technique.obstacle(technique.options(), CPU) == LACKING.get(name)
    assert technique.obstacle(technique.options(), NEW_GPU) is None


@pytest.mark.parametrize(
    ("options", "device", "dtype", "scaling"),
    [
        (AmpOptions(), "cpu", torch.bfloat16, False),
        (AmpOptions(), "cuda", torch.float16, True),
        (AmpOptions(dtype="bfloat16"), "cuda", torch.bfloat16, False),
        (AmpOptions(dtype="float16", grad_scaler="off"), "cuda", torch.float16, False),
        (AmpOptions(dtype="bfloat16", grad_scaler="on"), "cpu", torch.bfloat16, True),
    ],
)
def test_amp_chooses_precision_and_scaling(options, device, dtype, scaling):
    setup = make_setup(device=device)
    options.apply(setup)
    assert setup.autocast == Autocast(dtype, covers_backward=False)
    assert setup.grad_scaling is scaling


def test_amp_says_when_bfloat16_is_emulated():
    remark = registry.load("amp").remark
    assert "emulated" in remark(AmpOptions(), OLD_CPU)
    assert "emulated" in remark(AmpOptions(dtype="float16"), CPU)
    assert remark(AmpOptions(), CPU) is None
    assert remark(AmpOptions(), GPU) is None


def test_amp_finds_its_pitfalls():
    setup = make_setup(device="cuda")
    AmpOptions(dtype="float16", grad_scaler="off", backward_in_autocast=True).apply(setup)
    assert set(pitfalls_found("amp", setup)) == {
        "autocast around backward",
        "float16 without a gradient scaler",
    }
    setup = make_setup(device="cuda")
    AmpOptions().apply(setup)
    assert set(pitfalls_found("amp", setup)) == {"a gradient scaler that synchronises"}
    setup = make_setup(device="cuda", fused=True)
    AmpOptions().apply(setup)
    assert pitfalls_found("amp", setup) == {}


def test_accumulation_finds_batch_norm():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2))
    setup = make_setup(model)
    assert pitfalls_found("gradient_accumulation", setup) == {}
    GradientAccumulationOptions(steps=4).apply(setup)
    found = pitfalls_found("gradient_accumulation", setup)
    assert found == {
        "batch-norm statistics under accumulation": "batch norm sees 8 samples at a time, not the "
        "effective 32"
    }
    setup = make_setup()
    GradientAccumulationOptions(steps=4).apply(setup)
    assert setup.accumulation == 4
    assert pitfalls_found("gradient_accumulation", setup) == {}


def test_clipping_under_scaling_and_accumulation_is_no_mistake():
    setup = make_setup(device="cuda")
    for name in ("amp", "gradient_accumulation", "gradient_clipping"):
        registry.load(name).options().apply(setup)
    assert setup.grad_scaling
    assert pitfalls_found("gradient_clipping", setup) == {}
    registry.load("fused_optimizer").options().apply(setup)
    assert set(pitfalls_found("gradient_clipping", setup)) == {
        "clipping before a fused optimizer that unscales"
    }


@pytest.mark.parametrize("mode", ["reduce-overhead", "max-autotune", "default"])
def test_modes_that_capture_cuda_graphs_are_told(mode):
    setup = make_setup(device="cuda")
    registry.load("compile").options(mode=mode).apply(setup)
    registry.load("cuda_graphs").options().apply(setup)
    assert bool(pitfalls_found("compile", setup)) is (mode != "default")


@pytest.mark.parametrize(
    ("options", "pitfall"),
    [
        (PinMemoryOptions(), False),
        (PinMemoryOptions(pin=False), True),
        (PinMemoryOptions(non_blocking=False), False),
    ],
)
def test_pinning_switches_both_halves(options, pitfall):
    setup = make_setup()
    options.apply(setup)
    assert (setup.loader.pin_memory, setup.non_blocking) == (options.pin, options.non_blocking)
    assert bool(pitfalls_found("pin_memory", setup)) is pitfall
