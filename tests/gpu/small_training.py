"""A small training that every technique finds something to act on, for tests on a CUDA device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from annt_prof.loop.step import Loop, optimizer_step
from annt_prof.techniques import registry
from annt_prof.techniques.setup import (
    LoaderArguments,
    OptimizerArguments,
    ScheduleArguments,
    TrainingSetup,
)
from annt_prof.workload.datasets.images import ArrayImages, ImageRecipe

if TYPE_CHECKING:
    from collections.abc import Iterator

DEVICE = torch.device("cuda")
SIDE = 8  # pixels
WIDTH = 8  # channels; also of an attention head, whose fused kernels want a multiple of 8
SAMPLES = 24
STEPS = 3  # optimizer steps; an epoch at eight samples each

needs_a_device = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


class Block(torch.nn.Module):
    """A residual block with a convolution, a norm and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.mix = torch.nn.Conv2d(WIDTH, WIDTH, 3, padding=1)
        self.norm = torch.nn.GroupNorm(2, WIDTH)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        mixed = torch.relu(self.norm(self.mix(images)))
        tokens = mixed.flatten(2).transpose(1, 2).contiguous().unsqueeze(1)
        attended = torch.nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
        return images + attended.squeeze(1).transpose(1, 2).reshape(images.shape)


def _normalised(image: object) -> torch.Tensor:
    scaled = torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255
    return (scaled - 0.5) / 0.25


def images(augmentation: tuple[str, ...] = ()) -> ArrayImages:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (SAMPLES, SIDE, SIDE, 3), np.uint8)
    labels = generator.integers(0, 3, SAMPLES)
    recipe = ImageRecipe(augmentation, SIDE, SIDE, "bilinear", (0.5,) * 3, (0.25,) * 3)
    return ArrayImages(pixels, labels, _normalised, recipe)


def make_setup(
    *, batch_size: int = 8, pinned: bool = False, dropout: float = 0.0, **changes: object
) -> TrainingSetup:
    """The same weights, data and random numbers at every call.

    The order of samples follows the loop's seed.
    """
    torch.manual_seed(2)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(3, WIDTH, 1),
        torch.nn.Sequential(Block(), Block()),
        torch.nn.Flatten(),
        torch.nn.Dropout(dropout),
        torch.nn.Linear(WIDTH * SIDE * SIDE, 3),
    )
    setup = TrainingSetup(
        device=DEVICE,
        model=model.to(DEVICE),
        criterion=torch.nn.functional.cross_entropy,
        dataset=images(),
        loader=LoaderArguments(batch_size=batch_size, pin_memory=pinned),
        optimizer=OptimizerArguments("sgd", lr=0.01, arguments={"momentum": 0.9}),
        schedule=ScheduleArguments("constant"),
        non_blocking=pinned,
    )
    for name, value in changes.items():
        setattr(setup, name, value)
    return setup


def switch_on(setup: TrainingSetup, name: str, **options: object) -> TrainingSetup:
    registry.load(name).options(**options).apply(setup)
    return setup


def parameters(setup: TrainingSetup) -> torch.Tensor:
    return torch.cat([p.detach().flatten() for p in setup.model.parameters()])


def trained(setup: TrainingSetup) -> torch.Tensor:
    """What training moved the parameters by."""
    return moved_by(Loop(setup, seed=3))


def moved_by(loop: Loop) -> torch.Tensor:
    """What training moves the parameters by, in a loop that can go on afterwards."""
    before = parameters(loop.setup)
    for _ in range(STEPS):
        optimizer_step(loop)
    return parameters(loop.setup) - before


def gradients(setup: TrainingSetup) -> torch.Tensor:
    """What each update found as gradients, shape (updates, parameters)."""
    return gradients_in(Loop(setup, seed=3))


def gradients_in(loop: Loop) -> torch.Tensor:
    """What each update finds as gradients, in a loop that can go on afterwards."""
    found: list[torch.Tensor] = []

    def look(*_: object) -> None:
        found.append(torch.cat([p.grad.flatten() for p in loop.setup.model.parameters()]))

    hook = loop.optimizer.register_step_pre_hook(look)
    for _ in range(2 * STEPS):  # compiled passes are recorded at their second call
        optimizer_step(loop)
    hook.remove()
    return torch.stack(found)


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The norm of the difference over that of what is expected."""
    return float((found - expected).norm() / expected.norm())


@pytest.fixture
def exact() -> Iterator[None]:
    """float32 products with all their bits, and the process's switches put back."""
    precision = torch.get_float32_matmul_precision()
    cudnn = torch.backends.cudnn
    allowed, benchmark = cudnn.allow_tf32, cudnn.benchmark
    torch.set_float32_matmul_precision("highest")
    cudnn.allow_tf32 = False
    yield
    torch.set_float32_matmul_precision(precision)
    cudnn.allow_tf32, cudnn.benchmark = allowed, benchmark
    torch._dynamo.reset()
