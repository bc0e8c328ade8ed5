"""The user's own data set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.workload.datasets.bundle import DatasetBundle
from annt_prof.workload.factories import call_factory, find_factory

if TYPE_CHECKING:
    from annt_prof.scenario.schema import DatasetChoice

_DEFAULT_CLASSES = 10


def make(choice: DatasetChoice, *, train: bool) -> DatasetBundle:
    """Call ``module:factory`` with the scenario's arguments.

    ``train`` and ``image_size`` are passed too where the factory takes them. The number of
    classes is the data set's ``num_classes``, the length of its ``classes``, or the scenario's
    ``dataset.arguments.num_classes``, in this order, else 10.

    Raises:
        UserError: It is missing, fails, or returns something that has no items.
    """
    dataset = call_factory(
        find_factory(choice.name, "dataset.name"),
        f"dataset.name: {choice.name}",
        choice.arguments,
        train=train,
        image_size=choice.image_size,
    )
    if not hasattr(dataset, "__getitem__"):
        raise UserError(
            f"{choice.name} returned a {type(dataset).__name__}, which has no items",
            where="dataset.name",
        )
    classes = getattr(dataset, "classes", ())
    declared = choice.arguments.get("num_classes", len(classes) or _DEFAULT_CLASSES)
    return DatasetBundle(dataset, getattr(dataset, "num_classes", declared), real=True)
