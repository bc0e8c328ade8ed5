"""The phases of the training step, as ranges of its main host thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, innermost
from annt_prof.analysis.timeline.passes import backward_ranges, forward_ranges
from annt_prof.categories import PHASE_PREFIX, Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.passes import Ranges
    from annt_prof.trace.columns import Trace

PHASES = tuple(Phase)

_OWN_NAMES = {PHASE_PREFIX + phase: phase for phase in Phase}
# Source: torch/utils/data/dataloader.py and torch/optim/optimizer.py, which emit these ranges.
_TORCH_PREFIXES = {
    "enumerate(DataLoader)#": Phase.DATA_LOADING,
    "Optimizer.step#": Phase.OPTIMIZER,
    "Optimizer.zero_grad#": Phase.ZERO_GRAD,
}


@dataclass(frozen=True, eq=False)
class Phases:
    """What the main thread was in at each instant.

    Attributes:
        segments: Labelled with indices into ``PHASES``; nested phases are flattened, the
            innermost wins.
        annotated: Whether they are annt-prof's own annotations; otherwise they are pieced
            together from what torch annotates by itself.
        seen: Phases that have at least one range.
    """

    segments: Segments
    annotated: bool
    seen: frozenset[Phase]


def find_phases(trace: Trace, main_thread: int) -> Phases:
    """Find the phases of the step.

    Own annotations are taken alone where there are any. Otherwise the loader, the optimizer and
    zeroing come from torch's ranges, the passes from autograd.
    """
    own = _named(trace, main_thread, [_OWN_NAMES.get(name) for name in trace.names])
    if own:
        return _phases(own, annotated=True)
    named = _named(trace, main_thread, [_torch_phase(name) for name in trace.names])
    backward = backward_ranges(trace, main_thread)
    forward = forward_ranges(trace, main_thread, backward)
    # First in the list is outermost where two ranges are equal.
    return _phases([(Phase.FORWARD, forward), (Phase.BACKWARD, backward), *named], annotated=False)


def _torch_phase(name: str) -> Phase | None:
    for prefix, phase in _TORCH_PREFIXES.items():
        if name.startswith(prefix):
            return phase
    return None


def _named(
    trace: Trace, main_thread: int, phase_of_name: list[Phase | None]
) -> list[tuple[Phase, Ranges]]:
    events = trace.events
    on_host = (events.thread == main_thread) & events.of_kind(Kind.ANNOTATION, Kind.OPERATOR)
    chosen = np.flatnonzero(
        on_host & trace.names_where([phase is not None for phase in phase_of_name])
    )
    ranges = []
    for event in chosen:
        phase = phase_of_name[events.name[event]]
        if phase is not None:
            ranges.append((phase, (events.start_ns[[event]], events.end_ns[[event]])))
    return ranges


def _phases(phase_ranges: list[tuple[Phase, Ranges]], *, annotated: bool) -> Phases:
    none = np.zeros(0, np.int64)
    start_ns = np.concatenate([none, *(ranges[0] for _, ranges in phase_ranges)])
    end_ns = np.concatenate([none, *(ranges[1] for _, ranges in phase_ranges)])
    label = np.repeat(
        np.array([PHASES.index(phase) for phase, _ in phase_ranges], np.int64),
        [len(ranges[0]) for _, ranges in phase_ranges],
    )
    seen = frozenset(phase for phase, ranges in phase_ranges if len(ranges[0]))
    return Phases(innermost(start_ns, end_ns, label), annotated, seen)
