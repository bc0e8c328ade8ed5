"""Calls in which the host waited for the device, and the operators that made them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from annt_prof.analysis.blocking import synchronising_calls
from annt_prof.analysis.intervals import NOWHERE, first_come
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
            None for an explicit call from Python, and where the file breaks off, as the
            operator may be lost.
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
    if not trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER).any():
        return None
    found: dict[tuple[str, str | None, str | None], list[int]] = {}
    for wait in waits_of(trace, steps):
        name = trace.names[trace.events.name[wait.call]]
        length_ns = int(trace.events.end_ns[wait.call] - trace.events.start_ns[wait.call])
        found.setdefault((name, wait.operator, wait.inner_operator), []).append(length_ns)
    rows = [Synchronisation(*key, len(ns), sum(ns)) for key, ns in found.items()]
    return tuple(sorted(rows, key=lambda row: (-row.blocked_ns, row.call, row.operator or "")))


class Wait(NamedTuple):
    """One blocking call.

    Attributes:
        call: Index into the trace's events.
        operator: Name of the outermost operator around it; None for an explicit call.
        inner_operator: Name of the innermost one; None likewise.
        made_by: Index of the innermost one; ``NOWHERE`` likewise.
    """

    call: int
    operator: str | None
    inner_operator: str | None
    made_by: int


def waits_of(trace: Trace, steps: Steps) -> list[Wait]:
    """Return the blocking calls that began within the steps, in the order of the file."""
    events = trace.events
    inside = first_come(steps.start_ns, steps.end_ns).covers(events.start_ns)
    found = []
    for call in np.flatnonzero(synchronising_calls(trace) & inside):
        around = [] if trace.losses else _operators_around(trace, int(call))
        names = [trace.names[events.name[one]] for one in around]
        found.append(
            Wait(int(call), names[0], names[-1], around[-1])
            if around
            else Wait(int(call), None, None, NOWHERE)
        )
    return found


def _operators_around(trace: Trace, call: int) -> list[int]:
    """Return the indices of the operators around a call on its thread, the outermost first.

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
    # Of a backward pass the evaluation of a node is a wrapper, as old traces' annotations are.
    return [int(one) for one in outermost_first if _is_operator(trace.names[events.name[one]])]


def _is_operator(name: str) -> bool:
    return "::" in name and not name.startswith("autograd::engine")
