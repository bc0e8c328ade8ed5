"""A model whose forward and backward passes are replayed from CUDA graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch

if TYPE_CHECKING:
    from collections.abc import Callable


def capture(
    model: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor
) -> Callable[[torch.Tensor], torch.Tensor]:
    """Capture a model for inputs of this shape and dtype.

    Autocast, without its cache of casted weights, must be as it will be when the result is called.

    Args:
        model: On a CUDA device, in training mode.
        inputs: A batch as the loop passes it.

    Source: torch.cuda.make_graphed_callables, whose notes ask for ``cache_enabled=False``.
    """
    graphed = torch.cuda.make_graphed_callables(model, (inputs.detach().clone(),))
    return cast("Callable[[torch.Tensor], torch.Tensor]", graphed)
