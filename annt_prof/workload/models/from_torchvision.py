"""Classification models of torchvision."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torchvision

from annt_prof.errors import UserError, suggestion
from annt_prof.workload.models.head import replace_classifier
from annt_prof.workload.models.made import MadeModel, random_weights, refused

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a torchvision classifier.

    Raises:
        UserError: Unknown name, refused argument, damaged weights, or a stem it cannot have.
    """
    names = torchvision.models.list_models(module=torchvision.models)
    if choice.name not in names:
        raise UserError(
            f'torchvision has no classification model "{choice.name}"; '
            f"{suggestion(choice.name, names)}",
            where="model.name",
        )
    if choice.pretrained:
        made = _pretrained(choice, num_classes)
    else:
        made = MadeModel(_build(choice, num_classes=num_classes, **_size(choice, image_size)))
    if choice.stem == "cifar":
        _shrink_stem(made.model, choice)
    return made


def _build(choice: ModelChoice, **arguments: Any) -> torch.nn.Module:
    try:
        model: torch.nn.Module = torchvision.models.get_model(
            choice.name, weights=None, **{**arguments, **choice.arguments}
        )
    except (TypeError, ValueError) as error:
        raise refused(choice, error) from error
    return model


def _size(choice: ModelChoice, image_size: int) -> dict[str, int]:
    """Vision transformers are built for one image size; the others take any."""
    builder = torchvision.models.get_model_builder(choice.name)
    takes_size = "VisionTransformer" in str(inspect.signature(builder).return_annotation)
    return {"image_size": image_size} if takes_size else {}


def _pretrained(choice: ModelChoice, num_classes: int) -> MadeModel:
    weights = torchvision.models.get_model_weights(choice.name).DEFAULT
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    file = folder / weights.url.rpartition("/")[2]
    if not file.exists():
        model = _build(choice, num_classes=num_classes)
        return MadeModel(model, (random_weights(choice, str(folder)),))
    model = _build(choice, num_classes=len(weights.meta["categories"]))
    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
        model.load_state_dict(state)
    except Exception as error:
        raise UserError(
            f"the cached weights cannot be read: {error}",
            where=str(file),
            hint="delete the file and run annt-prof fetch",
        ) from error
    replace_classifier(model, num_classes)
    return MadeModel(model)


def _shrink_stem(model: torch.nn.Module, choice: ModelChoice) -> None:
    """Keep 32x32 images at full size into the first stage.

    Source: He et al., Deep Residual Learning for Image Recognition, section 4.2; with ResNet50
    this is 1.298 GMAC an image.
    """
    if not isinstance(model, torchvision.models.ResNet):
        raise UserError(
            f"stem: cifar is for ResNets, and {choice.name} is none", where="model.stem"
        )
    model.conv1 = torch.nn.Conv2d(3, 64, kernel_size=3, stride=1, padding=1, bias=False)
    torch.nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    model.maxpool = torch.nn.Identity()
