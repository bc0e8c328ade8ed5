"""The next batch is copied to the device while this one is trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sized

    Batch = tuple[torch.Tensor, torch.Tensor]


class _Copied(NamedTuple):
    """A batch on its way to the device, and the event that its copy ends with."""

    batch: Batch
    arrived: torch.cuda.Event


class DevicePrefetcher:
    """Wraps a loader; copies run on a CUDA stream of their own, one batch ahead.

    Each batch has an event of its own. To wait for the stream in its place would be to wait for
    the copy of the next batch too, which is queued by then and is the one to be hidden.

    Args:
        loader: Its batches should lie in pinned memory, or the copy holds the host up.
        device: A CUDA device.

    Attributes:
        batch_sampler: The loader's own.

    Source: the data prefetcher of NVIDIA's Apex ImageNet example, which waits before it queues.
    """

    def __init__(self, loader: Sized, device: torch.device) -> None:
        self._loader = loader
        self._device = device
        self.batch_sampler = getattr(loader, "batch_sampler", None)
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Batch]:
        ahead: _Copied | None = None
        for batch in self._loader:  # type: ignore[attr-defined]
            copied = self._copy(batch)
            if ahead is not None:
                yield self._ready(ahead)
            ahead = copied
        if ahead is not None:
            yield self._ready(ahead)

    def _copy(self, batch: Batch) -> _Copied:
        arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
        with torch.cuda.stream(self._stream):
            inputs, targets = (part.to(self._device, non_blocking=True) for part in batch)
            arrived.record(self._stream)
        return _Copied((inputs, targets), arrived)

    def _ready(self, copied: _Copied) -> Batch:
        """Make the training stream wait for the copy, and the allocator know of both streams."""
        current = torch.cuda.current_stream(self._device)
        current.wait_event(copied.arrived)
        for part in copied.batch:
            part.record_stream(current)
        return copied.batch
