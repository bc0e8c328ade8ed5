"""The activities that a walk back in time comes through, found in runs that follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.intervals import last_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Places = NDArray[np.intp]


class CircularPathError(Exception):
    """An activity was found to wait for itself: a fault of the rules, whatever the file holds."""


def visited(timeline: Timeline, first: int, following: Places, begin: int) -> Places:
    """Return the activities from the first one back to the beginning; the last may be their end.

    Most waited for the one before them, so the walk goes from run to run of such activities. The
    first of a run, its head, waited for another one or for nothing, or the walk ends with it; all
    that stand behind it in its run lead to it, one by one.

    Args:
        timeline: With device activities.
        first: Where the walk begins: an index into the gates, or their number for the steps' end.
        following: What each of them and, as the last one, the steps' end waited for, an index into
            the gates; ``NOTHING`` where it waited for none of them. Shape (gates + 1,).
        begin: Of the steps, ns; the walk ends with an activity that began by then.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    gated, nodes = timeline.gates, np.arange(len(following))
    began = np.append(gated.start_ns <= begin, False)
    heads = np.flatnonzero((following != nodes - 1) | (nodes == 0) | began)
    ending = began[heads] | (following[heads] == NOTHING)
    runs = last_by(heads, following[heads])
    nodes_next, runs_next = following[heads].tolist(), np.where(ending, NOTHING, runs).tolist()
    entered = [NOTHING] * len(heads)
    node, run = first, int(last_by(heads, np.array([first]))[0])
    walked = []
    while run != NOTHING:
        if entered[run] != NOTHING:
            node = min(node, entered[run])
            raise CircularPathError(
                f"{timeline.trace.names[timeline.events.name[gated.event[node]]]!r} at "
                f"{gated.start_ns[node]} ns of {timeline.trace.source} waits for itself"
            )
        entered[run] = node
        walked.append(run)
        node, run = nodes_next[run], runs_next[run]
    return _descending(np.array(entered)[walked], heads[walked])


def _descending(from_node: Places, to_node: Places) -> Places:
    """Return the nodes from one to another, downwards, of one run after the other.

    Args:
        from_node: Of each run, shape (runs,).
        to_node: The last one, likewise.
    """
    lengths = from_node - to_node + 1
    begins = np.cumsum(lengths) - lengths
    nodes: Places = np.repeat(from_node + begins, lengths) - np.arange(lengths.sum())
    return nodes
