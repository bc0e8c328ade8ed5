"""Which of a thread's ranges lie in which, and what of each is in no other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE, added_up, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


def self_times(start_ns: Ints, end_ns: Ints, thread: NDArray[np.integer[Any]]) -> Ints:
    """Return how long each range is the innermost of its thread, ns, shape (n,).

    Each instant belongs to the range around it that started last; of those that start together
    the shorter is inside, of equal ones the later in the arrays. So the times of a thread add up
    to what its ranges cover, of ranges that overlap without one lying in the other too.

    Args:
        start_ns: In any order, shape (n,).
        end_ns: Shape (n,).
        thread: Of any numbers, shape (n,).
    """
    result = np.zeros(len(start_ns), np.int64)
    lasting = np.flatnonzero(start_ns < end_ns)
    instants = distinct(np.concatenate((start_ns[lasting], end_ns[lasting])))
    # Numbers of instants, and each thread's behind those of the one before: no gap is too long.
    offset = np.searchsorted(distinct(thread[lasting]), thread[lasting]) * len(instants)
    start = offset + np.searchsorted(instants, start_ns[lasting])
    end = offset + np.searchsorted(instants, end_ns[lasting])
    order = np.lexsort((-end, start))
    start = start[order]
    end = _until_left(start, end[order])
    around = _parents(start, end)
    lasting, nested = lasting[order], around != NOWHERE
    whole = instants[end - offset[order]] - start_ns[lasting]
    within = added_up(around[nested], whole[nested], len(lasting))
    result[lasting] = whole - within
    return result


def _until_left(start: Ints, end: Ints) -> Ints:
    """Put off the end of each range until those have ended that began in it, and in these.

    What that adds to a range is all in others that began later, and so is none of its own.

    Args:
        start: Ascending, shape (n,).
        end: Shape (n,).
    """
    while len(end):
        begun = np.searchsorted(start, end)
        latest = _greatest(end, np.arange(len(end)), begun)
        if (latest == end).all():
            break
        end = latest
    return end


def _greatest(values: Ints, first: NDArray[np.intp], stop: NDArray[np.intp]) -> Ints:
    """Return the greatest value of each stretch from ``first`` to before ``stop``, none empty."""
    level = np.frexp(stop - first)[1] - 1  # 2**level is the longest power of 2 that fits
    result = np.empty(len(first), np.int64)
    places = np.arange(len(values))
    greatest = values  # of the 2**number values from each place on
    for number in range(int(level.max()) + 1):
        chosen = level == number
        last = stop[chosen] - (1 << number)
        result[chosen] = np.maximum(greatest[first[chosen]], greatest[last])
        greatest = np.maximum(greatest, greatest[np.minimum(places + (1 << number), places[-1])])
    return result


def _parents(start: Ints, end: Ints) -> NDArray[np.intp]:
    """Return the innermost range around each, ``NOWHERE`` for none, of ranges that nest.

    Args:
        start: Ascending, of equal ones the outer first, shape (n,).
        end: Shape (n,).
    """
    number = np.arange(len(start))
    depth = number - np.searchsorted(np.sort(end), start, side="right")
    by_depth = depth * len(start) + number  # ascending within a depth
    ascending = np.sort(by_depth)
    place = np.searchsorted(ascending, by_depth - len(start)) - 1
    return np.where(depth > 0, ascending[place] % max(len(start), 1), NOWHERE)
