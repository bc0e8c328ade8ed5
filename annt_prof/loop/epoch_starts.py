"""What the start of an epoch costs, held against a clock: epochs cut short, one after the other."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

from annt_prof.loop.driving import arrive, run_steps
from annt_prof.windows.stopwatch import wait_for

if TYPE_CHECKING:
    from annt_prof.loop.step import Loop
    from annt_prof.windows.messages import EpochRequest

_EPOCHS = 2  # each begins and ends once


def epoch_start_ns(loop: Loop, request: EpochRequest) -> int:
    """Return by how much an epoch takes longer than its iterations do in the middle of one.

    That is the start of loader processes, the wait for the first batch, and the end of the
    processes. On a CPU it is told from how long training waited for batches alone, since compute
    varies by more than that from one moment to the next. On a device the host runs ahead and hides
    a part of its waits, so there it is told from the wall time. Negative where it is less than
    what either varies by.

    Args:
        loop: What to train; the epoch it is in is dropped.
        request: How long the epochs are, and what an iteration takes and waits within one.
    """
    if not loop.setup.loader.num_workers or loop.setup.dataset_on_device:
        return _in_process_ns(loop)
    device = loop.setup.device
    arrive(loop, 0, request.iterations, at_epoch=True)
    # Loader processes that outlive an epoch first finish what was under way in the one that was
    # dropped; an epoch that ends as it should leaves nothing behind.
    _run_epochs(loop, 1, request.iterations)
    wait_for(device)
    began_ns, waited_ns = time.monotonic_ns(), loop.batches.waited_ns
    done = _run_epochs(loop, _EPOCHS, request.iterations)
    wait_for(device)
    if device.type == "cpu":
        over_ns = loop.batches.waited_ns - waited_ns - done * request.waited_ns
    else:
        over_ns = time.monotonic_ns() - began_ns - done * request.per_iteration_ns
    return round(over_ns / _EPOCHS)


def _run_epochs(loop: Loop, epochs: int, iterations: int) -> int:
    """Run epochs cut short; return their iterations."""
    done = 0
    for _ in range(epochs):
        loop.batches.shorten_next(iterations)
        done += run_steps(loop, loop.batches.remaining)
    return done


def _in_process_ns(loop: Loop) -> int:
    """Return what the first batch of an epoch takes longer than the second: nothing runs ahead."""
    arrive(loop, 0, 2, at_epoch=True)
    marks = [time.monotonic_ns()]
    for _ in range(min(2, loop.batches.per_epoch)):
        next(loop.batches)
        marks.append(time.monotonic_ns())
    waits = [b - a for a, b in itertools.pairwise(marks)]
    return waits[0] - waits[-1]
