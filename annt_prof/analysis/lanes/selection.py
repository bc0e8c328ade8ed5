"""Which events of a trace a picture of the selected steps has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import first_come
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.analysis.timeline.steps import is_step
from annt_prof.categories import PHASE_PREFIX
from annt_prof.trace.columns import DEVICE_KINDS, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Selection:
    """Events that overlap the selected steps; indices, ascending.

    Attributes:
        stepping: When the steps are.
        operators: Operators and ranges, without the steps' own and those of phases of ours.
        calls: Of the runtime and the driver; those too that launched one of the activities before
            the steps.
        activities: Kernels, copies and memsets.
    """

    stepping: Segments
    operators: Places
    calls: Places
    activities: Places


def select(timeline: Timeline) -> Selection:
    """Choose what overlaps the selected steps.

    Raises:
        UserError: The trace holds nothing that takes time, or no step is selected.
    """
    events, steps, names = timeline.events, timeline.steps, timeline.trace.names
    stepping = first_come(steps.start_ns, steps.end_ns)
    within = overlapping(stepping, events.start_ns, events.end_ns)
    told_elsewhere = timeline.trace.names_where(
        [is_step(name) or name.startswith(PHASE_PREFIX) for name in names]
    )
    activities = np.flatnonzero(within & events.of_kind(*DEVICE_KINDS))
    launching = timeline.launch_calls(activities)
    calls = within & timeline.runtime_calls
    calls[launching[launching != UNKNOWN_CALL]] = True
    ranges = events.of_kind(Kind.OPERATOR, Kind.ANNOTATION)
    return Selection(
        stepping=stepping,
        operators=np.flatnonzero(within & ranges & ~told_elsewhere),
        calls=np.flatnonzero(calls),
        activities=activities,
    )


def overlapping(segments: Segments, start_ns: Ints, end_ns: Ints) -> NDArray[np.bool_]:
    """Tell which intervals share time with the segments, or lie in one and take no time."""
    first = np.searchsorted(segments.end_ns, start_ns, side="right")
    some = first < len(segments.end_ns)
    begins_ns = segments.start_ns[np.minimum(first, len(segments.end_ns) - 1)]
    overlaps: NDArray[np.bool_] = some & (begins_ns < np.maximum(end_ns, start_ns + 1))
    return overlaps
