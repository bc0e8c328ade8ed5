"""How deep items lie in others of their lane, and what is around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.lanes.lanes import NONE, NOT_DRAWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Nesting:
    """Items of some lanes; int64 columns of shape (n,).

    An item lies one deeper than the deepest that began before it in its lane and has not ended, so
    that no two of one depth overlap, even where they do not nest.

    Attributes:
        lane, start_ns, end_ns: Of the items, in any order.
        depth: From 0.
        around: The place of the deepest item that had not ended as it began, or ``NONE``.
    """

    lane: Ints
    start_ns: Ints
    end_ns: Ints
    depth: Ints
    around: Ints

    def rows(self, most: int) -> Ints:
        """Return the row of each item, its depth; ``NOT_DRAWN`` of those too deep for so many."""
        return np.where(self.depth < most, self.depth, NOT_DRAWN)

    def innermost(self, lane: Ints, instants_ns: Ints) -> Ints:
        """Return the place of the item that began last around each instant, or ``NONE``.

        Args:
            lane: Of each instant, shape (m,).
            instants_ns: Shape (m,).
        """
        num_items = len(self.lane)
        if not num_items:
            return np.full(len(instants_ns), NONE, np.int64)
        order = np.lexsort((-self.end_ns, self.start_ns, self.lane))
        is_instant = np.repeat([False, True], [num_items, len(instants_ns)])
        when_ns = np.concatenate((self.start_ns, instants_ns))
        merged = np.lexsort((is_instant, when_ns, np.concatenate((self.lane, lane))))
        begun, chosen = np.cumsum(~is_instant[merged]), is_instant[merged]
        last = np.empty(len(instants_ns), np.int64)
        last[merged[chosen] - num_items] = begun[chosen] - 1
        place = np.where(last == NONE, NONE, order[last])
        place[(place != NONE) & (self.lane[place] != lane)] = NONE
        ended = np.flatnonzero((place != NONE) & (self.end_ns[place] <= instants_ns))
        while len(ended):
            place[ended] = self.around[place[ended]]
            still = (place[ended] != NONE) & (self.end_ns[place[ended]] <= instants_ns[ended])
            ended = ended[still]
        return place


def nested(lane: Ints, start_ns: Ints, end_ns: Ints) -> Nesting:
    """Find how deep items lie.

    Args:
        lane: Shape (n,), in any order.
        start_ns: Shape (n,).
        end_ns: Shape (n,).
    """
    order = np.lexsort((-end_ns, start_ns, lane))
    depths, arounds = [0] * len(order), [NONE] * len(order)
    until: list[int] = []
    within: list[int] = []
    current = None
    columns = (order, lane[order], start_ns[order], end_ns[order])
    for item, of_lane, start, end in zip(*(column.tolist() for column in columns), strict=True):
        if of_lane != current:
            current = of_lane
            until.clear()
            within.clear()
        while until and until[-1] <= start:
            until.pop()
            within.pop()
        if until:
            depths[item] = len(until)
            arounds[item] = within[-1]
        until.append(end)
        within.append(item)
    return Nesting(lane, start_ns, end_ns, np.array(depths, np.int64), np.array(arounds, np.int64))
