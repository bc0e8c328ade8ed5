"""Batches without end: epoch after epoch, some of them cut short."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING, Any

from annt_prof.workload.sampling import ShortenableBatches

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch

    from annt_prof.workload.assembly import Batches as Loader


class Batches:
    """The loader, epoch after epoch, without end.

    Args:
        loader: Its length is the number of iterations of an epoch.

    Attributes:
        per_epoch: Iterations of a whole epoch.
        remaining: Iterations left in the epoch; the length of the next one where that is about
            to begin.
        waited_ns: How long the host was here for batches so far, loaders' starts and ends included.
    """

    def __init__(self, loader: Loader) -> None:
        self.per_epoch = len(loader)
        self.remaining = self.per_epoch
        self.waited_ns = 0
        self._loader = loader
        self._epoch: Iterator[Any] | None = None
        sampler = getattr(loader, "batch_sampler", None)
        self._sampler = sampler if isinstance(sampler, ShortenableBatches) else None

    @property
    def between_epochs(self) -> bool:
        """Whether the next batch begins an epoch."""
        return self._epoch is None

    def __next__(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the next batch, starting the loader anew where an epoch begins."""
        began_ns = time.monotonic_ns()
        if self._epoch is None:
            self._epoch = self._begin()
        inputs, targets = next(self._epoch)
        self.remaining -= 1
        if self.remaining == 0:
            self._end()
        self.waited_ns += time.monotonic_ns() - began_ns
        return inputs, targets

    def end_epoch(self) -> None:
        """Drop what is left of the epoch."""
        self._end()

    def shorten_next(self, iterations: int) -> None:
        """Let the epoch that is about to begin have so many iterations, if it has more.

        Only between epochs.
        """
        assert self.between_epochs
        self.remaining = min(iterations, self.per_epoch)

    def _begin(self) -> Iterator[Any]:
        if self._sampler is not None:
            self._sampler.at_most = self.remaining
        # Not every kind of batches has such a sampler; those without have no processes to end.
        return itertools.islice(iter(self._loader), self.remaining)

    def _end(self) -> None:
        self._epoch = None
        self.remaining = self.per_epoch
