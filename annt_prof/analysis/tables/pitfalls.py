"""Known mistakes that a device's trace shows: what the program does in every step.

A mistake is a habit. What a trace shows once, or twice before the loop begins, may be set-up or the
last line of a script, so nothing is told of a trace without steps, nor of a single step; and of
several steps only what happens in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof import units
from annt_prof.analysis.tables.synchronisations import waits_of
from annt_prof.analysis.timeline.blocking import FREEING
from annt_prof.analysis.timeline.intervals import NOWHERE
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Phase
from annt_prof.mistakes import MistakeKey

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.phases import Phases
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

LEAST_STEPS = 2
"""Steps from which on a habit can be told. It is the least that can: in one step, or in a trace
without any, which is one span, "in every step" says no more than "at some time". Source: how
libraries set themselves up (cuBLAS and cuDNN free workspaces as they are made) and how scripts end
(``loss.item()`` after the loop)."""
_PASSES = (Phase.FORWARD, Phase.BACKWARD)
_READS_ONE_NUMBER = frozenset({"aten::item", "aten::_local_scalar_dense"})

TOLD_BY_TRACES = frozenset(
    {
        MistakeKey.COPIES_IN_PASSES,
        MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
        MistakeKey.ITEM_EVERY_ITERATION,
        MistakeKey.OPERATOR_WAITS_EVERY_ITERATION,
        MistakeKey.MEMORY_FREED_EVERY_ITERATION,
    }
)
"""The mistakes that are looked for in traces, and found in those of a device alone."""


class TraceMistake(msgspec.Struct, frozen=True):
    """A mistake that happens in each step.

    Attributes:
        key: Its name, the same in any trace that shows it.
        text: A sentence, with how often it happens.
        subject: The operator that makes it, where it could be another one.
    """

    key: MistakeKey
    text: str
    subject: str | None = None


def pitfalls(timeline: Timeline) -> tuple[TraceMistake, ...] | None:
    """Return the mistakes that happen in each of the steps; None of fewer than ``LEAST_STEPS``.

    Args:
        timeline: Of a whole trace: what is lost cannot be counted.
    """
    if len(timeline.steps.names) < LEAST_STEPS:
        return None
    return tuple(_mistakes(timeline))


def _mistakes(timeline: Timeline) -> Iterator[TraceMistake]:
    steps = timeline.steps
    copies = _copies_to_device(timeline)
    if often := _often(copies.at_ns[copies.launched_in(timeline.phases, _PASSES)], steps):
        yield TraceMistake(
            MistakeKey.COPIES_IN_PASSES,
            f"host-to-device copies are launched inside the passes {often}: the model makes "
            "tensors on the host and moves them",
        )
    pageable = copies.pageable
    if often := _often(copies.at_ns[pageable], steps):
        yield TraceMistake(
            MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
            f"host-to-device copies come from memory that is not pinned {often}: "
            f"{_held(timeline, copies.call[pageable])}",
        )
    yield from _operators_that_wait(timeline, copies.call[pageable])
    if often := _often(timeline.events.start_ns[_calls(timeline, FREEING)], steps):
        yield TraceMistake(
            MistakeKey.MEMORY_FREED_EVERY_ITERATION,
            f"device memory is given back {often}, which waits for the device: empty_cache in "
            "the loop, or memory that hardly suffices",
        )


def _often(instants_ns: Ints, steps: Steps) -> str | None:
    """Say how often something happens a step; None where any step is without it."""
    place = steps.step_at(instants_ns)
    counts = np.bincount(place[place != NOWHERE], minlength=len(steps.names))
    least, most = int(counts.min()), int(counts.max())
    if not least:
        return None
    if least == most:
        return "once a step" if most == 1 else f"{units.whole(most)} times a step"
    return f"{units.whole(least)} to {units.whole(most)} times a step"


@dataclass(frozen=True, eq=False)
class _Copies:
    """Copies to the device, columns of shape (n,).

    Attributes:
        at_ns: When it was launched; when it began where that is not known.
        call: What launched it, or ``UNKNOWN_CALL``.
        pageable: Whether the memory it reads is not pinned.
    """

    at_ns: Ints
    call: NDArray[np.intp]
    pageable: NDArray[np.bool_]

    def launched_in(self, phases: Phases, wanted: tuple[Phase, ...]) -> NDArray[np.bool_]:
        """Tell which are known to be launched in these phases."""
        places = [PHASES.index(phase) for phase in wanted]
        inside = np.isin(phases.segments.label_at(self.at_ns), places)
        known: NDArray[np.bool_] = self.call != UNKNOWN_CALL
        return known & inside


def _copies_to_device(timeline: Timeline) -> _Copies:
    events, names = timeline.events, timeline.trace.names
    copies = timeline.copies[timeline.to_device[events.name[timeline.copies]]]
    call = timeline.launch_calls(copies)
    return _Copies(
        at_ns=events.start_ns[np.where(call == UNKNOWN_CALL, copies, call)],
        call=call,
        pageable=np.array(["Pageable" in names[i] for i in events.name[copies]], bool),
    )


def _held(timeline: Timeline, calls: NDArray[np.intp]) -> str:
    """Say how long the calls held the host; what the driver may do is no figure."""
    events, steps = timeline.events, timeline.steps
    waited = np.intersect1d(timeline.pageable_waits.call, calls)
    waited = waited[steps.step_at(events.start_ns[waited]) != NOWHERE]
    held_ns = int((events.end_ns[waited] - events.start_ns[waited]).sum())
    if not held_ns:
        return "the driver may make the host wait for them, non-blocking or not; here it did not"
    shown = units.duration(round(held_ns / len(steps.names)))
    return f"their calls held the host for {shown} a step, non-blocking or not"


def _operators_that_wait(timeline: Timeline, told: NDArray[np.intp]) -> Iterator[TraceMistake]:
    """Yield the operators that wait in each step, apart from the calls already told of."""
    made: dict[tuple[str, str | None], set[int]] = {}
    for wait in waits_of(timeline):
        if wait.operator is not None and wait.call not in told:
            # One operator may block twice: in the copy, then in the wait after it.
            made.setdefault((wait.operator, wait.inner_operator), set()).add(wait.made_by)
    for (outer, inner), operators in made.items():
        if often := _often(timeline.events.start_ns[sorted(operators)], timeline.steps):
            within = "" if inner == outer else f" ({inner})"
            reads = _READS_ONE_NUMBER & {outer, inner}
            yield TraceMistake(
                MistakeKey.ITEM_EVERY_ITERATION
                if reads
                else MistakeKey.OPERATOR_WAITS_EVERY_ITERATION,
                f"{outer}{within} waits for the device {often}",
                subject=f"{outer}{within}",
            )


def _calls(timeline: Timeline, names: frozenset[str]) -> NDArray[np.bool_]:
    called = timeline.trace.names_where([name in names for name in timeline.trace.names])
    return called & timeline.runtime_calls
