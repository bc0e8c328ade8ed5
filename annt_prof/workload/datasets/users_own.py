"""The user's own data set."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING, Any

import torch

from annt_prof.errors import UserError
from annt_prof.workload.datasets.bundle import DatasetBundle
from annt_prof.workload.factories import call_factory, find_factory

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice


def make(choice: DatasetChoice, *, train: bool) -> DatasetBundle:
    """Call ``module:factory`` with the scenario's arguments.

    ``train`` and ``image_size`` are passed too where the factory takes them.

    Raises:
        UserError: It is missing, fails, returns something that has no items of (input, target),
            or does not tell its number of classes.
    """
    place = f"dataset.name: {choice.name}"
    dataset = call_factory(
        find_factory(choice.name, "dataset.name"),
        place,
        choice.arguments,
        train=train,
        image_size=choice.image_size,
    )
    _check(dataset, place)
    return DatasetBundle(dataset, _num_classes(dataset, choice.arguments, place), real=True)


def _check(dataset: Any, place: str) -> None:
    kind = type(dataset).__name__
    if isinstance(dataset, torch.utils.data.IterableDataset):
        raise UserError(
            f"it returned a {kind}, whose samples cannot be shuffled",
            where=place,
            hint="a dataset here has __len__ and __getitem__",
        )
    if not (hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__")):
        raise UserError(
            f"it returned a {kind}, which is no dataset",
            where=place,
            hint="a dataset has __len__ and __getitem__",
        )
    if len(dataset) == 0:
        raise UserError("it returned a dataset without samples", where=place)
    try:
        item = dataset[0]
    except Exception as error:
        raise UserError(
            f"its first item failed: {type(error).__name__}: {error}", where=place
        ) from error
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise UserError(
            f"its first item is a {type(item).__name__}, not a pair of input and target",
            where=place,
        )


def _num_classes(dataset: Any, arguments: dict[str, Any], place: str) -> int:
    """Ask for ``num_classes``, then count ``classes``, then look at the targets themselves."""
    stated = getattr(dataset, "num_classes", arguments.get("num_classes"))
    if stated is None and (classes := getattr(dataset, "classes", None)) is not None:
        stated = len(classes) if isinstance(classes, Sized) else classes
    if stated is None:
        stated = _highest_target(dataset)
    if isinstance(stated, bool) or not isinstance(stated, int) or stated < 1:
        raise UserError(
            f"its num_classes is {stated!r}" if stated is not None
            else "it does not tell how many classes it has",
            where=place,
            hint="give the dataset an attribute num_classes: a whole number of at least 1",
        )  # fmt: skip
    return stated


def _highest_target(dataset: Any) -> int | None:
    """Return the number of classes that targets held as one array show, or None."""
    targets = getattr(dataset, "targets", None)
    if isinstance(dataset, torch.utils.data.TensorDataset):
        targets = dataset.tensors[-1]
    try:
        column = torch.as_tensor(targets)
    except (TypeError, ValueError, RuntimeError):
        return None
    if column.ndim != 1 or column.is_floating_point() or not len(column):
        return None
    return int(column.max()) + 1
