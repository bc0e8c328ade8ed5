"""Random tensors made once: a loader that costs almost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from annt_prof.errors import UserError, suggestion
from annt_prof.workload.datasets.bundle import DatasetBundle

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice

_DEFAULTS = {"num_samples": 1024, "num_classes": 10}


def make(choice: DatasetChoice) -> DatasetBundle:
    """Return float32 images, shape (3, size, size), without decoding or augmentation.

    Raises:
        UserError: An argument other than ``num_samples`` and ``num_classes``, one below 1, or an
            augmentation.
    """
    if choice.augmentation:
        raise UserError(
            "synthetic makes tensors, not images to augment", where="dataset.augmentation"
        )
    arguments = {**_DEFAULTS, **choice.arguments}
    for name, value in arguments.items():
        _check(name, value)
    samples, classes = arguments["num_samples"], arguments["num_classes"]
    generator = torch.Generator().manual_seed(0)
    shape = (samples, 3, choice.image_size, choice.image_size)
    images = torch.randn(shape, generator=generator)
    labels = torch.randint(0, classes, (samples,), generator=generator)
    return DatasetBundle(torch.utils.data.TensorDataset(images, labels), classes, real=False)


def _check(name: str, value: object) -> None:
    where = f"dataset.arguments.{name}"
    if name not in _DEFAULTS:
        raise UserError(f"unknown argument; {suggestion(name, _DEFAULTS)}", where=where)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise UserError(f"found {value!r}; allowed: a whole number of at least 1", where=where)
