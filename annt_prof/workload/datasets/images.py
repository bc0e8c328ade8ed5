"""A data set of small images held as one array and decoded on the fly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


@dataclass(frozen=True)
class ImageRecipe:
    """How stored pixels become the model's input.

    Attributes:
        augmentation: In this order, each drawn anew for every image.
        native_size: Pixels per side as stored; crops happen at this size.
        image_size: Pixels per side of the input.
        interpolation: ``bilinear`` or ``bicubic``.
        mean, deviation: Per channel, of pixels in 0 to 1.
    """

    augmentation: tuple[str, ...]
    native_size: int
    image_size: int
    interpolation: str
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]


class ArrayImages(torch.utils.data.Dataset[Any]):
    """Images from memory, one PIL image at a time.

    Args:
        pixels: uint8, shape (samples, height, width, 3).
        labels: Class indices, shape (samples,).
        transform: From a PIL image to a tensor.
        recipe: The same in words, for whoever does it elsewhere.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        labels: np.ndarray,
        transform: Callable[[Any], Any],
        recipe: ImageRecipe,
    ) -> None:
        self.pixels = pixels
        self.labels = labels
        self.recipe = recipe
        self._transform = transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = Image.fromarray(self.pixels[index])
        return self._transform(image), int(self.labels[index])


class StoredPixels(torch.utils.data.Dataset[Any]):
    """The same images as they are stored: uint8, shape (3, height, width).

    Args:
        images: Whose pixels; their transform is left to whoever takes the batches.
    """

    def __init__(self, images: ArrayImages) -> None:
        self._pixels = torch.from_numpy(images.pixels).permute(0, 3, 1, 2)
        self._labels = images.labels

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        return self._pixels[index], int(self._labels[index])
