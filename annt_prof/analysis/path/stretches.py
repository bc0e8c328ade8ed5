"""What every stretch of the critical path is: a category, and whether the host is on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.step_times import column
from annt_prof.analysis.path.walk import BEFORE, HOST, UNKNOWN
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, CAUSES, Cause
from annt_prof.analysis.timeline.intervals import NOWHERE, edges_of
from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.path.walk import Walked
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]

_COMMUNICATION = CAUSES.index(Cause.COMMUNICATION)
_OF_HOST = [
    CAUSES.index(cause)
    for cause in (Cause.DATA_LOADING, Cause.SYNCHRONISE, Cause.LAUNCH, Cause.DISPATCH)
]
_CATEGORY_OF_CAUSE = np.array([column(CATEGORY_OF[cause]) for cause in CAUSES])


@dataclass(frozen=True, eq=False)
class Stretches:
    """The path cut wherever what is known of it changes; columns of shape (n,).

    Attributes:
        from_ns: Ascending; each stretch lasts to the next, and nothing is known of the last one.
        category: An index into ``CATEGORIES``, or ``NOTHING`` off the path.
        of_host: Whether the host is on the path.
        phase: That the main thread is in, an index into ``PHASES``, or ``NOWHERE``.
        cause: Why no device is busy, an index into ``CAUSES``; ``NOWHERE`` where one is.
        activity: As of ``Walked``.
    """

    from_ns: Ints
    category: Ints
    of_host: NDArray[np.bool_]
    phase: Ints
    cause: Ints
    activity: Places


def stretches(timeline: Timeline, walked: Walked, *, cut_at: Sequence[Segments] = ()) -> Stretches:
    """Say of every stretch of the path within the steps what it is.

    Args:
        timeline: That was walked.
        walked: The path.
        cut_at: More at whose ends stretches are to end.
    """
    steps, phases, idleness = timeline.whole_steps, timeline.phases.segments, timeline.idleness
    host = timeline.host_activity
    edges = edges_of([walked.path, phases, idleness, host, *cut_at], steps.start_ns, steps.end_ns)
    piece, cause = walked.path.label_at(edges), idleness.label_at(edges)
    kind = np.append(walked.kind, NOTHING)[piece]
    category, of_host = _resolved(kind, cause, host.label_at(edges))
    return Stretches(
        from_ns=edges,
        category=category,
        of_host=of_host,
        phase=phases.label_at(edges),
        cause=cause,
        activity=np.append(walked.activity, NOTHING)[piece],
    )


def _resolved(kind: Ints, cause: Ints, doing: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Return the category of the path at some instants, and whether the host is on it there.

    An activity that is not yet let go while no device is busy waits for what the device idles for;
    while another stream is busy it is queued.

    Args:
        kind: Of the pieces of the path, shape (n,).
        cause: Why no device is busy, ``NOWHERE`` where one is; shape (n,).
        doing: What the host does, shape (n,).
    """
    before = np.isin(kind, (BEFORE, UNKNOWN)) & (cause != NOWHERE)
    on_host = kind == HOST
    of_host = on_host | (before & np.isin(cause, _OF_HOST))
    category = np.where(kind == BEFORE, column(Category.QUEUED), kind)
    category[kind == UNKNOWN] = column(Category.UNATTRIBUTED)
    category[before] = _CATEGORY_OF_CAUSE[cause[before]]
    category[on_host] = _CATEGORY_OF_CAUSE[doing[on_host]]
    category[on_host & (cause == _COMMUNICATION)] = column(Category.COMMUNICATION)
    return category, of_host
