"""The classifier at the end of a model."""

from __future__ import annotations

import torch

from annt_prof.errors import UserError

Layer = torch.nn.Linear | torch.nn.Conv2d


def classifier_parameters(model: torch.nn.Module) -> list[torch.nn.Parameter]:
    """Return the parameters of the layer that maps features to classes.

    A timm model says which that is, also under a wrapper such as ``torch.compile``'s. In
    torchvision and transformers, and by convention in a model of the user's own, it is the last
    linear layer in order of registration.

    Raises:
        UserError: The model has no layer that could be one.
    """
    for module in model.modules():
        asked = getattr(type(module), "get_classifier", None)
        if asked is None:
            continue
        answer = asked(module)
        parts = answer if isinstance(answer, tuple | list) else (answer,)
        parameters = [p for part in parts if isinstance(part, torch.nn.Module)
                      for p in part.parameters()]  # fmt: skip
        if parameters:
            return parameters
    return list(_last_layer(model)[1].parameters())


def replace_classifier(model: torch.nn.Module, num_classes: int) -> None:
    """Put a fresh classifier of ``num_classes`` in the place of the present one.

    Raises:
        UserError: The model has no layer that could be one.
    """
    name, old = _last_layer(model)
    fresh: torch.nn.Module
    if isinstance(old, torch.nn.Linear):
        fresh = torch.nn.Linear(old.in_features, num_classes, bias=old.bias is not None)
    else:
        fresh = torch.nn.Conv2d(old.in_channels, num_classes, kernel_size=1)
    model.set_submodule(name, fresh)


def _last_layer(model: torch.nn.Module) -> tuple[str, Layer]:
    """Return name and layer; SqueezeNet's classifier is a convolution, and it has no linear."""
    named = list(model.named_modules())
    for kind in (torch.nn.Linear, torch.nn.Conv2d):
        layers = [(name, module) for name, module in named if isinstance(module, kind)]
        if layers:
            return layers[-1]
    raise UserError(
        "the model has no linear layer that could be its classifier",
        where="optimizer.backbone_lr_factor",
    )
