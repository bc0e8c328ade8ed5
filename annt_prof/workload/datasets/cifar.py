"""CIFAR-10 and CIFAR-100, or a stand-in with their exact shapes where they are absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.scenario.effective import Substitution
from annt_prof.workload.datasets.bundle import DatasetBundle, data_folder
from annt_prof.workload.datasets.cifar_files import CIFAR, CifarArrays, find, read
from annt_prof.workload.datasets.images import ArrayImages
from annt_prof.workload.datasets.transforms import Statistics, image_transform

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.schema import DatasetChoice

# Mean and standard deviation of the training pixels, per channel, computed over all images.
# Source: Krizhevsky's training sets; the values that the CIFAR literature uses.
_STATISTICS: dict[str, Statistics] = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
_TRAIN_SAMPLES, _TEST_SAMPLES, _SIZE = 50_000, 10_000, 32


@dataclass(frozen=True)
class _Split:
    arrays: CifarArrays
    substitutions: tuple[Substitution, ...]


def make(choice: DatasetChoice, *, train: bool, data_dir: Path | None) -> DatasetBundle:
    """Read one split of CIFAR where it lies, or generate its stand-in.

    Raises:
        UserError: The files are there but damaged.
    """
    split = _load(choice.name, data_folder(data_dir), train=train)
    transform = image_transform(
        choice, native_size=_SIZE, statistics=_STATISTICS[choice.name], train=train
    )
    return DatasetBundle(
        dataset=ArrayImages(split.arrays.pixels, split.arrays.labels, transform),
        num_classes=CIFAR[choice.name].num_classes,
        real=not split.substitutions,
        substitutions=split.substitutions,
    )


def _load(name: str, folder: Path, *, train: bool) -> _Split:
    found = find(name, folder)
    if found is not None:
        return _Split(read(name, found, train=train), ())
    stand_in = Substitution(
        wanted=f"{name} (not in {folder})",
        used="a generated stand-in of the same shapes, types, classes and decoding",
        consequence="step times hold, accuracy would mean nothing; annt-prof fetch downloads "
        "the data set",
    )
    samples = _TRAIN_SAMPLES if train else _TEST_SAMPLES
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (samples, _SIZE, _SIZE, 3), dtype=np.uint8)
    labels = generator.integers(0, CIFAR[name].num_classes, samples)
    return _Split(CifarArrays(pixels, labels), (stand_in,))
