"""The user's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from annt_prof.errors import UserError
from annt_prof.workload.factories import call_factory, find_factory
from annt_prof.workload.models.made import MadeModel

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Call ``module:factory`` with the scenario's arguments.

    ``num_classes``, ``image_size`` and ``pretrained`` are passed too where the factory takes them.

    Raises:
        UserError: It is missing, fails, or returns something else than a module.
    """
    if choice.stem == "cifar":
        raise UserError("stem: cifar is for torchvision's ResNets", where="model.stem")
    model = call_factory(
        find_factory(choice.name, "model.name"),
        f"model.name: {choice.name}",
        choice.arguments,
        num_classes=num_classes,
        image_size=image_size,
        pretrained=choice.pretrained,
    )
    if not isinstance(model, torch.nn.Module):
        raise UserError(
            f"{choice.name} returned a {type(model).__name__}, not a torch.nn.Module",
            where="model.name",
        )
    return MadeModel(model)
