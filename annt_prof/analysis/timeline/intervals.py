"""Sweeps over half-open integer intervals, vectorised.

Every interval is ``[start, end)`` in nanoseconds; one of length 0 covers nothing.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NOWHERE = -1
_EXACT = 2.0**52  # half of what a double holds, as the sum that is held against it is rounded
Integer = TypeVar("Integer", bound=np.integer[Any])


@dataclass(frozen=True, eq=False)
class Segments:
    """Disjoint non-empty intervals in ascending order, each with a label.

    Attributes:
        start_ns: int64, shape (n,).
        end_ns: int64, shape (n,).
        label: int64, shape (n,); never negative.
    """

    start_ns: Ints
    end_ns: Ints
    label: Ints

    def label_at(self, instants_ns: Ints) -> Ints:
        """Return the label that covers each instant, or ``NOWHERE``; shape of the instants."""
        if not len(self.start_ns):
            return np.full(instants_ns.shape, NOWHERE, np.int64)
        place = last_by(self.start_ns, instants_ns)
        covered = (place >= 0) & (instants_ns < self.end_ns[place])
        return np.where(covered, self.label[place], NOWHERE)

    def covers(self, instants_ns: Ints) -> NDArray[np.bool_]:
        """Tell which instants lie in any segment; shape of the instants."""
        covered: NDArray[np.bool_] = self.label_at(instants_ns) != NOWHERE
        return covered

    def length_before(self, instants_ns: Ints) -> Ints:
        """Return the covered time before each instant, ns; shape of the instants."""
        if not len(self.start_ns):
            return np.zeros(instants_ns.shape, np.int64)
        whole = np.concatenate(([0], np.cumsum(self.end_ns - self.start_ns)))
        begun = last_by(self.start_ns, instants_ns) + 1
        place = np.maximum(begun - 1, 0)
        ahead = np.clip(self.end_ns[place] - instants_ns, 0, None)
        covered: Ints = np.where(begun > 0, whole[begun] - ahead, 0)
        return covered


def last_by(ascending_ns: Ints, instants_ns: Ints) -> NDArray[np.intp]:
    """Return the place of the last value at or before each instant, ``NOWHERE`` for none.

    Where the instants ascend too it is the values that are looked up, mostly fewer by far, and what
    lies between two of them is filled in.

    Args:
        ascending_ns: Shape (n,).
        instants_ns: In any order, of any shape.
    """
    ascend = instants_ns.ndim == 1 and bool((instants_ns[1:] >= instants_ns[:-1]).all())
    if len(ascending_ns) >= instants_ns.size or not ascend:
        return np.searchsorted(ascending_ns, instants_ns, side="right") - 1
    first = np.searchsorted(instants_ns, ascending_ns)
    counts = np.diff(first, prepend=0, append=len(instants_ns))
    return np.repeat(np.arange(NOWHERE, len(ascending_ns)), counts)


def first_come(start_ns: Ints, end_ns: Ints, label: Ints | int = 0) -> Segments:
    """Cut overlapping intervals so that whichever started first keeps the time until it ends.

    Of those that start together the earlier in the arrays is first. With a single label this
    is their union.

    Args:
        start_ns: Shape (n,), in any order.
        end_ns: Shape (n,).
        label: Shape (n,), or one for all.
    """
    order = np.argsort(start_ns, kind="stable")
    start, end = start_ns[order], end_ns[order]
    labels = np.broadcast_to(np.asarray(label, np.int64), start_ns.shape)[order]
    if len(start):
        taken_until = np.concatenate((start[:1], np.maximum.accumulate(end)[:-1]))
        start = np.maximum(start, taken_until)
    kept = start < end
    return Segments(start[kept], end[kept], labels[kept])


def without(segments: Segments, start_ns: Ints, end_ns: Ints) -> Segments:
    """Return what of segments lies in none of some intervals.

    Args:
        segments: Of any labels.
        start_ns: Of the intervals, in any order, shape (n,).
        end_ns: Shape (n,).
    """
    pieces = cut(segments, np.concatenate((start_ns, end_ns)))
    kept = ~first_come(start_ns, end_ns).covers(pieces.start_ns)
    return Segments(pieces.start_ns[kept], pieces.end_ns[kept], pieces.label[kept])


def cut(segments: Segments, instants_ns: Ints) -> Segments:
    """Cut segments in two at each instant that lies inside one.

    Args:
        segments: Of any labels.
        instants_ns: In any order.
    """
    starts = segments.start_ns
    instants = distinct(instants_ns)
    place = last_by(starts, instants)
    inside = place >= 0
    inside[inside] = (instants[inside] > starts[place[inside]]) & (
        instants[inside] < segments.end_ns[place[inside]]
    )
    # Disjoint segments in ascending order stay so, and one more start is one more end.
    start_ns = np.sort(np.concatenate((starts, instants[inside])))
    end_ns = np.sort(np.concatenate((segments.end_ns, instants[inside])))
    label = segments.label[last_by(starts, start_ns)]
    return Segments(start_ns, end_ns, label)


def innermost(start_ns: Ints, end_ns: Ints, label: Ints) -> Segments:
    """Flatten nested intervals: each instant belongs to the one around it that started last.

    Of those that start together the shorter is inside; of equal ones the later in the arrays.
    Meant for host ranges, of which there are few: this one is a loop.

    Args:
        start_ns: Shape (n,), in any order.
        end_ns: Shape (n,).
        label: Shape (n,).
    """
    order = np.lexsort((np.arange(len(start_ns)), -end_ns, start_ns))
    ranges = [
        (int(start_ns[i]), int(end_ns[i]), int(label[i])) for i in order if start_ns[i] < end_ns[i]
    ]
    edges = sorted({edge for start, end, _ in ranges for edge in (start, end)})
    pieces: list[tuple[int, int, int]] = []
    open_ranges: list[tuple[int, int, int]] = []  # the innermost first
    entered = 0
    for left, right in itertools.pairwise(edges):
        while entered < len(ranges) and ranges[entered][0] == left:
            heapq.heappush(open_ranges, (-entered, ranges[entered][1], ranges[entered][2]))
            entered += 1
        while open_ranges and open_ranges[0][1] <= left:
            heapq.heappop(open_ranges)
        if open_ranges:
            pieces.append((left, right, open_ranges[0][2]))
    columns = np.array(pieces, np.int64).reshape(-1, 3).T
    return Segments(columns[0], columns[1], columns[2])


def edges_of(layers: Sequence[Segments], *instants_ns: Ints) -> Ints:
    """Return every instant at which any layer can change, ascending, without repeats."""
    parts = [edge for layer in layers for edge in (layer.start_ns, layer.end_ns)]
    edges = np.concatenate([*parts, *instants_ns])
    edges.sort()  # in place: these are the longest arrays there are
    return edges[_differs(edges)]


def distinct(values: NDArray[Integer]) -> NDArray[Integer]:
    """Return the values ascending, without repeats.

    numpy's own unique hashes integers, which takes four times as long for millions of them.
    """
    ascending = np.sort(values)
    return ascending[_differs(ascending)]


def grouped(values: NDArray[Integer]) -> tuple[NDArray[np.intp], NDArray[Integer]]:
    """Return each value's place among the distinct ones, shape (n,), and these, ascending."""
    different = distinct(values)
    return np.searchsorted(different, values), different


def _differs(ascending: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which values differ from the one before them."""
    return np.append(True, ascending[1:] != ascending[:-1])[: len(ascending)]


def time_by_label(
    edges_ns: Ints, label: Ints, num_labels: int, start_ns: Ints, end_ns: Ints
) -> Ints:
    """Add up the time each label has within each span.

    Args:
        edges_ns: Shape (m,), ascending; every start and end of a span is among them.
        label: Shape (m,); holds from its edge to the next; ``NOWHERE`` counts for nothing.
        num_labels: Labels run from 0 to this.
        start_ns: Of the spans, shape (n,).
        end_ns: Of the spans, shape (n,).

    Returns:
        int64, shape (n, num_labels).
    """
    lengths = np.diff(edges_ns, append=edges_ns[-1:])
    if (start_ns[1:] >= end_ns[:-1]).all():
        spans = first_come(start_ns, end_ns, np.arange(len(start_ns)))
        span = spans.label_at(edges_ns)
        counted = (span != NOWHERE) & (label != NOWHERE)
        cell = span[counted] * num_labels + label[counted]
        return added_up(cell, lengths[counted], len(start_ns) * num_labels).reshape(-1, num_labels)
    # Spans that overlap have some of the time each.
    first, last = np.searchsorted(edges_ns, start_ns), np.searchsorted(edges_ns, end_ns)
    totals = np.zeros((len(start_ns), num_labels), np.int64)
    present = np.bincount(label[label != NOWHERE], minlength=num_labels)
    for number in np.flatnonzero(present).tolist():
        before = np.concatenate(([0], np.cumsum(np.where(label == number, lengths, 0))))
        totals[:, number] = before[last] - before[first]
    return totals


def places_by(group: NDArray[np.integer[Any]]) -> dict[int, NDArray[np.intp]]:
    """Return where each group's members are, ascending, in one sort.

    A mask for each group takes the square of their number, and a damaged file has a thread, or a
    stream, for each event.
    """
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(_differs(group[order]))
    keys = group[order[first]].tolist()
    return dict(zip(keys, np.split(order, first[1:]), strict=True)) if len(order) else {}


def added_up(group: NDArray[np.integer[Any]], values_ns: Ints, num_groups: int) -> Ints:
    """Return the sum of the values of each group, shape (num_groups,).

    numpy's bincount is fast and adds in doubles, which hold no integers above 2**53.
    """
    if np.abs(values_ns, dtype=np.float64).sum() < _EXACT:
        return np.bincount(group, values_ns, num_groups).astype(np.int64)
    total = np.zeros(num_groups, np.int64)
    np.add.at(total, group, values_ns)
    return total
