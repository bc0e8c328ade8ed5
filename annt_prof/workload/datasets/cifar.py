"""CIFAR-10 and CIFAR-100, or a stand-in with their exact shapes where they are absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units
from annt_prof.machine.folders import data_folders
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.workload.datasets.bundle import DatasetBundle
from annt_prof.workload.datasets.cifar_files import CIFAR, SIDE, CifarArrays, find, read
from annt_prof.workload.datasets.images import ArrayImages
from annt_prof.workload.datasets.transforms import Statistics, image_transform, recipe_of

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.schema import DatasetChoice

# Mean and standard deviation over all training pixels, per channel, in 0 to 1. Source: computed
# from Krizhevsky's training sets; the values that the CIFAR literature uses.
_STATISTICS: dict[str, Statistics] = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
TRAIN_SAMPLES, TEST_SAMPLES = 50_000, 10_000


def make(choice: DatasetChoice, *, train: bool, data_dir: Path | None) -> DatasetBundle:
    """Read one split of CIFAR where it lies, or generate its stand-in.

    Raises:
        UserError: The files are there but damaged.
    """
    folders = data_folders(data_dir)
    place = next(filter(None, (find(choice.name, folder) for folder in folders)), None)
    samples = TRAIN_SAMPLES if train else TEST_SAMPLES
    if place is None:
        arrays, substitutions = _stand_in(choice.name, samples, folders)
    else:
        arrays = read(choice.name, place, train=train)
        substitutions = _if_incomplete(choice.name, place, len(arrays.labels), samples)
    transform = image_transform(
        choice, native_size=SIDE, statistics=_STATISTICS[choice.name], train=train
    )
    recipe = recipe_of(choice, native_size=SIDE, statistics=_STATISTICS[choice.name], train=train)
    return DatasetBundle(
        dataset=ArrayImages(arrays.pixels, arrays.labels, transform, recipe),
        num_classes=CIFAR[choice.name].num_classes,
        real=place is not None,
        substitutions=substitutions,
    )


def _stand_in(
    name: str, samples: int, folders: tuple[Path, ...]
) -> tuple[CifarArrays, tuple[Substitution, ...]]:
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (samples, SIDE, SIDE, 3), dtype=np.uint8)
    labels = generator.integers(0, CIFAR[name].num_classes, samples)
    substitution = Substitution(
        wanted=f"{name} (not in {' or '.join(map(str, folders))})",
        used="a generated stand-in of the same shapes, types, classes, size and decoding",
        consequence="timing only; accuracy is not reported; annt-prof fetch downloads the data set",
        replaced=Replaced.DATA,
        name=name,
    )
    return CifarArrays(pixels, labels), (substitution,)


def _if_incomplete(name: str, place: Path, num_images: int, whole: int) -> tuple[Substitution, ...]:
    if num_images == whole:
        return ()
    return (
        Substitution(
            wanted=f"{name} with {units.whole(whole)} images",
            used=f"the {units.whole(num_images)} images in {place}",
            consequence="step times hold, the length of an epoch and accuracy do not",
            replaced=Replaced.DATA,
            name=name,
        ),
    )
