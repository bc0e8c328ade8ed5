"""A model run outside of training, and left as it was."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def buffers_unchanged(model: torch.nn.Module) -> Iterator[None]:
    """Put a model's buffers back in place, as batch norm's running statistics, once it has run."""
    kept = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for buffer, before in kept:
                buffer.copy_(before)


@contextmanager
def random_numbers_unchanged(device: torch.device) -> Iterator[None]:
    """Put torch's random numbers back to where they were, those of the host and of the device."""
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        yield
