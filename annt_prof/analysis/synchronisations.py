"""Calls in which the host waited for the device, and the operators that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.blocking import synchronising_calls
from annt_prof.analysis.intervals import first_come
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.steps import Steps
    from annt_prof.trace.columns import Trace


class Synchronisation(msgspec.Struct, frozen=True):
    """All blocking calls of one name made from one place.

    Attributes:
        call: Such as ``cudaStreamSynchronize``.
        operator: The outermost operator around the call on its thread, such as ``aten::item``;
            None for an explicit call from Python.
        inner_operator: The innermost one, such as ``aten::_local_scalar_dense``; None likewise.
        count: Calls that began within the steps.
        blocked_ns: Sum of their durations.
    """

    call: str
    operator: str | None
    inner_operator: str | None
    count: int
    blocked_ns: int


def synchronisations(trace: Trace, steps: Steps) -> tuple[Synchronisation, ...] | None:
    """Return the blocking calls of the steps, the longest in total first.

    None where the trace has no calls of a device's runtime.
    """
    events = trace.events
    if not events.of_kind(Kind.RUNTIME, Kind.DRIVER).any():
        return None
    calls = np.flatnonzero(
        synchronising_calls(trace)
        & first_come(steps.start_ns, steps.end_ns).covers(events.start_ns)
    )
    found: dict[tuple[str, str | None, str | None], list[int]] = {}
    for call in calls:
        around = _operators_around(trace, int(call))
        outer, inner = (around[0], around[-1]) if around else (None, None)
        lengths = found.setdefault((trace.names[events.name[call]], outer, inner), [])
        lengths.append(int(events.end_ns[call] - events.start_ns[call]))
    rows = [Synchronisation(*key, len(ns), sum(ns)) for key, ns in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.blocked_ns, row.call, row.operator or "")))


def _operators_around(trace: Trace, call: int) -> list[str]:
    """Return the operators around a call on its thread, the outermost first.

    There are few blocking calls, so each looks through the operators of its thread anew.
    """
    events = trace.events
    around: NDArray[np.intp] = np.flatnonzero(
        (events.thread == events.thread[call])
        & (events.kind == Kind.OPERATOR)
        & (events.start_ns <= events.start_ns[call])
        & (events.end_ns >= events.end_ns[call])
    )
    outermost_first = around[np.lexsort((-events.end_ns[around], events.start_ns[around]))]
    names = [trace.names[events.name[one]] for one in outermost_first]
    # Of a backward pass the evaluation of a node is a wrapper, as old traces' annotations are.
    return [name for name in names if "::" in name and not name.startswith("autograd::engine")]
