"""Whether the clocks of host and device agree: nothing runs before it is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.analysis.timeline.launches import UNKNOWN_NS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Events

LEAST_NS = 10_000
"""Less than this says nothing: profilers convert one clock to the other to within some us."""


@dataclass(frozen=True)
class EarlyStarts:
    """Device activities that began before the call that launched them did.

    Attributes:
        count: Those that began ``LEAST_NS`` or more before.
        known: Activities whose launch is in the trace.
        longest_ns: How long before at most.
    """

    count: int
    known: int
    longest_ns: int


def find_early_starts(
    events: Events, activities: NDArray[np.intp], launched_ns: NDArray[np.int64]
) -> EarlyStarts:
    """Find the activities whose start and launch contradict each other.

    Args:
        events: All events of a trace.
        activities: Indices of the device activities, shape (n,).
        launched_ns: When the call that launched each began, or ``UNKNOWN_NS``, shape (n,).

    Source: clocks that drift apart, pytorch/pytorch issue 192021; aligned wrongly, pytorch/kineto
    pull request 991; times of 0, pytorch/kineto issue 109.
    """
    known = launched_ns != UNKNOWN_NS
    early_ns = launched_ns[known] - events.start_ns[activities[known]]
    early_ns = early_ns[early_ns >= LEAST_NS]
    return EarlyStarts(len(early_ns), int(known.sum()), int(early_ns.max(initial=0)))
