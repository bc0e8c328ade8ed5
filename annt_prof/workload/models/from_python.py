"""The user's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from annt_prof.errors import UserError
from annt_prof.workload.factories import call_factory, find_factory
from annt_prof.workload.models.made import MadeModel, check_stem

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Call ``module:factory`` with the scenario's arguments.

    ``num_classes`` and ``image_size`` are passed too where the factory takes them.

    Raises:
        UserError: It is missing, fails, or returns something else than a module.
    """
    check_stem(choice)
    model = call_factory(
        find_factory(choice.name, "model.name"),
        f"model.name: {choice.name}",
        choice.arguments,
        num_classes=num_classes,
        image_size=image_size,
    )
    if not isinstance(model, torch.nn.Module):
        raise UserError(
            f"{choice.name} returned a {type(model).__name__}, not a torch.nn.Module",
            where="model.name",
        )
    return MadeModel(model)
