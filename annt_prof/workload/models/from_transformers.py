"""Image classifiers of transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import huggingface_hub
import torch
import transformers

from annt_prof.errors import UserError
from annt_prof.workload.models.made import MadeModel, random_weights, refused

if TYPE_CHECKING:
    from annt_prof.scenario.schema import ModelChoice

# Architectures known without the hub. This one is ViTConfig's own default: ViT-B/16 at 224 px,
# 85.8 M parameters. Source: Dosovitskiy et al., An Image is Worth 16x16 Words, table 1.
_KNOWN: dict[str, type[transformers.PretrainedConfig]] = {
    "google/vit-base-patch16-224-in21k": transformers.ViTConfig,
    "google/vit-base-patch16-224": transformers.ViTConfig,
}


class LogitsOnly(torch.nn.Module):
    """Reduces transformers' output structure to its logits, shape (batch, classes)."""

    def __init__(self, classifier: torch.nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Map images, shape (batch, 3, height, width), to logits."""
        logits: torch.Tensor = self.classifier(pixel_values=pixel_values).logits
        return logits


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a transformers image classifier.

    Raises:
        UserError: The configuration is neither known nor cached, or an argument is refused.
    """
    if choice.stem == "cifar":
        raise UserError("stem: cifar is for torchvision's ResNets", where="model.stem")
    changes: dict[str, Any] = {
        "num_labels": num_classes, "image_size": image_size, **choice.arguments,
    }  # fmt: skip
    classifier = transformers.AutoModelForImageClassification
    if choice.pretrained and _is_cached(choice.name):
        model = classifier.from_pretrained(
            choice.name, local_files_only=True, ignore_mismatched_sizes=True, **changes
        )
        return MadeModel(LogitsOnly(model))
    try:
        model = classifier.from_config(  # type: ignore[no-untyped-call]
            _configuration(choice.name, changes)
        )
    except (TypeError, ValueError) as error:
        raise refused(choice, error) from error
    cache = huggingface_hub.constants.HF_HUB_CACHE
    missing = (random_weights(choice, cache),) if choice.pretrained else ()
    return MadeModel(LogitsOnly(model), missing)


def _configuration(name: str, changes: dict[str, Any]) -> transformers.PretrainedConfig:
    if name in _KNOWN:
        return _KNOWN[name](**changes)
    try:
        found: transformers.PretrainedConfig = transformers.AutoConfig.from_pretrained(
            name, local_files_only=True, **changes
        )
    except (OSError, ValueError) as error:
        known = ", ".join(_KNOWN)
        raise UserError(
            f'the configuration of "{name}" is not in the hub\'s cache (known without it: {known})',
            where="model.name",
            hint="annt-prof fetch downloads it",
        ) from error
    return found


def _is_cached(name: str) -> bool:
    files = ("model.safetensors", "pytorch_model.bin")
    found = (huggingface_hub.try_to_load_from_cache(name, file) for file in files)
    return any(isinstance(path, str) for path in found)
