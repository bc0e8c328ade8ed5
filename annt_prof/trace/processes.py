"""A file that scripts merged from those of several processes: one of them is kept.

Steps, launches and idle time are of one process; those of two in one file would be mixed up.
Their ids of launches mostly repeat each other, so these alone do not tell whose a kernel is.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.trace.columns import DEVICE_KINDS, HOST_KINDS, ForwardLinks, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

    Mask = NDArray[np.bool_]

_STEP_NAME = re.compile(r"ProfilerStep#\d+")
_NOBODY = -1


def one_process(trace: Trace) -> Trace:
    """Keep the process with the most steps; of equals one with calls of a device, then the first.

    Kineto gives all that a process does on the host that process's id. A file without a second
    process is returned as it is; otherwise ``Trace.doubts`` says what was left out.

    Raises:
        UserError: Nothing tells which of the processes launched some of the device's work.
    """
    events, processes = trace.events, _recorded(trace)
    if len(processes) < 2:
        return trace
    ids = [process for process, _ in trace.threads]
    of_thread = np.array([processes.index(i) if i in processes else _NOBODY for i in ids])
    own = of_thread[events.thread]
    own[events.of_kind(*DEVICE_KINDS)] = _device_owners(trace, processes, own)
    kept = _best(trace, own, len(processes))
    return _of_process(trace, processes, own, of_thread, kept)


def _recorded(trace: Trace) -> list[int | str]:
    """Return the processes that the profiler recorded, in the order of the file.

    One has operators, and steps or calls of a device's runtime. A recording of the device alone has
    annotations or calls only, which launched something: rows of a device bear both too. Beside
    operators it is another process where theirs have calls of their own (in a container calls may
    bear the id that the process has outside of it) and it has more than one such call: one alone
    bears a damaged id.
    """
    events = trace.events
    on_host = _processes(
        trace, events.of_kind(Kind.OPERATOR, Kind.ANNOTATION, Kind.RUNTIME, Kind.DRIVER)
    )
    if len(on_host) < 2:
        return on_host  # as nearly always, at no cost
    of_operators = _processes(trace, events.kind == Kind.OPERATOR)
    calls = events.of_kind(Kind.RUNTIME, Kind.DRIVER)
    calling = _processes(trace, calls)
    on_device = events.of_kind(*DEVICE_KINDS)
    launches = calls & (events.correlation > 0)
    launches &= np.isin(events.correlation, events.correlation[on_device])
    telling = {*calling, *_processes(trace, _stepping(trace))}.intersection(of_operators)
    if not of_operators:
        rows = _processes(trace, on_device)
        annotated = _processes(trace, events.kind == Kind.ANNOTATION)
        telling = {
            *_processes(trace, launches),
            *(process for process in annotated if process not in rows),
        }
    elif all(process in calling for process in telling):
        telling.update(_processes(trace, launches, least=2))
    return [process for process in on_host if process in telling]


def _processes(trace: Trace, chosen: Mask, least: int = 1) -> list[int | str]:
    """Return the processes that have so many of these events, in the order of the file."""
    counts = np.bincount(trace.events.thread[chosen], minlength=len(trace.threads))
    count_of: Counter[int | str] = Counter()
    for (process, _), count in zip(trace.threads, counts.tolist(), strict=True):
        count_of[process] += count
    return [process for process, count in count_of.items() if count >= least]


def _stepping(trace: Trace) -> Mask:
    steps = trace.names_where([bool(_STEP_NAME.fullmatch(name)) for name in trace.names])
    return steps & trace.events.of_kind(Kind.ANNOTATION, Kind.OPERATOR)


def _best(trace: Trace, own: NDArray[np.intp], count: int) -> int:
    stepping = _stepping(trace)
    calling = trace.events.of_kind(Kind.RUNTIME, Kind.DRIVER)

    def rank(process: int) -> tuple[int, bool]:
        mine = own == process
        return int((stepping & mine).sum()), bool((calling & mine).any())

    return max(range(count), key=rank)  # the first of equals


def _of_process(
    trace: Trace,
    processes: list[int | str],
    own: NDArray[np.intp],
    of_thread: NDArray[np.intp],
    kept: int,
) -> Trace:
    mine = (own == kept) | (own == _NOBODY)
    links = (of_thread == kept)[trace.forward_links.thread]
    held = (of_thread == kept)[trace.allocations.thread]
    left_out = int((~mine & trace.events.of_kind(*DEVICE_KINDS)).sum())
    doubt = (
        f"the file holds {len(processes)} processes, as one does that was merged from several: "
        f"this is process {processes[kept]} alone, and what {units.whole(left_out)} kernels, "
        "copies and memsets of others did beside it is not seen; the files before they were "
        "merged tell more, and a directory of them compares ranks"
    )
    return replace(
        trace,
        events=trace.events[mine],
        forward_links=ForwardLinks(
            trace.forward_links.start_ns[links], trace.forward_links.thread[links]
        ),
        allocations=trace.allocations[held],
        doubts=(*trace.doubts, doubt),
    )


def _device_owners(
    trace: Trace, processes: list[int | str], own: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the process of each device activity, shape (activities,).

    A script may have given the device's rows the process's own id. Otherwise, where the files
    were put one behind the other, an activity stands behind what its own process did; where they
    were not, the call tells that bears its id, in as far as only one process has it.

    Raises:
        UserError: None of these tells.
    """
    on_device = trace.events.of_kind(*DEVICE_KINDS)
    owners = own[on_device]
    unknown = owners == _NOBODY
    on_host = np.flatnonzero(trace.events.of_kind(*HOST_KINDS) & (own != _NOBODY))
    sequence = own[on_host]
    if len(on_host) and int((np.diff(sequence) != 0).sum()) == len(processes) - 1:
        place = np.searchsorted(on_host, np.flatnonzero(on_device)[unknown]) - 1
        owners[unknown] = sequence[np.maximum(place, 0)]
        return owners
    owners[unknown] = _launching(trace, processes, own, np.flatnonzero(on_device)[unknown])
    return owners


def _launching(
    trace: Trace, processes: list[int | str], own: NDArray[np.intp], activities: NDArray[np.intp]
) -> NDArray[np.intp]:
    """Return the one process that can have launched all of a device's activities in a row."""
    events = trace.events
    calling = events.of_kind(Kind.RUNTIME, Kind.DRIVER) & (events.correlation > 0)
    correlation = events.correlation[activities]
    calls_of = [events.correlation[calling & (own == p)] for p in range(len(processes))]
    may_have = np.array([np.isin(correlation, calls) for calls in calls_of])
    rows = [trace.threads[thread][0] for thread in events.thread[activities].tolist()]
    number_of: dict[tuple[int | str, int], int] = {}
    number = np.array(
        [
            number_of.setdefault(row, len(number_of))
            for row in zip(rows, events.device[activities].tolist(), strict=True)
        ],
        np.intp,
    )
    owners = np.full(len(activities), _NOBODY)
    for (_, device), group in number_of.items():
        inside = number == group
        launched = may_have[:, inside].any(axis=0)
        fitting = np.flatnonzero(may_have[:, inside][:, launched].all(axis=1))
        if len(fitting) != 1:
            raise UserError(
                f"the file holds {len(processes)} processes, and nothing tells which of them "
                f"launched what device {device} did",
                where=trace.source,
                hint="analyse the files that it was merged from; a directory of them compares "
                "ranks",
            )
        owners[inside] = fitting[0]
    return owners
