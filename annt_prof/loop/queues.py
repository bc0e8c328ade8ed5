"""The batches that a variant's loader keeps ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.loop.step import Loop

_PREFETCHED_BY_DEFAULT = 2  # torch.utils.data.DataLoader, where it has workers


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
