"""A data set of small images held as one array and decoded on the fly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


class ArrayImages(torch.utils.data.Dataset[Any]):
    """Images from memory, one PIL image at a time.

    Args:
        pixels: uint8, shape (samples, height, width, 3).
        labels: Class indices, shape (samples,).
        transform: From a PIL image to a tensor.
    """

    def __init__(
        self, pixels: np.ndarray, labels: np.ndarray, transform: Callable[[Any], Any]
    ) -> None:
        self._pixels = pixels
        self._labels = labels
        self._transform = transform

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = Image.fromarray(self._pixels[index])
        return self._transform(image), int(self._labels[index])
