"""The phases of the training step, as ranges of its main host thread."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, distinct, innermost
from annt_prof.analysis.timeline.passes import backward_functions, find_passes
from annt_prof.analysis.timeline.program_ranges import phase_of_range
from annt_prof.analysis.timeline.torch_ranges import (
    DATA_LOADER,
    DATA_PIPE,
    OPTIMIZER_STEP,
    ZERO_GRAD,
)
from annt_prof.categories import PHASE_PREFIX, Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.passes import Ranges
    from annt_prof.trace.columns import Trace

    PhaseRanges = tuple[Phase, Ranges]

PHASES = tuple(Phase)

_OWN_NAMES = {PHASE_PREFIX + phase: phase for phase in Phase}
_TORCH_PREFIXES = {
    DATA_LOADER: Phase.DATA_LOADING,
    DATA_PIPE: Phase.DATA_LOADING,
    OPTIMIZER_STEP: Phase.OPTIMIZER,
    ZERO_GRAD: Phase.ZERO_GRAD,
}
_HOOKED = (Phase.OPTIMIZER, Phase.ZERO_GRAD)


@dataclass(frozen=True, eq=False)
class Phases:
    """What the main thread was in at each instant.

    Attributes:
        segments: Labelled with indices into ``PHASES``; nested phases are flattened, the
            innermost wins.
        annotated: Whether they are annt-prof's own annotations; otherwise they are pieced
            together from what torch annotates by itself, and from the program's own ranges.
        seen: Phases that have at least one range.
        named_by_program: Names of the program's own ranges that a phase was told by.
        unpaired: Whether there are forward passes without any backward pass in the trace.
    """

    segments: Segments
    annotated: bool
    seen: frozenset[Phase]
    named_by_program: Mapping[Phase, tuple[str, ...]]
    unpaired: bool


def find_phases(trace: Trace, main_thread: int) -> Phases:
    """Find the phases of the step.

    Own annotations are taken alone where there are any. Otherwise the loader, the optimizer and
    zeroing come from torch's ranges, the passes from autograd. A phase that has none of these is
    what the program calls so.
    """
    on_main = trace.events.thread == main_thread
    own = _named(trace, on_main, [_OWN_NAMES.get(name) for name in trace.names])
    if own:
        return _phases(own, annotated=True)
    passes = find_passes(trace, main_thread)
    of_torch = [_torch_phase(name) for name in trace.names]
    # A hook may run the optimizer as soon as a gradient is there, where the backward pass runs.
    running = distinct(trace.events.thread[backward_functions(trace, main_thread)])
    elsewhere = np.isin(trace.events.thread, running) & ~on_main
    hooked = _named(trace, elsewhere, [phase if phase in _HOOKED else None for phase in of_torch])
    # First in the list is outermost where two ranges are equal.
    ranges = [
        (Phase.FORWARD, passes.forward),
        (Phase.BACKWARD, passes.backward),
        *_named(trace, on_main, of_torch),
        *hooked,
    ]
    seen = _seen(ranges)
    of_program = _phases_of_program(trace, on_main, seen)
    told = _named(trace, on_main, of_program)
    return _phases(
        [*told, *ranges],
        named_by_program=_names(trace, on_main, of_program),
        unpaired=passes.unpaired,
    )


def _phases_of_program(
    trace: Trace, on_main: NDArray[np.bool_], seen: frozenset[Phase]
) -> list[Phase | None]:
    """Return the phase that each name is the name of, of those that torch left no mark of."""
    phase_of_name: list[Phase | None] = [None] * len(trace.names)
    for name in distinct(trace.events.name[on_main & _ranging(trace)]).tolist():
        phase = phase_of_range(trace.names[name])
        phase_of_name[name] = None if phase in seen else phase
    return phase_of_name


def _names(
    trace: Trace, chosen: NDArray[np.bool_], phase_of_name: Sequence[Phase | None]
) -> dict[Phase, tuple[str, ...]]:
    """Return the names by which the chosen events tell each phase, in the order of the file."""
    named = trace.names_where([phase is not None for phase in phase_of_name])
    named &= chosen & _ranging(trace)
    names: dict[Phase, tuple[str, ...]] = {}
    for name in distinct(trace.events.name[named]).tolist():
        phase = phase_of_name[name]
        if phase is not None:
            names[phase] = (*names.get(phase, ()), trace.names[name])
    return names


def _torch_phase(name: str) -> Phase | None:
    for prefix, phase in _TORCH_PREFIXES.items():
        if name.startswith(prefix):
            return phase
    return None


def _ranging(trace: Trace) -> NDArray[np.bool_]:
    """Tell which events may be ranges; before 2022 they were operators."""
    return trace.events.of_kind(Kind.ANNOTATION, Kind.OPERATOR)


def _named(
    trace: Trace, chosen: NDArray[np.bool_], phase_of_name: Sequence[Phase | None]
) -> list[PhaseRanges]:
    """Return the ranges among the chosen events whose names are of a phase, each by itself."""
    events = trace.events
    named = trace.names_where([phase is not None for phase in phase_of_name])
    ranges = []
    for event in np.flatnonzero(named & chosen & _ranging(trace)):
        phase = phase_of_name[events.name[event]]
        if phase is not None:
            ranges.append((phase, (events.start_ns[[event]], events.end_ns[[event]])))
    return ranges


def _seen(phase_ranges: list[PhaseRanges]) -> frozenset[Phase]:
    return frozenset(phase for phase, ranges in phase_ranges if len(ranges[0]))


def _phases(
    phase_ranges: list[PhaseRanges],
    *,
    annotated: bool = False,
    named_by_program: Mapping[Phase, tuple[str, ...]] = MappingProxyType({}),
    unpaired: bool = False,
) -> Phases:
    none = np.zeros(0, np.int64)
    start_ns = np.concatenate([none, *(ranges[0] for _, ranges in phase_ranges)])
    end_ns = np.concatenate([none, *(ranges[1] for _, ranges in phase_ranges)])
    label = np.repeat(
        np.array([PHASES.index(phase) for phase, _ in phase_ranges], np.int64),
        [len(ranges[0]) for _, ranges in phase_ranges],
    )
    return Phases(
        innermost(start_ns, end_ns, label),
        annotated,
        _seen(phase_ranges),
        named_by_program,
        unpaired,
    )
