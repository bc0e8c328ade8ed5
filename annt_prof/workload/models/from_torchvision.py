"""Classification models of torchvision."""

from __future__ import annotations

import inspect
import pickle
from typing import TYPE_CHECKING, Any

import torch
import torchvision

from annt_prof.errors import UserError, suggestion
from annt_prof.workload.models.head import replace_classifier
from annt_prof.workload.models.made import MadeModel, random_weights, refused, without_weights
from annt_prof.workload.weights import CheckpointFile, unreadable

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice

_LOADING_ERRORS = (RuntimeError, OSError, EOFError, pickle.UnpicklingError, KeyError, TypeError)


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a torchvision classifier.

    Raises:
        UserError: Unknown name, refused argument, damaged weights, or a stem it cannot have.
    """
    _check_name(choice)
    file = files(choice)[0] if choice.pretrained else None
    if file is not None and file.cached():
        made = MadeModel(_pretrained(choice, file, num_classes, image_size))
    else:
        size = _size(choice, image_size)
        missing = (random_weights(choice, file.folder),) if file else ()
        made = MadeModel(_build(choice, num_classes=num_classes, **size), missing)
    _drop_auxiliary_classifiers(made.model)
    if choice.stem == "cifar":
        _shrink_stem(made.model, choice)
    return made


def files(choice: ModelChoice) -> tuple[CheckpointFile, ...]:
    """Return the file that holds the default pretrained weights; none where not asked for.

    Raises:
        UserError: Unknown name, or torchvision publishes no weights of it.
    """
    _check_name(choice)
    return (CheckpointFile(_weights(choice).url),) if choice.pretrained else ()


def _check_name(choice: ModelChoice) -> None:
    names = torchvision.models.list_models(module=torchvision.models)
    if choice.name not in names:
        raise UserError(
            f'torchvision has no classification model "{choice.name}"; '
            f"{suggestion(choice.name, names)}",
            where="model.name",
        )


def _weights(choice: ModelChoice) -> Any:
    published = list(torchvision.models.get_model_weights(choice.name))
    if not published:
        raise without_weights(choice)
    return published[0]._member_map_["DEFAULT"]


def _build(choice: ModelChoice, **arguments: Any) -> torch.nn.Module:
    try:
        model: torch.nn.Module = torchvision.models.get_model(
            choice.name, **{"weights": None, **arguments, **choice.arguments}
        )
    except (TypeError, ValueError, AssertionError, AttributeError) as error:
        raise refused(choice, error) from error
    return model


def _size(choice: ModelChoice, image_size: int) -> dict[str, Any]:
    """Some transformers are built for one image size; the other models take any."""
    builder = torchvision.models.get_model_builder(choice.name)
    built = str(inspect.signature(builder).return_annotation)
    if "VisionTransformer" in built:
        return {"image_size": image_size}
    return {"input_size": (image_size, image_size)} if "MaxVit" in built else {}


def _pretrained(
    choice: ModelChoice, file: CheckpointFile, num_classes: int, image_size: int
) -> torch.nn.Module:
    weights = _weights(choice)
    needed = weights.meta["min_size"][0]
    if _size(choice, image_size) and image_size != needed:
        raise UserError(
            f"the pretrained {choice.name} takes images of {needed} pixels, not {image_size}",
            where="dataset.image_size",
            hint="source: timm adapts its pretrained transformers to other sizes",
        )
    # The builder finds the cached file and downloads nothing; some rename the file's old keys.
    try:
        model = _build(choice, weights=weights, progress=False)
    except _LOADING_ERRORS as error:
        raise unreadable(file.path, error) from error
    replace_classifier(model, num_classes)
    return model


def _drop_auxiliary_classifiers(model: torch.nn.Module) -> None:
    """Let GoogLeNet and Inception return logits alone, also while they train."""
    if getattr(model, "aux_logits", False):
        model.aux_logits = False  # type: ignore[assignment]
        for name in ("aux1", "aux2", "AuxLogits"):
            if hasattr(model, name):
                setattr(model, name, None)


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
