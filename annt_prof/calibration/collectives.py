"""How fast this machine's devices reduce gradients together, measured in processes of their own."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Never

from annt_prof.workers.messages import Failure
from annt_prof.workers.process import WorkerLost, fork

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext

    from annt_prof.workers.process import Worker

_RANKS_ON_CPU = 2
_BYTES = {"cpu": 2**26, "cuda": 2**28}
_REPETITIONS = 8
_LOOPBACK = "lo"
_PATIENCE = timedelta(seconds=60)  # for the ranks to find each other


@dataclass(frozen=True)
class CollectiveRate:
    """What one rank found of an all-reduce.

    Attributes:
        bytes_per_s: Bus bandwidth; None where none could be measured.
        ranks: That took part.
        reason: Why there is none.
    """

    bytes_per_s: float | None
    ranks: int
    reason: str | None = None


def collective_rate(context: ForkServerContext, *, num_devices: int) -> CollectiveRate:
    """Measure an all-reduce over every device, or over two processes where there is none.

    The rate is the bus bandwidth of an all-reduce, 2 (n - 1) / n times its bytes over its time,
    which does not depend on the number of ranks as long as the links hold. Source: NVIDIA
    nccl-tests, doc/PERFORMANCE.md.

    Args:
        context: From ``start_fork_server``.
        num_devices: CUDA devices; 0 measures gloo between processes of this host.

    Returns:
        Bytes per second, or why there are none.
    """
    if num_devices == 1:
        return CollectiveRate(None, 1, "a single device has nothing to reduce with")
    world = num_devices or _RANKS_ON_CPU
    with tempfile.TemporaryDirectory(prefix="annt-prof-") as folder:
        meeting = Path(folder) / "ranks"
        workers: list[Worker[Never, CollectiveRate]] = [
            fork(context, _reduce, rank, world, num_devices > 0, str(meeting))
            for rank in range(world)
        ]
        try:
            return [worker.receive() for worker in workers].pop()
        except WorkerLost as lost:
            return CollectiveRate(None, world, lost.failure.message)
        finally:
            for worker in workers:
                worker.kill()


def _reduce(
    connection: Connection[CollectiveRate | Failure, Never],
    rank: int,
    world: int,
    on_device: bool,
    meeting: str,
) -> None:
    try:
        connection.send(_measure(rank, world, meeting, on_device=on_device))
    except Exception as error:  # noqa: BLE001 - reported to the parent
        connection.send(Failure("crashed", f"{type(error).__name__}: {error}"))


def _measure(rank: int, world: int, meeting: str, *, on_device: bool) -> CollectiveRate:
    import torch
    from torch import distributed

    if not on_device:
        # Otherwise gloo looks the host's name up, which many containers cannot.
        os.environ.setdefault("GLOO_SOCKET_IFNAME", _LOOPBACK)
    kind = "cuda" if on_device else "cpu"
    device = torch.device(kind, rank) if on_device else torch.device(kind)
    if on_device:
        torch.cuda.set_device(device)
    distributed.init_process_group(
        "nccl" if on_device else "gloo",
        init_method=f"file://{meeting}",
        rank=rank,
        world_size=world,
        timeout=_PATIENCE,
    )
    gradients = torch.zeros(_BYTES[kind] // 4, device=device)
    shortest_s = float("inf")
    for _ in range(_REPETITIONS):  # the first ones connect the ranks, and the shortest counts
        distributed.barrier()
        began = time.perf_counter()
        distributed.all_reduce(gradients)
        if on_device:
            torch.cuda.synchronize(device)
        shortest_s = min(shortest_s, time.perf_counter() - began)
    distributed.barrier()
    distributed.destroy_process_group()
    bus_bytes = 2 * (world - 1) / world * _BYTES[kind]
    return CollectiveRate(bus_bytes / shortest_s, world)
