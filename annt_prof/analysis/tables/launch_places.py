"""Where each kernel was launched from: phase, operator, module and line."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.tables.python_frames import lines_around, modules_around
from annt_prof.analysis.timeline.intervals import NOWHERE
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL, operators_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """Where each kernel was launched from, shape (n,) each; ``NOWHERE`` where it is not known.

    Attributes:
        phase: Index into ``PHASES``.
        operator: Index into ``Trace.names``, as are the others.
        module: The innermost one around the launch.
        line: The innermost line of Python that is not torch's own.
    """

    phase: Ints
    operator: Ints
    module: Ints
    line: Ints

    def __getitem__(self, chosen: NDArray[np.bool_]) -> Places:
        return Places(*(getattr(self, field.name)[chosen] for field in fields(self)))


def launch_places(timeline: Timeline, kernels: NDArray[np.intp]) -> Places:
    """Return where kernels were launched from.

    Args:
        timeline: Of a trace.
        kernels: Indices of kernels, shape (n,).
    """
    trace, calls = timeline.trace, timeline.launch_calls(kernels)
    operators = operators_of(trace.events, kernels)
    known = calls != UNKNOWN_CALL

    def of_known(labels: Ints) -> Ints:
        result = np.full(len(kernels), NOWHERE, np.int64)
        result[known] = labels
        return result

    return Places(
        phase=of_known(timeline.phases.segments.label_at(trace.events.start_ns[calls[known]])),
        operator=np.where(operators == NOWHERE, NOWHERE, trace.events.name[operators]),
        module=of_known(modules_around(trace, calls[known])),
        line=of_known(lines_around(trace, calls[known])),
    )
