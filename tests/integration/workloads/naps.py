"""Training whose time is spent asleep, so that what a step takes is known on any machine."""

from __future__ import annotations

import time

import forward_log
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook
from torch.utils.data import Dataset, get_worker_info

CLASSES = 4

register_optimizer_step_post_hook(forward_log.note_step)


class Samples(Dataset):
    """Eight zeros and a class each.

    Args:
        length: Samples of an epoch.
        each_s: What loading one takes.
        open_s: What a loader process takes before its first one: it opens a database, say.
    """

    num_classes = CLASSES

    def __init__(self, length: int, each_s: float = 0.0, open_s: float = 0.0) -> None:
        self.length, self.each_s, self.open_s = length, each_s, open_s
        self.is_open = False

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        if get_worker_info() is not None and not self.is_open:
            time.sleep(self.open_s)
            self.is_open = True
        time.sleep(self.each_s)
        return torch.zeros(8), index % CLASSES


class Net(torch.nn.Module):
    """A linear layer and a nap.

    Args:
        nap_s: Of a step.
        long_s: Of every fifth step, whose text is padded to twenty times the length, say; under
            autocast a fifth of that.
    """

    def __init__(self, nap_s: float, long_s: float | None = None) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(8, CLASSES)
        self.nap_s = nap_s
        self.long_s = nap_s if long_s is None else long_s
        self.passes = 0

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        self.passes += 1
        if self.passes % 5:
            time.sleep(self.nap_s)
        else:
            time.sleep(self.long_s / (5 if torch.is_autocast_enabled("cpu") else 1))
        outputs = self.linear(inputs)
        forward_log.note()
        return outputs
