"""Stored pixels to model inputs, a batch at a time, where the batch lies."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from annt_prof.errors import UserError
from annt_prof.workload.datasets.images import ArrayImages, StoredPixels

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup
    from annt_prof.workload.datasets.images import ImageRecipe

_PADDING = 4  # pixels; as in datasets.transforms, like the angles and shifts below
_DEGREES = 5.0
_SHIFT = 0.05
_SCALE = 0.05


class DeviceImages:
    """Does for batches what a recipe does for single images; every image draws its own numbers.

    torchvision's transforms draw once per batch, which would be another augmentation. Everything
    that comes from the host is copied to the device here, once: such a copy makes the host wait
    until the device has done all that was queued before it.

    Args:
        recipe: Of the data set.
        device: Where the batches will lie.
    """

    def __init__(self, recipe: ImageRecipe, device: torch.device) -> None:
        self._recipe = recipe
        self._mean = torch.tensor(recipe.mean, device=device).view(1, 3, 1, 1)
        self._deviation = torch.tensor(recipe.deviation, device=device).view(1, 3, 1, 1)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return normalised float32 images.

        Args:
            pixels: uint8, shape (batch, 3, native_size, native_size).
        """
        recipe = self._recipe
        images = pixels.float() / 255
        for name in recipe.augmentation:
            images = {"random_crop": _crop, "horizontal_flip": _flip, "random_affine": _affine}[
                name
            ](images)
        if recipe.image_size != recipe.native_size:
            images = functional.interpolate(
                images, size=recipe.image_size, mode=recipe.interpolation, antialias=True
            )
        return (images - self._mean) / self._deviation


def _crop(images: torch.Tensor) -> torch.Tensor:
    batch, _, height, width = images.shape
    padded = functional.pad(images, (_PADDING,) * 4, mode="reflect")
    offsets = torch.randint(0, 2 * _PADDING + 1, (2, batch, 1), device=images.device)
    rows = offsets[0] + torch.arange(height, device=images.device)
    columns = offsets[1] + torch.arange(width, device=images.device)
    which = torch.arange(batch, device=images.device).view(-1, 1, 1)
    return padded.permute(0, 2, 3, 1)[which, rows[:, :, None], columns[:, None, :]].permute(
        0, 3, 1, 2
    )


def _flip(images: torch.Tensor) -> torch.Tensor:
    chosen = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
    return torch.where(chosen, images.flip(-1), images)


def _affine(images: torch.Tensor) -> torch.Tensor:
    draws = torch.rand(4, len(images), device=images.device) * 2 - 1
    angle = draws[0] * math.radians(_DEGREES)
    scale = 1 / (1 + draws[1] * _SCALE)
    cosine, sine = torch.cos(angle) * scale, torch.sin(angle) * scale
    # A grid runs from -1 to 1 over the image, so a shift of its width is 2.
    rows = (
        torch.stack((cosine, -sine, draws[2] * 2 * _SHIFT), dim=1),
        torch.stack((sine, cosine, draws[3] * 2 * _SHIFT), dim=1),
    )
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="nearest", align_corners=False)


def move_to_device(setup: TrainingSetup) -> None:
    """Let the loader hand over stored pixels, and transform batches on the device.

    Raises:
        UserError: The data set is not one whose transform is known.
    """
    if not isinstance(setup.dataset, ArrayImages):
        raise UserError(
            "only cifar10, cifar100 and digits can be transformed on the device: of other data "
            "sets the transform is not known",
            where="dataset.name",
        )
    setup.batch_transform = DeviceImages(setup.dataset.recipe, setup.device)
    setup.dataset = StoredPixels(setup.dataset)
