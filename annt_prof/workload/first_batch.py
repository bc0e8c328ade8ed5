"""A batch that no loader made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from annt_prof.workload.unchanged import random_numbers_unchanged

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


def first_inputs(setup: TrainingSetup) -> Any:
    """Return the data set's first inputs, as many as a batch has, as its loader would collate them.

    Read in this process, so that no loader process or pinning thread starts; random numbers are
    left as they were.

    Args:
        setup: Its data set has no fewer samples than a batch.

    Returns:
        On the host; the inputs alone, without their targets.
    """
    with random_numbers_unchanged(setup.device):
        samples = [setup.dataset[index] for index in range(setup.loader.batch_size)]
        inputs, _targets = torch.utils.data.default_collate(samples)
    return inputs
