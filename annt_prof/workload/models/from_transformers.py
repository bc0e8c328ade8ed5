"""Image classifiers of transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageClassification, PretrainedConfig, ViTConfig

from annt_prof.errors import UserError, suggestion
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.workload.models.made import MadeModel, check_stem, random_weights, refused
from annt_prof.workload.weights import HubFile, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.schema import ModelChoice

# Architectures known without the hub. These two are ViTConfig's own default: ViT-B/16 at 224 px,
# 85.8 M parameters. Source: Dosovitskiy et al., An Image is Worth 16x16 Words, table 1.
_KNOWN: dict[str, type[PretrainedConfig]] = {
    "google/vit-base-patch16-224-in21k": ViTConfig,
    "google/vit-base-patch16-224": ViTConfig,
}
_CONFIGURATION_FILE = ("config.json",)
_WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")


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
        UserError: The configuration is neither known nor cached, the weights are damaged, or an
            argument is refused.
    """
    check_stem(choice)
    configuration = _configuration(choice, num_classes, image_size)
    weights = HubFile(choice.name, _WEIGHT_FILES)
    path = weights.cached() if choice.pretrained else None
    if path is not None:
        return _pretrained(choice, path, configuration)
    try:
        model = AutoModelForImageClassification.from_config(  # type: ignore[no-untyped-call]
            configuration, dtype=torch.float32
        )
    except (TypeError, ValueError, AssertionError) as error:
        raise refused(choice, error) from error
    missing = (random_weights(choice, weights.folder),) if choice.pretrained else ()
    return MadeModel(LogitsOnly(model), missing)


def files(choice: ModelChoice) -> tuple[HubFile, ...]:
    """Return the configuration, where it is not known here, and the weights if asked for."""
    configuration = () if choice.name in _KNOWN else (HubFile(choice.name, _CONFIGURATION_FILE),)
    if not choice.pretrained:
        return configuration
    return (HubFile(choice.name, _CONFIGURATION_FILE), HubFile(choice.name, _WEIGHT_FILES))


def _configuration(choice: ModelChoice, num_classes: int, image_size: int) -> PretrainedConfig:
    try:
        allowed = _load_configuration(choice.name, {}).to_dict()
    except ValueError as error:
        raise refused(choice, error) from error
    for argument in choice.arguments:
        # A configuration takes any keyword and ignores what it does not know.
        if argument not in allowed:
            raise UserError(
                f"{choice.name} has no setting {argument}; {suggestion(argument, allowed)}",
                where=f"model.arguments.{argument}",
            )
    changes = {"num_labels": num_classes, "image_size": image_size, **choice.arguments}
    try:
        return _load_configuration(choice.name, changes)
    except (TypeError, ValueError, AttributeError, StrictDataclassError) as error:
        raise refused(choice, error) from error


def _load_configuration(name: str, changes: dict[str, Any]) -> PretrainedConfig:
    if name in _KNOWN:
        return _KNOWN[name](**changes)
    # By its path, since even a local_files_only look-up by name may call the hub.
    path = HubFile(name, _CONFIGURATION_FILE).cached()
    if path is None:
        known = ", ".join(_KNOWN)
        raise UserError(
            f'the hub\'s cache has no configuration of "{name}" (known without it: {known})',
            where="model.name",
            hint="annt-prof fetch downloads it",
        )
    try:
        configuration: PretrainedConfig = AutoConfig.from_pretrained(path.parent, **changes)
    except OSError as error:
        raise UserError(
            f"the cached configuration cannot be read: {error}",
            where=str(path),
            hint="delete the file and run annt-prof fetch",
        ) from error
    return configuration


def _pretrained(choice: ModelChoice, path: Path, configuration: PretrainedConfig) -> MadeModel:
    try:
        model, report = AutoModelForImageClassification.from_pretrained(
            path.parent,
            config=configuration,
            ignore_mismatched_sizes=True,  # the classifier's, and said below for any other
            dtype=torch.float32,  # the default is the file's own, which mixed precision forbids
            output_loading_info=True,
        )
    except (RuntimeError, OSError, ValueError, SafetensorError) as error:
        raise unreadable(path, error) from error
    return MadeModel(LogitsOnly(model), _not_loaded(choice, report))


def _not_loaded(choice: ModelChoice, report: dict[str, Any]) -> tuple[Substitution, ...]:
    """Name the parameters besides the classifier that the file does not hold in this shape."""
    mismatched = [entry[0] for entry in report["mismatched_keys"]]
    fresh = sorted(
        name for name in (*report["missing_keys"], *mismatched) if "classifier" not in name
    )
    if not fresh:
        return ()
    shown = ", ".join(fresh[:3]) + (", ..." if len(fresh) > 3 else "")
    return (
        Substitution(
            wanted=f"pretrained weights of {choice.name} (transformers)",
            used=f"random values for {len(fresh)} of its parameters: {shown}",
            consequence="step times hold, accuracy does not: the file holds them in another "
            "shape, or not at all",
            replaced=Replaced.WEIGHTS,
            name=choice.name,
        ),
    )
