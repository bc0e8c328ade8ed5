"""The same training without annt-prof, and a stopwatch around it.

    python bare_loop.py '[{"dataset": {...}, "model": {...}, "loader": {...}}, ...]'

Prints a JSON list: nanoseconds per iteration of each, epoch starts among them.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import pairwise
from statistics import median
from typing import Any

import naps
import torch


def time_per_iteration(
    dataset: dict[str, Any],
    model: dict[str, Any],
    loader: dict[str, Any],
    autocast: bool = False,
    skip: int = 20,
    iterations: int = 20,
) -> float:
    """Return nanoseconds: the median of three stretches of ``iterations``, one after the other.

    Each holds whole epochs, or many of the loader's rounds.
    """
    torch.manual_seed(0)
    net = naps.Net(**model)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
    batches = torch.utils.data.DataLoader(
        naps.Samples(**dataset), shuffle=True, drop_last=True, **loader
    )
    ends_ns = []
    while True:
        for inputs, targets in batches:
            with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
                loss = torch.nn.functional.cross_entropy(net(inputs), targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            ends_ns.append(time.monotonic_ns())
            if len(ends_ns) == skip + 3 * iterations:
                marks = ends_ns[skip - 1 :: iterations]
                return median((b - a) / iterations for a, b in pairwise(marks))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps([time_per_iteration(**each) for each in json.loads(sys.argv[1])]))
