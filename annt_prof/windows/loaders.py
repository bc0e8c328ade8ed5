"""A variant's loader processes stop while it waits, so that no queue fills meanwhile."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.loop.step import Loop

_PREFETCHED_BY_DEFAULT = 2  # torch.utils.data.DataLoader, where it has workers


def pause_loaders() -> None:
    """Stop this variant's loader processes."""
    _signal_loaders(signal.SIGSTOP)


def resume_loaders() -> None:
    """Let this variant's loader processes go on."""
    _signal_loaders(signal.SIGCONT)


@contextlib.contextmanager
def loaders_paused() -> Iterator[None]:
    """Stop the loader processes for as long as the training process does something else."""
    pause_loaders()
    try:
        yield
    finally:
        resume_loaders()


def _signal_loaders(number: signal.Signals) -> None:
    for child in multiprocessing.active_children():
        if child.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, number)


def queue_capacity(loop: Loop) -> int:
    """Return how many batches are kept ready at most; 0 without loader processes."""
    arguments = loop.setup.loader
    if loop.setup.dataset_on_device or not arguments.num_workers:
        return 0
    on_device = int(loop.setup.device_prefetch)
    return on_device + arguments.num_workers * (arguments.prefetch_factor or _PREFETCHED_BY_DEFAULT)


def drain(loop: Loop) -> None:
    """Take all batches that are ready, training on none.

    While something else takes long (compiling, a profiler that starts) the queue fills, and
    training then runs from it for a while, faster than it ever does later: a queue of q batches
    lasts for q / (1 - r) iterations where loading keeps up with a share r of them. From an empty
    queue on, the first few iterations show what decides for good.
    """
    for _ in range(queue_capacity(loop)):
        next(loop.batches)
