"""Data sets by name; each one's file is imported only when a scenario names it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.errors import UserError
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
        data_dir: Where data sets lie; ``$ANNT_PROF_DATA`` and the user's cache come after it.

    Raises:
        UserError: Files are damaged, an argument has no meaning here, or a factory of the user's
            fails.
    """
    match choice.name:
        case "cifar10" | "cifar100":
            _takes_no_arguments(choice)
            with importing("torchvision"):
                from annt_prof.workload.datasets import cifar
            return cifar.make(choice, train=train, data_dir=data_dir)
        case "digits":
            _takes_no_arguments(choice)
            with importing("torchvision"):
                from annt_prof.workload.datasets import digits
            return digits.make(choice, train=train)
        case "synthetic":
            from annt_prof.workload.datasets import synthetic

            return synthetic.make(choice)
        case _:
            from annt_prof.workload.datasets import users_own

            return users_own.make(choice, train=train)


def _takes_no_arguments(choice: DatasetChoice) -> None:
    if choice.arguments:
        raise UserError(
            f"{choice.name} takes no arguments, found: {', '.join(choice.arguments)}",
            where="dataset.arguments",
        )
