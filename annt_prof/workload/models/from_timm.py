"""Models of timm, the PyTorch Image Models library."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import timm
from safetensors import SafetensorError

from annt_prof.errors import UserError, suggestion
from annt_prof.workload.models.made import (
    MadeModel,
    check_stem,
    random_weights,
    refused,
    without_weights,
)
from annt_prof.workload.weights import CheckpointFile, HubFile, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from annt_prof.scenario.schema import ModelChoice

_REFUSALS = (TypeError, ValueError, AssertionError, ZeroDivisionError)
_LOADING_ERRORS = (
    RuntimeError, OSError, EOFError, KeyError, pickle.UnpicklingError, SafetensorError,
)  # fmt: skip


def make(choice: ModelChoice, num_classes: int, image_size: int) -> MadeModel:
    """Build a timm classifier.

    Raises:
        UserError: Unknown name, damaged weights, or a refused argument.
    """
    check_stem(choice)
    configuration = _configuration(choice)
    arguments: dict[str, Any] = {"num_classes": num_classes, **_size(configuration, image_size)}
    file = files(choice)[0] if choice.pretrained else None
    path = file.cached() if file else None
    if path is not None:
        return MadeModel(_pretrained(choice, path, arguments))
    missing = (random_weights(choice, file.folder),) if file else ()
    return MadeModel(_build(choice, arguments), missing)


def files(choice: ModelChoice) -> tuple[CheckpointFile | HubFile, ...]:
    """Return the file that holds the pretrained weights; none where not asked for.

    Raises:
        UserError: Unknown name, or timm publishes no weights of it.
    """
    configuration = _configuration(choice)
    if not choice.pretrained:
        return ()
    if configuration is not None and configuration.hf_hub_id:
        repository, _, revision = configuration.hf_hub_id.partition("@")
        chosen = configuration.hf_hub_filename
        names = (chosen,) if chosen else ("model.safetensors", "pytorch_model.bin")
        return (HubFile(repository, names, revision or "main"),)
    if configuration is not None and configuration.url:
        return (CheckpointFile(configuration.url),)
    raise without_weights(choice)


def _configuration(choice: ModelChoice) -> Any:
    """Return timm's description of the model's weights, or None where it has none."""
    architecture, _, tag = choice.name.partition(".")
    if not timm.is_model(architecture):
        raise UserError(
            f'timm has no model "{choice.name}"; {suggestion(choice.name, timm.list_models())}',
            where="model.name",
        )
    try:
        configuration = timm.get_pretrained_cfg(choice.name)
    except RuntimeError:
        configuration = None
    if configuration is None and tag:
        tagged = timm.list_pretrained(f"{architecture}.*")
        raise UserError(
            f'timm has no weights "{tag}" of {architecture}; {suggestion(choice.name, tagged)}',
            where="model.name",
        )
    return configuration


def _size(configuration: Any, image_size: int) -> dict[str, int]:
    """Transformers are built for one image size; convolutional networks take any."""
    if configuration is None or not configuration.fixed_input_size:
        return {}
    return {} if configuration.input_size[-1] == image_size else {"img_size": image_size}


def _build(choice: ModelChoice, arguments: dict[str, Any]) -> torch.nn.Module:
    try:
        return _create(choice, arguments)
    except (*_REFUSALS, RuntimeError) as error:  # timm's own checks, or torch's of a shape
        raise refused(choice, error) from error


def _pretrained(choice: ModelChoice, path: Path, arguments: dict[str, Any]) -> torch.nn.Module:
    # Named as a file, because timm would ask the hub whether its cache is up to date.
    source = {"pretrained": True, "pretrained_cfg_overlay": {"file": str(path)}}
    try:
        return _create(choice, {**arguments, **source})
    except _REFUSALS as error:
        raise refused(choice, error) from error
    except _LOADING_ERRORS as error:
        raise unreadable(path, error) from error


def _create(choice: ModelChoice, arguments: dict[str, Any]) -> torch.nn.Module:
    model: torch.nn.Module = timm.create_model(choice.name, **{**arguments, **choice.arguments})
    return model
