"""Which steps are whole: of a trace that breaks off, or whose profiler lost kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.steps import Steps
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.lost_launches import LostLaunches
    from annt_prof.trace.columns import Trace


def whole_steps(trace: Trace, steps: Steps) -> tuple[Steps, tuple[str, ...]]:
    """Leave out the steps that a trace without its end cannot show.

    Only where the file lists its events in the order of time is anything known: then a step that
    ended before the last event began is whole. Kineto mostly writes kind after kind, so that any
    step may lack launches or kernels and would seem idle; then no step is taken for whole.
    Traces without losses are taken as they are.

    Returns:
        The whole steps, and the names of those left out.

    Raises:
        UserError: No step is known to be whole.
    """
    if not trace.losses:
        return steps, ()
    start_ns = trace.events.start_ns
    in_order = bool(np.all(np.diff(start_ns) >= 0))
    whole = steps.end_ns <= start_ns[-1] if in_order else np.zeros(len(steps.names), bool)
    if not whole.any():
        why = "" if in_order else ", as its events are not in the order of time"
        raise UserError(
            f"no step is known to be whole{why}: {'; '.join(trace.losses)}",
            where=trace.source,
            hint="record the trace again",
        )
    return _parted(steps, whole)


def known_steps(trace: Trace, steps: Steps, lost: LostLaunches) -> tuple[Steps, tuple[str, ...]]:
    """Leave out the steps whose device time is not known as kernels launched in them are lost.

    Args:
        trace: One without losses of its own.
        steps: The selected ones.
        lost: Its launches without a kernel.

    Returns:
        The other steps, and the names of those left out.

    Raises:
        UserError: None is left.
    """
    unknown = lost.unknown(steps)
    if unknown.all():
        raise UserError(
            f"no step is known to be whole: {lost.lost + lost.late} of {lost.launches} kernel "
            "launches have no kernel in the trace",
            where=trace.source,
            hint="record more steps, or with a longer warm-up of the profiler",
        )
    return _parted(steps, ~unknown)


def _parted(steps: Steps, whole: NDArray[np.bool_]) -> tuple[Steps, tuple[str, ...]]:
    kept = tuple(name for name, is_whole in zip(steps.names, whole, strict=True) if is_whole)
    left_out = tuple(
        name for name, is_whole in zip(steps.names, whole, strict=True) if not is_whole
    )
    return Steps(kept, steps.start_ns[whole], steps.end_ns[whole], steps.main_thread), left_out
