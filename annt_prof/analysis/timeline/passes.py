"""Forward and backward passes, pieced together from what autograd leaves in any trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, first_come
from annt_prof.categories import PHASE_PREFIX
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]
    Ranges = tuple[Ints, Ints]

EVALUATION = "autograd::engine::evaluate_function"

_FORWARD_PREFIXES = ("DistributedDataParallel.forward", "nn.Module: ")
# Before 2022 annotations were operators too; they may span the whole step.
_ANNOTATION_PREFIXES = ("ProfilerStep#", "Optimizer.", "enumerate(DataLoader)#", PHASE_PREFIX)


def backward_ranges(trace: Trace, main_thread: int) -> Ranges:
    """Return the spans of backward passes: runs of autograd evaluations on any thread.

    A run ends where the main thread starts an operator of its own, outside autograd: until
    then it was waiting for the backward pass.
    """
    events = trace.events
    evaluating = _operators(trace, (EVALUATION,))
    evaluations = first_come(events.start_ns[evaluating], events.end_ns[evaluating])
    start_ns, end_ns = evaluations.start_ns, evaluations.end_ns
    if not len(start_ns):
        return start_ns, end_ns
    on_main = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    on_main &= ~_operators(trace, (EVALUATION, *_ANNOTATION_PREFIXES))
    others = np.sort(events.start_ns[on_main])
    others = others[~evaluations.covers(others)]
    interrupted = np.searchsorted(others, start_ns[1:]) > np.searchsorted(others, end_ns[:-1])
    return (
        start_ns[np.concatenate(([True], interrupted))],
        end_ns[np.concatenate((interrupted, [True]))],
    )


def forward_ranges(trace: Trace, main_thread: int, backward: Ranges) -> Ranges:
    """Return the spans of forward passes on the main thread.

    Of the operators that made a node of the autograd graph, those that lie between two backward
    passes are one forward pass, from the start of the first to the end of the last. Where
    frames of modules were recorded, or distributed training's wrapper, these are forward too.
    """
    events = trace.events
    instants = _graph_building(trace, main_thread)
    instants = instants[~first_come(*backward).covers(instants)]
    passes = np.searchsorted(backward[0], instants, side="right")
    _, first = np.unique(passes, return_index=True)
    last = np.append(first[1:], len(instants)) - 1 if len(instants) else first
    operators = _outermost_operators(trace, main_thread)
    begun, _ = _around(operators, instants[first])
    _, ended = _around(operators, instants[last])
    named = trace.names_where([name.startswith(_FORWARD_PREFIXES) for name in trace.names])
    named &= events.of_kind(Kind.ANNOTATION, Kind.OPERATOR, Kind.PYTHON)
    named &= events.thread == main_thread
    return (
        np.concatenate((begun, events.start_ns[named])),
        np.concatenate((ended, events.end_ns[named])),
    )


def _operators(trace: Trace, prefixes: tuple[str, ...]) -> NDArray[np.bool_]:
    named = trace.names_where([name.startswith(prefixes) for name in trace.names])
    return named & trace.events.of_kind(Kind.OPERATOR)


def _graph_building(trace: Trace, main_thread: int) -> Ints:
    """Return when the main thread ran operators that a backward pass goes back to, ascending.

    Kineto's flows tell. Older traces have none, but the sequence number of each node: of the
    operators that carry it, the one that started last made the node; the others only looked.
    Source: torch/csrc/profiler/kineto_shim, generateForwardBackwardLinks.
    """
    links = trace.forward_links
    if len(links.start_ns):
        return np.sort(links.start_ns[links.thread == main_thread])
    events = trace.events
    evaluating = _operators(trace, (EVALUATION,))
    evaluated = events.sequence[evaluating & (events.sequence != MISSING)]
    building = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    building &= np.isin(events.sequence, evaluated)
    building &= ~_operators(trace, (EVALUATION,))
    start_ns, sequence = events.start_ns[building], events.sequence[building]
    order = np.lexsort((start_ns, sequence))
    is_last = np.append(np.diff(sequence[order]) != 0, True)[: len(order)]
    return np.sort(start_ns[order][is_last])


def _outermost_operators(trace: Trace, main_thread: int) -> Segments:
    events = trace.events
    chosen = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    chosen &= ~_operators(trace, _ANNOTATION_PREFIXES)
    return first_come(events.start_ns[chosen], events.end_ns[chosen])


def _around(operators: Segments, instants_ns: Ints) -> Ranges:
    """Return the span of the operator around each instant; the bare instant where there is none."""
    if not len(operators.start_ns):
        return instants_ns, instants_ns
    place = np.searchsorted(operators.start_ns, instants_ns, side="right") - 1
    inside = operators.covers(instants_ns)
    return (
        np.where(inside, operators.start_ns[place], instants_ns),
        np.where(inside, operators.end_ns[place], instants_ns),
    )
