"""Models of timm, the PyTorch Image Models library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import huggingface_hub
import timm

from annt_prof.errors import UserError, suggestion
from annt_prof.workload.models.made import MadeModel, random_weights, refused

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a timm classifier.

    Raises:
        UserError: Unknown name, or a refused argument.
    """
    if not timm.is_model(choice.name):
        raise UserError(
            f'timm has no model "{choice.name}"; {suggestion(choice.name, timm.list_models())}',
            where="model.name",
        )
    if choice.stem == "cifar":
        raise UserError("stem: cifar is for torchvision's ResNets", where="model.stem")
    cached = choice.pretrained and _is_cached(choice.name)
    arguments = {**_size(choice.name, image_size), **choice.arguments}
    try:
        model = timm.create_model(
            choice.name, pretrained=cached, num_classes=num_classes, **arguments
        )
    except (TypeError, ValueError) as error:
        raise refused(choice, error) from error
    if choice.pretrained and not cached:
        return MadeModel(model, (random_weights(choice, huggingface_hub.constants.HF_HUB_CACHE),))
    return MadeModel(model)


def _size(name: str, image_size: int) -> dict[str, int]:
    """Transformers are built for one image size; convolutional networks take any."""
    fixed = timm.get_pretrained_cfg(name, allow_unregistered=True)
    takes_size = fixed is not None and fixed.fixed_input_size
    return {"img_size": image_size} if takes_size else {}


def _is_cached(name: str) -> bool:
    """Whether the hub's local cache holds the default weights."""
    configuration = timm.get_pretrained_cfg(name)
    if configuration is None or not configuration.hf_hub_id:
        return False
    files = ("model.safetensors", "pytorch_model.bin")
    found = (huggingface_hub.try_to_load_from_cache(configuration.hf_hub_id, f) for f in files)
    return any(isinstance(path, str) for path in found)
