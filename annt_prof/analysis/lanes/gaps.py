"""The idle time of the steps as gaps of one cause each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.path.idle import idle_pieces
from annt_prof.analysis.timeline.intervals import Segments
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline


def gaps_by_cause(timeline: Timeline) -> Segments | None:
    """Return every idle time of the steps, cut where its cause changes, labelled with it.

    None of a trace without device activities or without a whole step, as of ``idle``.
    """
    if not len(timeline.activities):
        return None
    try:
        steps = timeline.whole_steps
    except UserError:  # none is whole
        return None
    pieces, of_step = idle_pieces(timeline.idleness, steps)
    begins = np.ones(len(of_step), bool)
    begins[1:] = pieces.start_ns[1:] != pieces.end_ns[:-1]
    begins[1:] |= (of_step[1:] != of_step[:-1]) | (pieces.label[1:] != pieces.label[:-1])
    ends = np.append(begins[1:], True)[: len(begins)]
    return Segments(pieces.start_ns[begins], pieces.end_ns[ends], pieces.label[begins])
