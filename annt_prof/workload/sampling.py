"""Batches of indices whose epochs can be cut short, as a smaller data set would have them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from torch.utils.data import Sampler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.utils.data import BatchSampler


class ShortenableBatches(Sampler[list[int]]):
    """A batch sampler that ends an epoch early where told to.

    A loader that is merely abandoned has batches under way, and its processes finish them before
    they end; one whose sampler ends has not. So an epoch cut short here ends as a whole one does.

    Args:
        batches: The whole epoch's.

    Attributes:
        at_most: Batches of the next epoch to begin; None for all.
    """

    def __init__(self, batches: BatchSampler) -> None:
        self._batches = batches
        self.at_most: int | None = None

    def __len__(self) -> int:
        """Batches of a whole epoch."""
        return len(self._batches)

    def __iter__(self) -> Iterator[list[int]]:
        return itertools.islice(iter(self._batches), self.at_most)
