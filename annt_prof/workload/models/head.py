"""The classifier at the end of a model."""

from __future__ import annotations

import torch

from annt_prof.errors import UserError


def classifier_of(model: torch.nn.Module) -> tuple[str, torch.nn.Linear]:
    """Return the qualified name and module of the last linear layer.

    In every architecture of the supported libraries that layer maps features to classes.

    Raises:
        UserError: The model has none.
    """
    linear = [(n, m) for n, m in model.named_modules() if isinstance(m, torch.nn.Linear)]
    if not linear:
        raise UserError("the model has no linear layer that could be its classifier")
    return linear[-1]


def replace_classifier(model: torch.nn.Module, num_classes: int) -> None:
    """Put a fresh classifier of ``num_classes`` in the place of the present one."""
    name, old = classifier_of(model)
    parent, _, attribute = name.rpartition(".")
    fresh = torch.nn.Linear(old.in_features, num_classes, bias=old.bias is not None)
    setattr(model.get_submodule(parent), attribute, fresh)
