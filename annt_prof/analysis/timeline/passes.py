"""Forward and backward passes, pieced together from what autograd leaves in any trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annt_prof.analysis.timeline.intervals import Segments, distinct, first_come, last_by
from annt_prof.analysis.timeline.torch_ranges import DATA_LOADER, DATA_PIPE, OPTIMIZER, STEP
from annt_prof.categories import PHASE_PREFIX
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]
    Ranges = tuple[Ints, Ints]

EVALUATION = "autograd::engine::evaluate_function"

# In 2021 nothing was written around what the engine runs yet; that which accumulates gradients has
# no forward operator, and nothing but the name tells it.
_ENGINE_PREFIXES = (EVALUATION, "torch::autograd::")
_FORWARD_PREFIXES = (
    "DataParallel.forward",
    "DistributedDataParallel.forward",
    "FullyShardedDataParallel.forward",
    "nn.Module: ",
    "[pl][module]",
)
_BORDER_PREFIXES = (STEP, OPTIMIZER, DATA_LOADER, DATA_PIPE)
_LEAST_SHARE = 0.5
"""How many nodes a forward pass that is never gone back to makes at least, of those that the median
of the others makes: with fewer it is something beside the passes, such as a metric. A choice."""
# Before 2022 annotations were operators too; they may span the whole step.
_ANNOTATION_PREFIXES = (*_BORDER_PREFIXES, "[pl]", PHASE_PREFIX)


class Passes(NamedTuple):
    """Spans of the passes.

    Attributes:
        forward: Starts and ends, on the main thread.
        backward: Likewise, on any thread.
        unpaired: Whether there are forward passes without any backward pass in the trace.
    """

    forward: Ranges
    backward: Ranges
    unpaired: bool


def find_passes(trace: Trace, main_thread: int) -> Passes:
    """Find the forward and the backward passes."""
    running = backward_functions(trace, main_thread)
    backward = _backward_ranges(trace, main_thread, running)
    forward, unpaired = _forward_ranges(trace, main_thread, running, backward)
    return Passes(forward, backward, unpaired)


def backward_functions(trace: Trace, main_thread: int) -> Mask:
    """Tell which operators are functions of a backward pass; bool, shape (events,).

    The engine's evaluations are, and what it evaluates. Where there are no evaluations, as in old
    traces, so is all else on a thread of the engine's own, which runs nothing but backward passes.
    """
    running = told_backward_functions(trace)
    if _operators(trace, (EVALUATION,)).any():
        return running
    events = trace.events
    of_engine = np.isin(events.thread, distinct(events.thread[running]))
    of_engine &= (events.thread != main_thread) & events.of_kind(Kind.OPERATOR)
    running |= of_engine
    return running


def told_backward_functions(trace: Trace) -> Mask:
    """Tell those that are it by themselves, whichever thread is the main one; likewise."""
    return _operators(trace, _ENGINE_PREFIXES) | trace.events.backward


def _backward_ranges(trace: Trace, main_thread: int, running: Mask) -> Ranges:
    """Return the spans of backward passes: runs of the engine's functions on any thread.

    A run ends where the main thread starts an operator of its own, outside autograd: until
    then it was waiting for the backward pass.
    """
    events = trace.events
    functions = first_come(events.start_ns[running], events.end_ns[running])
    start_ns, end_ns = functions.start_ns, functions.end_ns
    if not len(start_ns):
        return start_ns, end_ns
    on_main = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    on_main &= ~running & ~_operators(trace, _ANNOTATION_PREFIXES)
    others = np.sort(events.start_ns[on_main])
    others = others[~functions.covers(others)]
    interrupted = np.searchsorted(others, start_ns[1:]) > np.searchsorted(others, end_ns[:-1])
    return (
        start_ns[np.concatenate(([True], interrupted))],
        end_ns[np.concatenate((interrupted, [True]))],
    )


def _forward_ranges(
    trace: Trace, main_thread: int, running: Mask, backward: Ranges
) -> tuple[Ranges, bool]:
    """Return the spans of forward passes on the main thread, and whether some have no backward one.

    Of the operators that made a node of the autograd graph, those that lie between two backward
    passes are one forward pass, from the start of the first to the end of the last. Where none of
    them is ever gone back to, those count that made a node all the same, if they are not few. Where
    frames of modules were recorded, or distributed training's wrapper, these are forward too.
    """
    events = trace.events
    inside = first_come(*backward)
    paired = _gone_back_to(trace, main_thread, running)
    paired = paired[~inside.covers(paired)]
    # Nothing tells where a pass without a backward pass ends but what the program does between.
    borders = np.sort(
        np.concatenate((backward[0], events.start_ns[_between_passes(trace, main_thread)]))
    )
    made = _node_making(trace, main_thread, running, inside)
    unpaired = _never_gone_back_to(made, paired, backward[0], borders)
    operators = _outermost_operators(trace, main_thread, backward[0])
    paired_ranges = _spans(operators, paired, _pass_of(paired, backward[0]))
    unpaired_ranges = _spans(operators, unpaired, _pass_of(unpaired, borders))
    named = trace.names_where([name.startswith(_FORWARD_PREFIXES) for name in trace.names])
    named &= events.of_kind(Kind.ANNOTATION, Kind.OPERATOR, Kind.PYTHON)
    named &= events.thread == main_thread
    ranges = (paired_ranges, unpaired_ranges, (events.start_ns[named], events.end_ns[named]))
    start_ns, end_ns = (np.concatenate(column) for column in zip(*ranges, strict=True))
    return (start_ns, end_ns), bool(len(unpaired_ranges[0]))


def _never_gone_back_to(made: Ints, paired: Ints, backward_ns: Ints, borders_ns: Ints) -> Ints:
    """Return the instants that made a node of a forward pass without a backward pass."""
    passes = _pass_of(made, backward_ns)
    of_paired = np.isin(passes, _pass_of(paired, backward_ns))
    _, usual = np.unique(passes[of_paired], return_counts=True)
    alone = made[~of_paired]
    _, group, size = np.unique(_pass_of(alone, borders_ns), return_inverse=True, return_counts=True)
    if not len(usual):
        return alone
    return alone[size[group] >= _LEAST_SHARE * np.median(usual)]


def _pass_of(instants_ns: Ints, borders_ns: Ints) -> NDArray[np.intp]:
    """Return the number of the borders that lie before each instant; shape of the instants."""
    return np.searchsorted(borders_ns, instants_ns, side="right")


def _spans(operators: Segments, instants_ns: Ints, numbers: NDArray[np.intp]) -> Ranges:
    """Return the span of the operators at the instants of each number; those are ascending."""
    _, first = np.unique(numbers, return_index=True)
    last = np.append(first[1:], len(instants_ns)) - 1 if len(instants_ns) else first
    begun, _ = _around(operators, instants_ns[first])
    _, ended = _around(operators, instants_ns[last])
    return begun, ended


def _operators(trace: Trace, prefixes: tuple[str, ...]) -> Mask:
    named = trace.names_where([name.startswith(prefixes) for name in trace.names])
    return named & trace.events.of_kind(Kind.OPERATOR)


def _between_passes(trace: Trace, main_thread: int) -> Mask:
    """Tell which events are ranges that no forward pass reaches across."""
    named = trace.names_where([name.startswith(_BORDER_PREFIXES) for name in trace.names])
    named &= trace.events.of_kind(Kind.OPERATOR, Kind.ANNOTATION)
    named &= trace.events.thread == main_thread
    return named


def _gone_back_to(trace: Trace, main_thread: int, running: Mask) -> Ints:
    """Return when the main thread ran operators that a backward pass goes back to, ascending.

    Kineto's flows tell. Older traces have none, but the sequence number of each node.
    Source: torch/csrc/profiler/kineto_shim, generateForwardBackwardLinks.
    """
    links = trace.forward_links
    if len(links.start_ns):
        return np.sort(links.start_ns[links.thread == main_thread])
    events = trace.events
    gone_back_to = events.sequence[running & (events.sequence != MISSING)]
    building = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    building &= np.isin(events.sequence, gone_back_to) & ~running
    return _last_of_each(events.start_ns[building], events.sequence[building])


def _node_making(trace: Trace, main_thread: int, running: Mask, backward: Segments) -> Ints:
    """Return when the main thread ran operators that made a node, gone back to or not, ascending.

    An operator that autograd could follow carries the number that the next node of its thread
    gets, whether it makes one or not: it made one if a later operator carries a higher number.
    Source: torch/csrc/autograd/function.h (sequence_nr) and ATen/record_function.h.
    """
    events = trace.events
    building = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    building &= (events.sequence != MISSING) & ~running
    building &= ~backward.covers(events.start_ns)
    start_ns, sequence = events.start_ns[building], events.sequence[building]
    made = sequence < sequence.max(initial=MISSING)
    return _last_of_each(start_ns[made], sequence[made])


def _last_of_each(start_ns: Ints, sequence: Ints) -> Ints:
    """Return the last start of each sequence number, ascending.

    Of the operators that carry a number the one that started last made the node; the others only
    looked.
    """
    order = np.lexsort((start_ns, sequence))
    is_last = np.append(np.diff(sequence[order]) != 0, True)[: len(order)]
    return np.sort(start_ns[order][is_last])


def _outermost_operators(trace: Trace, main_thread: int, backward_ns: Ints) -> Segments:
    """Return the main thread's outermost operators; what a backward pass begins in is none."""
    events = trace.events
    chosen = events.of_kind(Kind.OPERATOR) & (events.thread == main_thread)
    chosen &= ~_operators(trace, _ANNOTATION_PREFIXES)
    begun = np.searchsorted(backward_ns, events.start_ns, side="right")
    chosen &= np.searchsorted(backward_ns, events.end_ns) <= begun
    return first_come(events.start_ns[chosen], events.end_ns[chosen])


def _around(operators: Segments, instants_ns: Ints) -> Ranges:
    """Return the span of the operator around each instant; the bare instant where there is none."""
    if not len(operators.start_ns):
        return instants_ns, instants_ns
    place = last_by(operators.start_ns, instants_ns)
    inside = operators.covers(instants_ns)
    return (
        np.where(inside, operators.start_ns[place], instants_ns),
        np.where(inside, operators.end_ns[place], instants_ns),
    )
