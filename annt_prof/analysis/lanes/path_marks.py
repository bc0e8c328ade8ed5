"""What of a trace lies on the critical path: its stretches, and marks on what ran then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.path.stretches import stretches
from annt_prof.analysis.path.walk import walk
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.intervals import NOWHERE, first_come
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PathMarks:
    """The critical path within the steps.

    Attributes:
        start_ns, end_ns: Of its stretches, on the trace's own clock, ascending; shape (n,).
        category: Of each, an index into ``CATEGORIES``.
        event: What the device was at, an index into the trace's events, or ``NOTHING``.
        of_host: Whether the host is on the path.
        host: When it is.
        events: Device activities with time on the path within the steps, indices, ascending.
    """

    start_ns: Ints
    end_ns: Ints
    category: Ints
    event: Ints
    of_host: NDArray[np.bool_]
    host: Segments
    events: Ints


def path_marks(timeline: Timeline) -> PathMarks | None:
    """Return the path's marks; None of a trace whose path the analysis does not tell.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    if timeline.trace.losses or not len(timeline.activities) or not timeline.any_launch_known:
        return None
    try:
        steps = timeline.whole_steps
    except UserError:  # none is whole
        return None
    told = stretches(timeline, walk(timeline))
    start_ns, end_ns = told.from_ns[:-1], told.from_ns[1:]
    step = steps.step_at(start_ns)
    kept = (told.category[:-1] != NOTHING) & (step != NOWHERE) & (start_ns < end_ns)
    start_ns, end_ns, step = start_ns[kept], end_ns[kept], step[kept]
    category, of_host = told.category[:-1][kept], told.of_host[:-1][kept]
    activity = told.activity[:-1][kept]
    event = np.append(timeline.gates.event, NOTHING)[activity]
    begins = np.ones(len(start_ns), bool)
    begins[1:] = start_ns[1:] != end_ns[:-1]
    for column in (step, category, of_host, event):
        begins[1:] |= column[1:] != column[:-1]
    ends = np.append(begins[1:], True)[: len(begins)]
    return PathMarks(
        start_ns=start_ns[begins],
        end_ns=end_ns[ends],
        category=category[begins],
        event=event[begins],
        of_host=of_host[begins],
        host=first_come(start_ns[of_host], end_ns[of_host]),
        events=np.unique(event[event != NOTHING]),
    )
