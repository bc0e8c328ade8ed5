"""The next batch is copied to the device while this one is trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

    Batch = tuple[torch.Tensor, torch.Tensor]


class DevicePrefetcher:
    """Wraps a loader; copies run on a CUDA stream of their own, one batch ahead.

    Args:
        loader: Its batches should lie in pinned memory, or the copy holds the host up.
        device: A CUDA device.

    Source: the data prefetcher of NVIDIA's Apex ImageNet example.
    """

    def __init__(self, loader: Sized, device: torch.device) -> None:
        self._loader = loader
        self._device = device
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        ahead: Batch | None = None
        for batch in self._loader:  # type: ignore[attr-defined]
            copied = self._copy(batch)
            if ahead is not None:
                yield self._ready(ahead)
            ahead = copied
        if ahead is not None:
            yield self._ready(ahead)

    def _copy(self, batch: Batch) -> Batch:
        with torch.cuda.stream(self._stream):
            inputs, targets = (part.to(self._device, non_blocking=True) for part in batch)
        return inputs, targets

    def _ready(self, batch: Batch) -> Batch:
        """Make the training stream wait for the copy, and the allocator know of both streams."""
        current = torch.cuda.current_stream(self._device)
        current.wait_stream(self._stream)
        for part in batch:
            part.record_stream(current)
        return batch
