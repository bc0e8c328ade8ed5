"""Each technique that runs on a CPU trains as the baseline does, or as its mathematics says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode

from annt_prof.errors import UserError
from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.machine.machine import Machine
from annt_prof.techniques import registry
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.assembly import make_batches
from annt_prof.workload.datasets.images import ArrayImages, ImageRecipe

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
GPU = Machine("cuda", "A GPU", 1, 16, native_bfloat16=True, tf32=True)
SIDE = 8


class Block(torch.nn.Module):
    """A residual block with attention, so that every technique finds something to act on."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.mix = torch.nn.Conv2d(width, width, 3, padding=1)
        self.norm = torch.nn.GroupNorm(2, width)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mixed = torch.relu(self.norm(self.mix(images)))
        tokens = mixed.flatten(2).transpose(1, 2).contiguous().unsqueeze(1)
        attended = torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return images + attended.squeeze(1).transpose(1, 2).reshape(images.shape)


def images(augmentation: tuple[str, ...] = ()) -> ArrayImages:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (24, SIDE, SIDE, 3), np.uint8)

    def transform(image: object) -> torch.Tensor:
        scaled = torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
        return (scaled - 0.5) / 0.25

    recipe = ImageRecipe(augmentation, SIDE, SIDE, "bilinear", (0.5,) * 3, (0.25,) * 3)
    return ArrayImages(pixels, generator.integers(0, 3, 24), transform, recipe)


def make_setup(**changes: object) -> TrainingSetup:
    torch.manual_seed(2)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 1),
        torch.nn.Sequential(Block(), Block()),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * SIDE * SIDE, 3),
    )
    setup = TrainingSetup(
        device=torch.device("cpu"),
        model=model,
        criterion=torch.nn.functional.cross_entropy,
        dataset=images(),
        loader=LoaderArguments(batch_size=4),
        optimizer=OptimizerArguments("sgd", lr=0.01, arguments={"momentum": 0.9}),
        schedule=ScheduleArguments("constant"),
    )
    for name, value in changes.items():
        setattr(setup, name, value)
    return setup


def trained(setup: TrainingSetup, steps: int = 4) -> torch.Tensor:
    loop = Loop(setup, seed=3)
    for _ in range(steps):
        optimizer_step(loop)
    return torch.cat([p.detach().flatten() for p in setup.model.parameters()])


def with_technique(name: str, **options: object) -> TrainingSetup:
    setup = make_setup()
    registry.load(name).options(**options).apply(setup)
    return setup


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("channels_last", {}),
        ("fused_optimizer", {"implementation": "fused"}),
        ("fused_optimizer", {"implementation": "foreach"}),
        ("fused_optimizer", {"implementation": "for_loop"}),
        ("dataloader_workers", {"workers": 2}),
        ("activation_checkpointing", {}),
        ("set_to_none", {}),
        ("set_to_none", {"drop": False}),
        ("sdpa", {"kernel": "math"}),
        ("sdpa", {"kernel": "flash"}),
        ("gradient_clipping", {"limit": 1e6}),
        ("compile", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_training_comes_to_the_same(name: str, options: dict[str, object]) -> None:
    if name == "compile" and registry.load(name).obstacle(registry.load(name).options(), CPU):
        pytest.skip("no C++ compiler")
    found = trained(with_technique(name, **options))
    assert (found - trained(make_setup())).abs().max() < 1e-4


@pytest.mark.parametrize("kernel", ["flash", "math"])
def test_recomputed_blocks_find_the_attention_kernel_they_had(kernel: str) -> None:
    both = with_technique("activation_checkpointing")
    registry.load("sdpa").options(kernel=kernel).apply(both)
    assert (trained(both) - trained(make_setup())).abs().max() < 1e-4


def test_clipping_limits_the_update() -> None:
    clipped = trained(with_technique("gradient_clipping", limit=1e-6), steps=1)
    started = torch.cat([p.detach().flatten() for p in make_setup().model.parameters()])
    assert (clipped - started).norm() <= 0.01 * 1e-6 * 1.01 + 1e-7


def test_what_was_declared_is_what_runs() -> None:
    setup = with_technique("channels_last")
    loop = Loop(setup, seed=3)
    convolution = setup.model[0]
    seen = []
    convolution.register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    optimizer_step(loop)
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert not seen[0].is_contiguous()

    setup = with_technique("set_to_none", drop=False)
    optimizer_step(Loop(setup, seed=3))
    assert all((p.grad == 0).all() for p in setup.model.parameters())

    setup = with_technique("fused_optimizer")
    assert Loop(setup, seed=3).optimizer.defaults["fused"] is True


def test_checkpointed_blocks_run_forward_twice() -> None:
    setup = with_technique("activation_checkpointing")
    calls = []
    setup.model[1][0].mix.register_forward_pre_hook(lambda *_: calls.append(1))
    optimizer_step(Loop(setup, seed=3))
    assert len(calls) == 2


def test_a_model_without_repetition_has_no_blocks() -> None:
    setup = make_setup(model=torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3)))
    setup.checkpointing = "same_random_numbers"
    with pytest.raises(UserError, match="no blocks"):
        Loop(setup, seed=3)


def test_batches_that_lie_on_the_device_are_the_data_set_once_an_epoch() -> None:
    setup = with_technique("dataset_on_device")
    batches = make_batches(setup, seed=5)
    assert len(batches) == 6
    seen = torch.cat([inputs for inputs, _ in batches])
    stored = torch.from_numpy(images().pixels).permute(0, 3, 1, 2)
    assert seen.dtype == torch.uint8
    assert sorted(map(str, seen.flatten(1).tolist())) == sorted(
        map(str, stored.flatten(1).tolist())
    )
    again = torch.cat([inputs for inputs, _ in batches])
    assert not torch.equal(seen, again)


def test_images_transformed_in_batches_come_out_as_one_by_one() -> None:
    one_by_one = make_setup()
    in_batches = with_technique("gpu_augmentation")
    made = make_batches(in_batches, seed=5)
    expected = make_batches(one_by_one, seed=5)
    for (stored, targets), (inputs, others) in zip(made, expected, strict=True):
        assert in_batches.batch_transform is not None
        assert torch.allclose(in_batches.batch_transform(stored), inputs, atol=1e-6)
        assert torch.equal(targets, others)


class FromTheHost(TorchFunctionMode):
    """Notes every tensor that is made of Python numbers; on a device each would be a copy."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __torch_function__(
        self, function: object, _types: object, arguments: tuple = (), keywords: object = None
    ) -> object:
        name = getattr(function, "__name__", "")
        if name in ("tensor", "as_tensor", "new_tensor", "scalar_tensor", "from_numpy"):
            self.made.append(name)
        return function(*arguments, **(keywords or {}))


@pytest.mark.parametrize("technique", ["gpu_augmentation", "dataset_on_device"])
def test_nothing_is_copied_from_the_host_to_transform_a_batch(technique: str) -> None:
    setup = with_technique(technique)
    setup.dataset = images(("random_crop", "horizontal_flip", "random_affine"))
    stored, _ = next(iter(make_batches(setup, seed=5)))
    assert setup.batch_transform is not None
    with FromTheHost() as host:
        setup.batch_transform(stored)
    assert not host.made


def test_other_data_sets_cannot_be_moved() -> None:
    setup = with_technique("gpu_augmentation")
    setup.dataset = torch.utils.data.TensorDataset(torch.zeros(24, 3), torch.zeros(24))
    with pytest.raises(UserError, match="cifar10, cifar100 and digits"):
        Loop(setup, seed=3)


@pytest.mark.parametrize("augmentation", ["random_crop", "horizontal_flip", "random_affine"])
def test_every_image_of_a_batch_draws_its_own_augmentation(augmentation: str) -> None:
    from annt_prof.workload.device_images import DeviceImages

    recipe = ImageRecipe((augmentation,), SIDE, SIDE, "bilinear", (0.0,) * 3, (1.0,) * 3)
    one = torch.from_numpy(images().pixels[:1]).permute(0, 3, 1, 2)
    torch.manual_seed(0)
    found = DeviceImages(recipe, one.device)(one.expand(64, -1, -1, -1))
    different = {tuple(image.flatten().tolist()) for image in found}
    assert len(different) == 2 if augmentation == "horizontal_flip" else len(different) > 20
    values = set((one / 255).flatten().tolist()) | {0.0}
    assert all(any(abs(v - w) < 1e-6 for w in values) for v in found[:2].flatten().tolist())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("tf32", "no accelerator"),
        ("cuda_graphs", "no CUDA device"),
        ("device_prefetch", "no accelerator"),
        ("gpu_augmentation", "no accelerator"),
        ("dataset_on_device", "no accelerator"),
        ("cudnn_benchmark", "no accelerator"),
    ],
)
def test_what_needs_a_device_says_so(name: str, reason: str) -> None:
    technique = registry.load(name)
    assert reason in technique.obstacle(technique.options(), CPU)
    assert technique.obstacle(technique.options(), GPU) is None


def test_a_device_without_tf32_is_named() -> None:
    old = Machine("cuda", "Tesla V100", 1, 8, native_bfloat16=False)
    technique = registry.load("tf32")
    assert technique.obstacle(technique.options(), old) == "Tesla V100 has no TF32 tensor cores"


def test_a_prefetch_that_finds_every_sample_on_the_device_is_said() -> None:
    def found(setup: TrainingSetup) -> list[str]:
        checks = (pitfall.check for pitfall in registry.load("device_prefetch").pitfalls)
        return [finding for check in checks if (finding := check(setup)) is not None]

    setup = make_setup()
    registry.load("device_prefetch").options().apply(setup)
    assert found(setup) == []
    setup.dataset_on_device = True
    (finding,) = found(setup)
    assert "on the device already" in finding
    setup.loader.pin_memory = False
    assert found(setup) == [finding]


@pytest.mark.parametrize(("found", "acts"), [((), False), (("gcc",), True), (("clang",), True)])
def test_compiling_for_a_device_needs_a_c_compiler(
    monkeypatch: pytest.MonkeyPatch, found: tuple[str, ...], acts: bool
) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr("shutil.which", lambda name: name if name in found else None)
    technique = registry.load("compile")
    obstacle = technique.obstacle(technique.options(), GPU)
    assert obstacle is None if acts else "no C compiler" in obstacle
    monkeypatch.setenv("CC", "cc")
    assert technique.obstacle(technique.options(), GPU) is None
