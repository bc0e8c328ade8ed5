"""How long launched activities wait while the device idles, beyond its own short delay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline import dependencies
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, CAUSES
from annt_prof.analysis.timeline.intervals import Segments, added_up, cut, first_come
from annt_prof.categories import Category

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

_QUEUED = [place for place, cause in enumerate(CAUSES) if CATEGORY_OF[cause] is Category.QUEUED]


def long_delays_ns(timeline: Timeline) -> int:
    """Return for how long the device waits so in the mean step, for whatever no host ends, ns."""
    idleness = timeline.idleness
    queued = np.isin(idleness.label, _QUEUED)
    return beyond_taking_up_ns(timeline, idleness.start_ns[queued], idleness.end_ns[queued])


def beyond_taking_up_ns(timeline: Timeline, start_ns: Ints, end_ns: Ints) -> int:
    """Return what of some delays is longer than a device takes to begin, ns per step.

    Neighbours, which lead up to the same activity, count as one. Rounded down, as it is taken from
    what may be saved.

    Args:
        timeline: Of any trace.
        start_ns: Of delays, ascending, shape (n,); what is outside the whole steps does not count.
        end_ns: Of the same, shape (n,); none after the next one's start.
    """
    steps = timeline.whole_steps
    delays = Segments(start_ns, end_ns, np.zeros(len(start_ns), np.int64))
    pieces = cut(delays, np.concatenate((steps.start_ns, steps.end_ns)))
    within = first_come(steps.start_ns, steps.end_ns).covers(pieces.start_ns)
    start_ns, end_ns = pieces.start_ns[within], pieces.end_ns[within]
    begins = np.append(True, start_ns[1:] != end_ns[:-1])[: len(start_ns)]
    lengths_ns = added_up(np.cumsum(begins) - 1, end_ns - start_ns, int(begins.sum()))
    return int(np.maximum(lengths_ns - dependencies.TAKING_UP_NS, 0).sum()) // len(steps.names)
