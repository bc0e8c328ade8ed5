"""Calls and loops in which the host waited for the device, and the operators that made them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, first_come, places_by
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Events, Trace


class Synchronisation(msgspec.Struct, frozen=True):
    """All waits by calls of one name made from one place.

    Attributes:
        call: Such as ``cudaStreamSynchronize``.
        operator: The outermost operator around the call on its thread, such as ``aten::item``;
            None for an explicit call from Python, and where the file breaks off, as the
            operator may be lost.
        inner_operator: The innermost one, such as ``aten::_local_scalar_dense``; None likewise.
        count: Waits that began within the steps.
        blocked_ns: Sum of their durations.
        polled: Whether each wait is a loop of such calls, that asks until the device is done.
    """

    call: str
    operator: str | None
    inner_operator: str | None
    count: int
    blocked_ns: int
    polled: bool = False


def synchronisations(timeline: Timeline) -> tuple[Synchronisation, ...] | None:
    """Return the waits of the steps, the longest in total first.

    None where the trace has no calls of a device's runtime.
    """
    if not timeline.runtime_calls.any():
        return None
    names, events = timeline.trace.names, timeline.events
    lengths_ns: dict[tuple[str, str | None, str | None, bool], list[int]] = {}
    for wait in waits_of(timeline):
        made = (names[events.name[wait.call]], wait.operator, wait.inner_operator, wait.polled)
        lengths_ns.setdefault(made, []).append(wait.length_ns)
    rows = [
        Synchronisation(call, outer, inner, len(ns), sum(ns), polled)
        for (call, outer, inner, polled), ns in lengths_ns.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.blocked_ns, row.call, row.operator or "")))


class Wait(NamedTuple):
    """One blocking call, or loop of calls.

    Attributes:
        call: Index into the trace's events; of a loop its first call.
        polled: Whether it is a loop.
        length_ns: How long it took.
        operator: Name of the outermost operator around it; None for an explicit call.
        inner_operator: Name of the innermost one; None likewise.
        made_by: Index of the innermost one; ``NOWHERE`` likewise.
    """

    call: int
    polled: bool
    length_ns: int
    operator: str | None
    inner_operator: str | None
    made_by: int


def waits_of(timeline: Timeline) -> list[Wait]:
    """Return the waits that began within the steps, in the order of the file."""
    trace, steps, waits = timeline.trace, timeline.steps, timeline.waits
    waits = waits[first_come(steps.start_ns, steps.end_ns).covers(waits.start_ns)]
    waits = waits[np.argsort(waits.call)]
    around = {} if trace.losses else _operators_around(trace, waits.call)
    lengths_ns, polled = waits.end_ns - waits.start_ns, waits.num_calls > 1
    columns = (waits.call.tolist(), polled.tolist(), lengths_ns.tolist())
    return [
        Wait(call, is_loop, length_ns, *_made_by(trace, around.get(call)))
        for call, is_loop, length_ns in zip(*columns, strict=True)
    ]


def _made_by(trace: Trace, around: tuple[int, int] | None) -> tuple[str | None, str | None, int]:
    """Return the names of the operators around a call, and the innermost one's index."""
    if around is None:
        return None, None, NOWHERE
    outermost, innermost = (trace.names[trace.events.name[operator]] for operator in around)
    return outermost, innermost, around[1]


def _operators_around(trace: Trace, calls: NDArray[np.intp]) -> dict[int, tuple[int, int]]:
    """Return the outermost and the innermost operator around each call on its thread.

    One sweep over the operators of each thread: looking through all of them for each call takes
    minutes where a program waits at every turn.
    """
    events = trace.events
    # Of a backward pass the evaluation of a node is a wrapper, as old traces' annotations are.
    named = trace.names_where([_is_operator(name) for name in trace.names])
    operators = np.flatnonzero(named & events.of_kind(Kind.OPERATOR))
    operators_by_thread = places_by(events.thread[operators])
    around: dict[int, tuple[int, int]] = {}
    for thread, places in places_by(events.thread[calls]).items():
        if thread in operators_by_thread:
            here = operators[operators_by_thread[thread]]
            around |= _around_on_thread(events, calls[places], here)
    return around


def _around_on_thread(
    events: Events, calls: NDArray[np.intp], operators: NDArray[np.intp]
) -> dict[int, tuple[int, int]]:
    start_ns, end_ns = events.start_ns[operators], events.end_ns[operators]
    order = np.lexsort((-end_ns, start_ns))
    columns = (operators[order].tolist(), start_ns[order].tolist(), end_ns[order].tolist())
    outermost_first = deque(zip(*columns, strict=True))
    around: dict[int, tuple[int, int]] = {}
    open_ones: deque[tuple[int, int]] = deque()  # an operator and its end, the outermost first
    for call in calls[np.argsort(events.start_ns[calls], kind="stable")].tolist():
        begun_ns, returned_ns = int(events.start_ns[call]), int(events.end_ns[call])
        while outermost_first and outermost_first[0][1] <= begun_ns:
            operator, _, ended_ns = outermost_first.popleft()
            _leave_ended(open_ones, begun_ns)
            open_ones.append((operator, ended_ns))
        _leave_ended(open_ones, begun_ns)
        outermost = next((opened for opened, end in open_ones if end >= returned_ns), None)
        innermost = next(
            (opened for opened, end in reversed(open_ones) if end >= returned_ns), None
        )
        if outermost is not None and innermost is not None:
            around[call] = outermost, innermost
    return around


def _leave_ended(open_ones: deque[tuple[int, int]], instant_ns: int) -> None:
    while open_ones and open_ones[-1][1] < instant_ns:
        open_ones.pop()
    while open_ones and open_ones[0][1] < instant_ns:
        open_ones.popleft()


def _is_operator(name: str) -> bool:
    return "::" in name and not name.startswith("autograd::engine")
