"""All samples in device memory.

What it does: the data set is decoded and copied to the device once; each batch is then an indexed
read of device memory, and nothing is loaded or copied during training.

When it helps: small data sets, such as CIFAR, and steps that wait for data.

When it does nothing: when loading and copies are hidden already. The data set must fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_an_accelerator

if TYPE_CHECKING:
    from annt_prof.techniques.evidence import Evidence, Prediction
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class DatasetOnDeviceOptions:
    """Where images are transformed."""

    transform_on_device: bool = field(
        default=True,
        metadata={"description": "Keep stored pixels and transform each batch on the device."},
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop read its batches from device memory."""
        setup.dataset_on_device = True
        setup.transform_on_device = setup.transform_on_device or self.transform_on_device


def _predict(_options: DatasetOnDeviceOptions, evidence: Evidence) -> Prediction | None:
    """Neither loading nor copying is left; the transform comes back as kernels."""
    return bounds.of_less_on_the_host(evidence)


def _frozen_augmentation(setup: TrainingSetup) -> str | None:
    if setup.dataset_on_device and not setup.transform_on_device:
        return "each sample was transformed once, so random augmentation is the same every epoch"
    return None


TECHNIQUE = Technique(
    name="dataset_on_device",
    summary="all samples in device memory: nothing is loaded or copied",
    options=DatasetOnDeviceOptions,
    obstacle=needs_an_accelerator("no accelerator to hold the samples"),
    predict=_predict,
    signature=Signature(
        falls=(Category.DATA_LOADING, Category.H2D_COPY),
        may_rise=(Category.FORWARD, Category.HOST_BOUND),
        stays_flat=(Category.BACKWARD, Category.OPTIMIZER),
        bound=f"it cannot save more than {bounds.HOST_EARLIER}",
    ),
    mathematics="without transform_on_device random augmentation is drawn once for all epochs",
    source="K. Jordan, 94% on CIFAR-10 in 3.29 Seconds on a Single GPU, 2024, section 3",
    pitfalls=(
        Pitfall.known(
            MistakeKey.AUGMENTATION_DRAWN_ONCE,
            why="A sample that is transformed before it is stored never changes again.",
            check=_frozen_augmentation,
        ),
    ),
)
