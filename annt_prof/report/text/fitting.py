"""How wide the columns of a table are, and which of them fit into one line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2
"""Blanks between two columns."""


@dataclass(frozen=True)
class Demand:
    """What one column asks for, in terminal cells.

    Attributes:
        least: Narrower it is of no use. A column of figures never is: they are not broken.
        whole: What it can use; more than ``least`` of names alone, as these fold or are shortened.
    """

    least: int
    whole: int

    @property
    def holds_names(self) -> bool:
        """Whether it can do with less than it can use."""
        return self.whole > self.least


def title_width(words: Sequence[int], depth: int) -> int:
    """Return the least width in which a title stands on that many lines, or on fewer.

    Args:
        words: Cells of each of its words; none of a column without a title.
        depth: Lines, 1 or more; with as many as there are words it is that of the longest.
    """
    narrowest = max(words, default=0)
    for width in range(narrowest, sum(words) + len(words)):
        if _num_lines(words, width) <= depth:
            return width
    return narrowest


def _num_lines(words: Sequence[int], width: int) -> int:
    """Count the lines of words that are set one after the other, a blank between them."""
    number, taken = 0, width
    for word in words:
        taken += 1 + word
        if taken > width:
            number, taken = number + 1, word
    return number


def fit(demands: Sequence[Demand], width: int) -> list[int] | None:
    """Return the width of each column; None where not even the least of all fits into one line.

    What is left over goes to names, to each as much as to any other that still wants it.

    Args:
        demands: Of at least one column.
        width: Of the line, in cells.
    """
    widths = [demand.least for demand in demands]
    spare = width - GAP * (len(demands) - 1) - sum(widths)
    if spare < 0:
        return None
    every = range(len(demands))
    while spare and (wanting := [p for p in every if widths[p] < demands[p].whole]):
        share = max(1, spare // len(wanting))
        for place in wanting:
            more = min(share, spare, demands[place].whole - widths[place])
            widths[place] += more
            spare -= more
    return widths


def overflowing(demands: Sequence[Demand], width: int, narrowest: int) -> list[int]:
    """Return the widths of columns that do not fit: names give way, figures stay whole.

    Args:
        demands: Of at least one column.
        width: Of the line; the figures pass it where they must.
        narrowest: Cells that a column of names is left with at least.
    """
    rigid = sum(demand.least for demand in demands if not demand.holds_names)
    num_names = sum(demand.holds_names for demand in demands)
    room = width - rigid - GAP * (len(demands) - 1)
    share = max(narrowest, room // max(1, num_names))
    return [min(d.least, share) if d.holds_names else d.least for d in demands]


def number_that_fits(demands: Sequence[Demand], width: int) -> int:
    """Return how many columns, from the left, fit into one line; at least the first two."""
    for number in range(len(demands), 2, -1):
        if fit(demands[:number], width) is not None:
            return number
    return min(2, len(demands))


def split(demands: Sequence[Demand], num_keys: int, width: int) -> list[list[int]]:
    """Return the columns of several tables, each of which fits, all beginning with the same ones.

    They get as many columns as each other where that is possible, rather than one column alone.

    Args:
        demands: Of all columns; a table has its keys and one more at least, whether they fit or
            not.
        num_keys: Columns, from the left, that say what a row is of and stand in every table.
        width: Of a line, in cells.
    """
    keys, others = list(range(num_keys)), list(range(num_keys, len(demands)))

    def fits(places: Sequence[int]) -> bool:
        return fit([demands[place] for place in (*keys, *places)], width) is not None

    groups: list[list[int]] = []
    for place in others:
        if groups and fits([*groups[-1], place]):
            groups[-1].append(place)
        else:
            groups.append([place])
    size = -(-len(others) // max(1, len(groups)))
    even = [others[at : at + size] for at in range(0, len(others), size)] if others else [[]]
    return [[*keys, *places] for places in (even if all(map(fits, even)) else groups)]
