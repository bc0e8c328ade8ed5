"""What ran on the host: operators by name, with what each did itself and what it launched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.tables.counts import counted, phase_name
from annt_prof.analysis.timeline.intervals import NOWHERE, added_up, grouped, places_by
from annt_prof.analysis.timeline.launches import operators_of
from annt_prof.analysis.timeline.nesting import self_times
from annt_prof.analysis.timeline.percentiles import percentiles
from annt_prof.analysis.timeline.torch_ranges import NAMING
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


class ThreadKind(StrEnum):
    """Whose thread an operator ran on."""

    MAIN = "main"
    AUTOGRAD = "autograd"
    OTHER = "other"


_THREADS = tuple(ThreadKind)


class OperatorRow(msgspec.Struct, frozen=True):
    """All operators of one name that began within the steps.

    Attributes:
        name: As in the trace.
        count: Calls.
        total_ns: Sum of their durations, with the operators inside; of one that calls itself both
            count.
        self_ns: Of that, what is in no operator inside on the same thread, which may end after the
            steps. None where the file breaks off: one inside may be lost.
        mean_ns: Of the durations, rounded.
        p50_ns: Median duration, rounded.
        p95_ns: 95th percentile of the durations, linear between ranks, rounded.
        share_of_steps: ``self_ns`` over the steps' wall time; those of all rows may add up to more
            than 1, as several threads run at once. None where ``self_ns`` is.
        phases: Calls by the phase that the main thread was in when they began; ``unattributed``
            where it was in none. None where the file breaks off.
        threads: Calls by the ``ThreadKind`` that they ran on, the most frequent first.
        device_ns: Durations of the kernels, copies and memsets that they launched themselves, and
            not through operators inside, whenever these ran. None where the trace has none, or no
            external ids to tell, or breaks off.
    """

    name: str
    count: int
    total_ns: int
    self_ns: int | None
    mean_ns: int
    p50_ns: int
    p95_ns: int
    share_of_steps: float | None
    phases: dict[str, int] | None
    threads: dict[str, int]
    device_ns: int | None


class OperatorTable(msgspec.Struct, frozen=True):
    """Operators of the steps.

    Attributes:
        rows: Those of the most time of their own first (of a file that breaks off: of the most
            time in all), as many as asked for.
        num_names: Different operators in all.
        count: Calls in all, of the rows and the others.
        self_ns: Of all of them; None where that of the rows is.
        num_steps: Steps that they began in.
        wall_ns: Of these steps.
    """

    rows: tuple[OperatorRow, ...]
    num_names: int
    count: int
    self_ns: int | None
    num_steps: int
    wall_ns: int


def operator_table(timeline: Timeline, top: int) -> OperatorTable | None:
    """Return the operators that began within the steps; None where the trace has none at all.

    What only names a stretch of the program is no operator, whatever the file calls it.

    Args:
        timeline: Of a trace with host events or not.
        top: Most rows.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.steps
    naming = trace.names_where([name.startswith(NAMING) for name in trace.names])
    operators = np.flatnonzero(events.of_kind(Kind.OPERATOR) & ~naming)
    if not len(operators):
        return None
    own_ns = self_times(
        events.start_ns[operators], events.end_ns[operators], events.thread[operators]
    )
    inside = steps.step_at(events.start_ns[operators]) != NOWHERE
    operators, own_ns = operators[inside], own_ns[inside]
    calls = _calls(timeline, operators, own_ns)
    group, names = grouped(events.name[operators])
    ranked_ns = added_up(group, calls.duration_ns if trace.losses else own_ns, len(names))
    members = places_by(group)
    wall_ns = int((steps.end_ns - steps.start_ns).sum())
    rows = tuple(
        _row(trace.names[names[number]], calls[members[number]], wall_ns, whole=not trace.losses)
        for number in np.lexsort((names, -ranked_ns))[:top].tolist()
    )
    all_self_ns = None if trace.losses else int(own_ns.sum())
    return OperatorTable(rows, len(names), len(operators), all_self_ns, len(steps.names), wall_ns)


@dataclass(frozen=True, eq=False)
class _Calls:
    """Each call of an operator, shape (n,) each; ``device_ns`` is None where it is not known."""

    duration_ns: Ints
    self_ns: Ints
    phase: Ints
    thread: Ints
    device_ns: Ints | None

    def __getitem__(self, chosen: NDArray[np.intp]) -> _Calls:
        return _Calls(
            self.duration_ns[chosen],
            self.self_ns[chosen],
            self.phase[chosen],
            self.thread[chosen],
            None if self.device_ns is None else self.device_ns[chosen],
        )


def _calls(timeline: Timeline, operators: NDArray[np.intp], self_ns: Ints) -> _Calls:
    events = timeline.events
    thread = np.full(len(operators), _THREADS.index(ThreadKind.OTHER))
    thread[timeline.on_step_threads[operators]] = _THREADS.index(ThreadKind.AUTOGRAD)
    thread[timeline.on_main_thread[operators]] = _THREADS.index(ThreadKind.MAIN)
    device_ns = _device_ns(timeline)
    return _Calls(
        duration_ns=events.end_ns[operators] - events.start_ns[operators],
        self_ns=self_ns,
        phase=timeline.phases.segments.label_at(events.start_ns[operators]),
        thread=thread,
        device_ns=None if device_ns is None else device_ns[operators],
    )


def _device_ns(timeline: Timeline) -> Ints | None:
    """Return the time that each event's own device activities took, shape (events,)."""
    events, activities = timeline.events, timeline.activities
    launching = operators_of(events, activities)
    known = launching != NOWHERE
    if timeline.trace.losses or not known.any():
        return None
    lasting_ns = events.end_ns[activities] - events.start_ns[activities]
    return added_up(launching[known], lasting_ns[known], len(events))


def _row(name: str, calls: _Calls, wall_ns: int, *, whole: bool) -> OperatorRow:
    total_ns, self_ns = int(calls.duration_ns.sum()), int(calls.self_ns.sum())
    p50_ns, p95_ns = percentiles(calls.duration_ns, 50, 95)
    return OperatorRow(
        name=name,
        count=len(calls.duration_ns),
        total_ns=total_ns,
        self_ns=self_ns if whole else None,
        mean_ns=round(total_ns / len(calls.duration_ns)),
        p50_ns=p50_ns,
        p95_ns=p95_ns,
        share_of_steps=self_ns / wall_ns if whole else None,
        phases=counted(calls.phase, phase_name) if whole else None,
        threads=counted(calls.thread, lambda number: _THREADS[number].value),
        device_ns=None if calls.device_ns is None else int(calls.device_ns.sum()),
    )
