"""Random tensors made once: a loader that costs almost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from annt_prof.errors import UserError
from annt_prof.workload.datasets.bundle import DatasetBundle

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice

_DEFAULTS = {"num_samples": 1024, "num_classes": 10}


def make(choice: DatasetChoice) -> DatasetBundle:
    """Return float32 images, shape (3, size, size), without decoding.

    Raises:
        UserError: An argument other than ``num_samples`` and ``num_classes``, or below 1.
    """
    arguments = {**_DEFAULTS, **choice.arguments}
    wrong = [
        k for k, v in arguments.items() if k not in _DEFAULTS or not isinstance(v, int) or v < 1
    ]
    if wrong:
        raise UserError(
            f"synthetic takes num_samples and num_classes, whole numbers from 1; "
            f"{wrong[0]} = {arguments[wrong[0]]!r} is not",
            where="dataset.arguments",
        )
    samples, classes = arguments["num_samples"], arguments["num_classes"]
    generator = torch.Generator().manual_seed(0)
    shape = (samples, 3, choice.image_size, choice.image_size)
    images = torch.randn(shape, generator=generator)
    labels = torch.randint(0, classes, (samples,), generator=generator)
    return DatasetBundle(torch.utils.data.TensorDataset(images, labels), classes, real=False)
