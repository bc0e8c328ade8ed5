"""A whole data set on the device: epochs without a loader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from annt_prof import units
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 8 * 2**30


class ResidentBatches:
    """Batches of a data set that was collated once and copied to the device.

    Args:
        dataset: Items are (tensor, class index), all of one shape.
        batch_size: Samples per batch; incomplete batches are dropped.
        device: Where the samples go.
        seed: Of the order of the samples.

    Raises:
        UserError: The data set is too large for that.
    """

    def __init__(self, dataset: Any, batch_size: int, device: torch.device, seed: int) -> None:
        first, _ = dataset[0]
        size = len(dataset) * first.numel() * first.element_size()
        if size > MOST_BYTES:
            raise UserError(
                f"the data set takes {units.memory(size)}; {units.memory(MOST_BYTES)} at most",
                where="techniques.dataset_on_device",
            )
        inputs, targets = torch.utils.data.default_collate(
            [dataset[index] for index in range(len(dataset))]
        )
        self._inputs, self._targets = inputs.to(device), targets.to(device)
        self._batch_size = batch_size
        self._generator = torch.Generator(device=device).manual_seed(seed)

    def __len__(self) -> int:
        return len(self._targets) // self._batch_size

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        order = torch.randperm(
            len(self._targets), generator=self._generator, device=self._targets.device
        )
        for start in range(0, len(self) * self._batch_size, self._batch_size):
            rows = order[start : start + self._batch_size]
            yield self._inputs[rows], self._targets[rows]
