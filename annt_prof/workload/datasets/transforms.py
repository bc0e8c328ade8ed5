"""Decoding and augmentation, on the fly and per image, as users pay for it.

These are torchvision's first transforms, which most published training code uses. On PIL images
the second ones cost about a fifth more per image (measured: 273 against 228 microseconds with a
random crop and a flip at 32 pixels, 985 against 831 enlarged to 224), so that loading is not
overstated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torchvision import transforms
from torchvision.transforms import InterpolationMode

from annt_prof.workload.datasets.images import ImageRecipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.scenario.schema import DatasetChoice

Statistics = tuple[tuple[float, float, float], tuple[float, float, float]]


def image_transform(
    choice: DatasetChoice, *, native_size: int, statistics: Statistics, train: bool
) -> Callable[[Any], Any]:
    """Return the transform from a PIL image to a normalised tensor, shape (3, size, size).

    Args:
        choice: Image size, interpolation and augmentation.
        native_size: Pixels per side as stored; random crops happen at this size.
        statistics: Mean and standard deviation per channel, of pixels in 0 to 1.
        train: Whether to augment.

    Source: the crop is that of the CIFAR literature (He et al., Deep Residual Learning for Image
    Recognition, section 4.2), with reflected instead of black borders.
    """
    interpolation = InterpolationMode(choice.interpolation)
    augment = {
        "random_crop": transforms.RandomCrop(native_size, padding=4, padding_mode="reflect"),
        "horizontal_flip": transforms.RandomHorizontalFlip(),
        "random_affine": transforms.RandomAffine(
            degrees=5, translate=(0.05, 0.05), scale=(0.95, 1.05)
        ),
    }
    steps: list[Any] = [augment[name] for name in choice.augmentation] if train else []
    if choice.image_size != native_size:
        steps.append(transforms.Resize(choice.image_size, interpolation=interpolation))
    steps += [transforms.ToTensor(), transforms.Normalize(*statistics)]
    composed: Callable[[Any], Any] = transforms.Compose(steps)
    return composed


def recipe_of(
    choice: DatasetChoice, *, native_size: int, statistics: Statistics, train: bool
) -> ImageRecipe:
    """Return what ``image_transform`` does with the same arguments, in words."""
    return ImageRecipe(
        augmentation=choice.augmentation if train else (),
        native_size=native_size,
        image_size=choice.image_size,
        interpolation=choice.interpolation,
        mean=statistics[0],
        deviation=statistics[1],
    )
