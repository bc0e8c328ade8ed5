"""The handwritten digits that scikit-learn bundles: real images with no download."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from annt_prof.workload.datasets.bundle import DatasetBundle
from annt_prof.workload.datasets.images import ArrayImages
from annt_prof.workload.datasets.transforms import Statistics, image_transform, recipe_of

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice

_HIGHEST = 16  # pixels are 0 to 16; source: UCI optical recognition of handwritten digits
_TEST_SHARE = 0.2
# Mean and standard deviation over the 1,797 images, of pixels scaled to 0 to 1.
_STATISTICS: Statistics = ((0.3053, 0.3053, 0.3053), (0.3760, 0.3760, 0.3760))


def make(choice: DatasetChoice, *, train: bool) -> DatasetBundle:
    """Return one split of the 1,797 grey 8x8 images, as three equal channels.

    The split is stratified by class and always the same: 1,437 training images, 360 test images.
    """
    digits = load_digits()
    grey = np.round(digits.images * (255 / _HIGHEST)).astype(np.uint8)
    pixels = np.repeat(grey[..., None], 3, axis=3)
    train_set, test_set = train_test_split(
        np.arange(len(grey)), test_size=_TEST_SHARE, stratify=digits.target, random_state=0
    )
    rows = train_set if train else test_set
    transform = image_transform(choice, native_size=8, statistics=_STATISTICS, train=train)
    recipe = recipe_of(choice, native_size=8, statistics=_STATISTICS, train=train)
    images = ArrayImages(pixels[rows], digits.target[rows], transform, recipe)
    return DatasetBundle(images, num_classes=10, real=True)
