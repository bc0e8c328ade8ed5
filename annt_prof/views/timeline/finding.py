"""What is looked for in the lanes: what is at an instant, names, the longest gaps and kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.lanes.lanes import NOT_DRAWN, ItemKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.lanes import Lanes

    Ints = NDArray[np.int64]
    Places = NDArray[np.intp]


def item_in(lanes: Lanes, places: slice, start_ns: int, end_ns: int) -> int | None:
    """Return the item of a row that covers most of a stretch of time, the first of several.

    Args:
        lanes: Of a trace.
        places: Of the row.
        start_ns: Where the stretch begins. An item that takes no time covers nothing, and is found
            where nothing else is.
        end_ns: Where it ends.
    """
    begins, ends = lanes.start_ns[places], lanes.end_ns[places]
    first = int(np.searchsorted(ends, start_ns, side="left"))
    last = int(np.searchsorted(begins, end_ns, side="left"))
    begins, ends = begins[first:last], ends[first:last]
    covers_ns = np.minimum(ends, end_ns) - np.maximum(begins, start_ns)
    covers_ns = np.where((ends > start_ns) | (begins >= start_ns), covers_ns, -1)
    if not len(covers_ns) or covers_ns.max() < 0:
        return None
    return int(places.start) + first + int(covers_ns.argmax())


def item_at(lanes: Lanes, places: slice, instant_ns: int) -> int | None:
    """Return the item of a row that an instant is in."""
    return item_in(lanes, places, instant_ns, instant_ns + 1)


def named(lanes: Lanes, wanted: str) -> Places:
    """Return the drawn items whose names have all of the words, in the order of time.

    Without stretches of the path, which bear the names of what they are.
    """
    words = wanted.casefold().split()
    told = [all(word in name.casefold() for word in words) for name in lanes.names]
    if not words or not any(told):
        return np.zeros(0, np.intp)
    drawn = (lanes.row != NOT_DRAWN) & (lanes.kind != ItemKind.PATH)
    found = np.flatnonzero(np.array(told)[lanes.name] & drawn)
    return found[np.argsort(lanes.start_ns[found], kind="stable")]


def next_of(lanes: Lanes, items: Places, item: int | None, instant_ns: int, way: int) -> int | None:
    """Return the next of some items in the order of time, or the one before; it goes round.

    Args:
        lanes: Of a trace.
        items: In the order of time.
        item: The one to go on from, if it is among them.
        instant_ns: Or else the instant to go on from.
        way: 1 for the next, -1 for the one before.
    """
    if not len(items):
        return None
    here = np.flatnonzero(items == (-1 if item is None else item))
    if len(here):
        return int(items[(here[0] + way) % len(items)])
    after = int(np.searchsorted(lanes.start_ns[items], instant_ns))
    return int(items[(after if way > 0 else after - 1) % len(items)])


def longest_gaps(lanes: Lanes, step: int) -> Places:
    """Return an item of each gap of a step, the longest gap first: the longest of its items.

    A gap goes on while no device is busy, whatever the causes are.
    """
    gaps = np.flatnonzero((lanes.kind == ItemKind.GAP) & (lanes.step == step))
    if not len(gaps):
        return gaps
    length = lanes.end_ns[gaps] - lanes.start_ns[gaps]
    begins = np.append(True, lanes.start_ns[gaps[1:]] != lanes.end_ns[gaps[:-1]])
    gap = np.cumsum(begins) - 1
    in_all = np.bincount(gap, length)
    longest = np.lexsort((-length, gap))[np.flatnonzero(begins)]
    ordered: Places = gaps[longest[np.argsort(-in_all, kind="stable")]]
    return ordered


def extent(lanes: Lanes, item: int) -> tuple[int, int]:
    """Return when an item begins and ends, ns; of a gap the whole of it."""
    if lanes.kind[item] == ItemKind.GAP:
        return whole_gap(lanes, item)
    return int(lanes.start_ns[item]), int(lanes.end_ns[item])


def whole_gap(lanes: Lanes, item: int) -> tuple[int, int]:
    """Return when the gap that an item is part of begins and ends within its step, ns."""
    gaps = np.flatnonzero((lanes.kind == ItemKind.GAP) & (lanes.step == lanes.step[item]))
    place = int(np.searchsorted(gaps, item))
    joined = lanes.start_ns[gaps[1:]] == lanes.end_ns[gaps[:-1]]
    first, last = place, place
    while first > 0 and joined[first - 1]:
        first -= 1
    while last < len(joined) and joined[last]:
        last += 1
    return int(lanes.start_ns[gaps[first]]), int(lanes.end_ns[gaps[last]])


def longest_kernels(lanes: Lanes, step: int) -> Places:
    """Return the drawn kernels that begin in a step, the longest first."""
    kernels = np.flatnonzero(
        (lanes.kind == ItemKind.KERNEL) & (lanes.step == step) & (lanes.row != NOT_DRAWN)
    )
    lengths = lanes.end_ns[kernels] - lanes.start_ns[kernels]
    ordered: Places = kernels[np.argsort(-lengths, kind="stable")]
    return ordered
