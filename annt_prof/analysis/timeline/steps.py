"""The steps of a trace and the host thread that runs them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, first_come, last_by, places_by
from annt_prof.analysis.timeline.passes import told_backward_functions
from annt_prof.analysis.timeline.torch_ranges import DATA_LOADER, DATA_PIPE, OPTIMIZER
from annt_prof.categories import PHASE_PREFIX
from annt_prof.errors import UserError
from annt_prof.trace.columns import DEVICE_KINDS, HOST_KINDS, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Events, Trace

EVERY_STEP = slice(None)
WHOLE_TRACE = "whole trace"
NO_THREAD = -1

_STEP_NAME = re.compile(r"ProfilerStep#\d+")
_MAIN_THREAD_NAMES = (PHASE_PREFIX, DATA_LOADER, DATA_PIPE, OPTIMIZER)


@dataclass(frozen=True, eq=False)
class Steps:
    """Steps in the order of time.

    Attributes:
        names: As in the trace; ``WHOLE_TRACE`` alone where it has no steps.
        start_ns: int64, shape (n,).
        end_ns: int64, shape (n,).
        main_thread: Index into ``Trace.threads``: the thread that runs the steps;
            ``NO_THREAD`` where the trace has no host events.
    """

    names: tuple[str, ...]
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    main_thread: int

    def chosen(self, selection: slice) -> Steps:
        """Keep the steps at these positions, counted from 0 as Python slices do.

        Raises:
            UserError: There is no step at any of them.
        """
        names = self.names[selection]
        if not names:
            raise UserError(
                f"no step is left: the trace has {len(self.names)}, counted from 0",
                where="--steps",
            )
        return Steps(names, self.start_ns[selection], self.end_ns[selection], self.main_thread)

    def step_at(self, instants_ns: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the step that each instant lies in, ``NOWHERE`` outside; shape of the instants.

        Where a damaged trace has steps that overlap it is the one that began last.
        """
        place = last_by(self.start_ns, instants_ns)
        inside = (place >= 0) & (instants_ns < self.end_ns[place])
        return np.where(inside, place, NOWHERE).astype(np.int64)


def is_step(name: str) -> bool:
    """Tell whether a range of this name is a step."""
    return bool(_STEP_NAME.fullmatch(name))


def find_steps(trace: Trace) -> Steps:
    """Find the host ranges ``ProfilerStep#N``; a trace without any is one span.

    Kineto repeats the ranges on the device, as long as the device work they launched: those
    are no steps. A range listed twice counts once.

    Raises:
        UserError: The trace holds nothing that takes time.
    """
    events = trace.events
    is_range = trace.names_where([is_step(name) for name in trace.names])
    steps = np.flatnonzero(is_range & events.of_kind(Kind.ANNOTATION, Kind.OPERATOR))
    if not len(steps):
        return _whole(trace)
    main_thread = int(np.bincount(events.thread[steps]).argmax())
    steps = steps[events.thread[steps] == main_thread]
    spans = sorted(
        {(int(events.start_ns[i]), int(events.end_ns[i])): int(i) for i in steps}.items()
    )
    return Steps(
        names=tuple(trace.names[events.name[i]] for _, i in spans),
        start_ns=np.array([start for (start, _), _ in spans], np.int64),
        end_ns=np.array([end for (_, end), _ in spans], np.int64),
        main_thread=main_thread,
    )


def _whole(trace: Trace) -> Steps:
    events = trace.events[trace.events.of_kind(*HOST_KINDS, *DEVICE_KINDS)]
    if not len(events) or events.start_ns.min() == events.end_ns.max():
        raise UserError(
            "the trace holds no operators, launches or device activities",
            where=trace.source,
            hint="was the profiler stopped before the first step? With a schedule, write the "
            "trace from on_trace_ready",
        )
    return Steps(
        names=(WHOLE_TRACE,),
        start_ns=events.start_ns.min(keepdims=True),
        end_ns=events.end_ns.max(keepdims=True),
        main_thread=_main_thread(trace),
    )


def _main_thread(trace: Trace) -> int:
    """Guess at the thread that trains, by what only it does, then by its id, then by its time.

    An optimizer that hooks run in the backward pass tells autograd's thread, and not this one.
    """
    events = trace.events
    telling = trace.names_where([name.startswith(_MAIN_THREAD_NAMES) for name in trace.names])
    telling &= events.of_kind(Kind.ANNOTATION, Kind.OPERATOR)
    running = told_backward_functions(trace)
    telling &= ~first_come(events.start_ns[running], events.end_ns[running]).covers(events.start_ns)
    if telling.any():
        return int(np.bincount(events.thread[telling]).argmax())
    host = events[events.of_kind(Kind.OPERATOR, Kind.ANNOTATION, Kind.RUNTIME, Kind.DRIVER)]
    present = places_by(host.thread)
    for thread in present:
        process, own = trace.threads[thread]
        if process == own:  # on Linux the main thread's id is the process's
            return thread
    return max(present, key=lambda thread: _busy_ns(host, present[thread]), default=NO_THREAD)


def _busy_ns(host: Events, own: NDArray[np.intp]) -> int:
    covered = first_come(host.start_ns[own], host.end_ns[own])
    return int((covered.end_ns - covered.start_ns).sum())
