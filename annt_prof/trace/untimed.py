"""Device activities that the profiler could not time: it writes 0 for both of their ends."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.trace.columns import DEVICE_KINDS, Kind

if TYPE_CHECKING:
    from annt_prof.trace.columns import Events

_DAY_NS = 86_400 * 10**9
"""Times count from 1970, or since the machine was booted or the trace began. A trace whose other
events begin more than a day after 0 did not begin with one that lies there."""


def without_untimed(events: Events) -> tuple[Events, int]:
    """Take device activities that lie at 0 in a trace that begins later for what they are: nothing.

    Left as they are they would begin the trace decades before its first step.

    Returns:
        The events, those of kind ``OTHER``, and their number.

    Source: pytorch/kineto issue 109, a thousand such kernels in one trace.
    """
    if not len(events) or events.start_ns.min() != 0:
        return events, 0
    untimed = (events.end_ns == 0) & events.of_kind(*DEVICE_KINDS)
    if events.start_ns[~untimed].min(initial=np.iinfo(np.int64).max) <= _DAY_NS:
        return events, 0
    kind = np.where(untimed, np.int8(Kind.OTHER), events.kind)
    return replace(events, kind=kind), int(untimed.sum())
