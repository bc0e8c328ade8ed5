"""Augmentation, resizing and normalisation on the device.

What it does: the loader hands over images as they are stored, and what it did to each of them in
turn is done to the whole batch on the device, with random numbers of its own for every image.

When it helps: when the step waits for the loader to decode and augment.

When it does nothing: when loading is hidden already, or when the device is the bottleneck; then it
costs time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import bounds
from annt_prof.techniques.technique import Pitfall, Signature, Technique, needs_an_accelerator

if TYPE_CHECKING:
    from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
    from annt_prof.techniques.setup import TrainingSetup


@dataclass(frozen=True)
class GpuAugmentationOptions:
    """Whether to move the work."""

    move: bool = field(
        default=True, metadata={"description": "Transform images on the device, not in the loader."}
    )

    def apply(self, setup: TrainingSetup) -> None:
        """Let the loop replace the data set's transform by one of batches."""
        setup.transform_on_device = self.move


def _redundant(options: GpuAugmentationOptions, _baseline: Baseline) -> bool:
    """The baseline transforms images in its loader."""
    return not options.move


def _predict(_options: GpuAugmentationOptions, evidence: Evidence) -> Prediction | None:
    """The host loads less and batches may be smaller; the work comes back as kernels."""
    return bounds.of_less_on_the_host(evidence)


def _loader_has_nothing_left(setup: TrainingSetup) -> str | None:
    loads = not setup.dataset_on_device
    if loads and setup.transform_on_device and setup.loader.num_workers > 4:
        return f"{setup.loader.num_workers} loader processes are left with little to do"
    return None


TECHNIQUE = Technique(
    name="gpu_augmentation",
    summary="images augmented, resized and normalised in batches on the device",
    options=GpuAugmentationOptions,
    obstacle=needs_an_accelerator("no accelerator to move the work to"),
    predict=_predict,
    redundant=_redundant,
    signature=Signature(
        falls=(Category.DATA_LOADING, Category.H2D_COPY),
        may_rise=(Category.FORWARD, Category.HOST_BOUND),
        stays_flat=(Category.BACKWARD, Category.OPTIMIZER),
        bound=f"it cannot save more than {bounds.HOST_EARLIER}",
    ),
    mathematics="resizing and interpolation round a little differently; the distribution of "
    "augmentations is the same",
    source="NVIDIA DALI documentation, on moving preprocessing to the GPU; torch.nn.functional",
    pitfalls=(
        Pitfall.known(
            MistakeKey.LOADER_PROCESSES_WITH_LITTLE_WORK,
            why="Without decoding, processes cost more than they bring.",
            check=_loader_has_nothing_left,
        ),
    ),
)
