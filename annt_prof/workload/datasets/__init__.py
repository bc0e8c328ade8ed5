"""Data sets by name; each one's file is imported only when a scenario names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.workload.libraries import importing

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.schema import DatasetChoice
    from annt_prof.workload.datasets.bundle import DatasetBundle

__all__ = ["make_dataset"]


def make_dataset(choice: DatasetChoice, *, train: bool, data_dir: Path | None) -> DatasetBundle:
    """Build one split of a data set.

    Args:
        choice: Of the scenario.
        train: The training split, with augmentation; otherwise the test split, without.
        data_dir: Where data sets lie; None looks in ``$ANNT_PROF_DATA`` and the user's cache.

    Raises:
        UserError: Files are damaged, or a factory of the user's fails.
    """
    with importing("torchvision"):
        from annt_prof.workload.datasets import cifar, digits, synthetic, users_own
    match choice.name:
        case "cifar10" | "cifar100":
            return cifar.make(choice, train=train, data_dir=data_dir)
        case "digits":
            return digits.make(choice, train=train)
        case "synthetic":
            return synthetic.make(choice)
        case _:
            return users_own.make(choice, train=train)
