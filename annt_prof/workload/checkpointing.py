"""Blocks that recompute their activations in the backward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils.checkpoint import checkpoint

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FEWEST_BLOCKS = 2


def checkpoint_blocks(model: torch.nn.Module, *, preserve_rng_state: bool) -> int:
    """Let every block of a model keep its input only, and return how many blocks there are.

    Blocks are what a model repeats: the elements of its outermost sequences of modules that hold
    sequences or parameters (the layers of a transformer, the residual blocks of a ResNet).

    Raises:
        UserError: The model repeats nothing.
    """
    blocks = list(_blocks(model))
    if len(blocks) < _FEWEST_BLOCKS:
        raise UserError(
            "no blocks are found in the model: nothing in it is repeated",
            where="techniques.activation_checkpointing",
        )
    for block in blocks:
        block.forward = _recomputing(block.forward, preserve_rng_state)
    return len(blocks)


def _blocks(module: torch.nn.Module) -> Iterator[torch.nn.Module]:
    for child in module.children():
        if isinstance(child, torch.nn.Sequential | torch.nn.ModuleList) and _repeats(child):
            yield from child.children()
        else:
            yield from _blocks(child)


def _repeats(sequence: torch.nn.Module) -> bool:
    """Tell a stack of composed modules from a short chain of layers."""
    children = list(sequence.children())
    composed = [child for child in children if any(True for _ in child.children())]
    return len(children) >= _FEWEST_BLOCKS and len(composed) == len(children)


def _recomputing(forward: Callable[..., Any], preserve_rng_state: bool) -> Callable[..., Any]:
    def recomputed(*arguments: Any, **keywords: Any) -> Any:
        return checkpoint(
            forward,
            *arguments,
            use_reentrant=False,
            preserve_rng_state=preserve_rng_state,
            **keywords,
        )

    return recomputed
