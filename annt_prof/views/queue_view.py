"""How far the host ran ahead of the device, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.analysis.tables.queue import Queue


@dataclass(frozen=True)
class QueueDepth:
    """Kernels that wait right after a launch: the median over the launches, and the most."""

    p50: int
    most: int


@dataclass(frozen=True)
class QueueView:
    """Kernels of the steps with a known launch.

    Attributes:
        num_kernels: Of these.
        delay_p50_ns, delay_p95_ns, delay_max_ns: From their launch to their start.
        depth: None where the file breaks off.
        short_share: Those whose launching call takes longer than all that it launched, a fraction;
            None where the file breaks off.
    """

    num_kernels: int
    delay_p50_ns: int
    delay_p95_ns: int
    delay_max_ns: int
    depth: QueueDepth | None
    short_share: float | None


def build_queue_view(queue: Queue) -> QueueView:
    """Return what is shown of a queue, which holds at least one kernel."""
    return QueueView(
        num_kernels=queue.num_kernels,
        delay_p50_ns=queue.delay_p50_ns,
        delay_p95_ns=queue.delay_p95_ns,
        delay_max_ns=queue.delay_max_ns,
        depth=_depth(queue),
        short_share=_short_share(queue),
    )


def _short_share(queue: Queue) -> float | None:
    shorter = queue.num_shorter_than_launch
    return None if shorter is None else shorter / queue.num_kernels


def _depth(queue: Queue) -> QueueDepth | None:
    if queue.depth_p50 is None or queue.depth_max is None:
        return None
    return QueueDepth(queue.depth_p50, queue.depth_max)
