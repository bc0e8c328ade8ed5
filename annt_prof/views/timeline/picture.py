"""Lanes reduced to a window of time and so many cells: what each cell of each row shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.views.timeline.looks import NUM_LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.lanes import Lanes

    Ints = NDArray[np.int64]

EMPTY = -1
_CODES = 16 * NUM_LABELS
_LEAST_CAPTION = 6
"""Cells from which an item's name is written into it."""


@dataclass(frozen=True)
class Window:
    """A stretch of time in so many cells.

    Attributes:
        start_ns, end_ns: From here to there, on the lanes' clock; it is as many nanoseconds as
            cells at least.
        cells: At least one.
    """

    start_ns: int
    end_ns: int
    cells: int

    @property
    def edges_ns(self) -> Ints:
        """Where each cell begins, and the last one ends; shape (cells + 1,)."""
        span = max(self.end_ns - self.start_ns, self.cells)
        return self.start_ns + np.arange(self.cells + 1, dtype=np.int64) * span // self.cells

    def cell_of(self, instant_ns: int) -> int:
        """Return the cell that an instant is in; outside of the window the nearest one."""
        cell = int(np.searchsorted(self.edges_ns, instant_ns, side="right")) - 1
        return min(max(cell, 0), self.cells - 1)


@dataclass(frozen=True)
class Caption:
    """A name that is written into its item.

    Attributes:
        cell: Where the item begins.
        num_cells: That it has in the window.
        text: Its name, which may be longer; data, never markup.
    """

    cell: int
    num_cells: int
    text: str


@dataclass(frozen=True, eq=False)
class RowCells:
    """One row of a window; columns of shape (cells,).

    Attributes:
        code: Of the label that covers most of each cell, ``EMPTY`` where no item is; of labels that
            cover as much the one of the lowest code.
        covered: Share of the cell that items cover, 0 to 1.
        several: Whether more than one item is in it.
        on_path: Whether one of them is on the critical path.
        captions: From left to right.
    """

    code: Ints
    covered: NDArray[np.float64]
    several: NDArray[np.bool_]
    on_path: NDArray[np.bool_]
    captions: tuple[Caption, ...]


def row_cells(
    lanes: Lanes, places: slice, window: Window, names: Sequence[str] | None = None
) -> RowCells:
    """Reduce the items of one row, which follow one another, to the cells of a window.

    An item that takes no time covers nothing, and is shown where nothing else is.

    Args:
        lanes: Of a trace.
        places: Of the row, as ``Lanes.places`` returns it.
        window: To show.
        names: To be written into items, by the index of theirs; None for the lanes' own.
    """
    edges, cells = window.edges_ns, window.cells
    begins, ends = lanes.start_ns[places], lanes.end_ns[places]
    first = int(np.searchsorted(ends, edges[0], side="left"))
    last = int(np.searchsorted(begins, edges[-1], side="left"))
    begins, ends = begins[first:last], ends[first:last]
    own = np.arange(places.start + first, places.start + max(first, last))
    within = (ends > edges[0]) | (begins >= edges[0])
    begins, ends, own = begins[within], ends[within], own[within]
    if not len(own):
        return _nothing(cells)
    from_cell = np.clip(np.searchsorted(edges, begins, side="right") - 1, 0, cells - 1)
    to_cell = np.clip(np.searchsorted(edges, ends, side="left") - 1, from_cell, cells - 1)
    counts = to_cell - from_cell + 1
    item = np.repeat(np.arange(len(own)), counts)
    cell = np.arange(len(item)) + np.repeat(from_cell - (np.cumsum(counts) - counts), counts)
    covers_ns = np.minimum(ends[item], edges[cell + 1]) - np.maximum(begins[item], edges[cell])
    code = _codes(lanes, own)
    winner = _most(cell, code[item], np.maximum(covers_ns, 0), cells)
    lengths = np.maximum(np.diff(edges), 1)
    total = np.bincount(cell, np.maximum(covers_ns, 0), cells)
    return RowCells(
        code=winner,
        covered=np.minimum(total / lengths, 1.0),
        several=np.bincount(cell, minlength=cells) > 1,
        on_path=np.bincount(cell[lanes.on_path[own][item]], minlength=cells) > 0,
        captions=_captions(names or lanes.names, lanes.name[own], from_cell, counts),
    )


def _nothing(cells: int) -> RowCells:
    none = np.zeros(cells, bool)
    return RowCells(np.full(cells, EMPTY, np.int64), np.zeros(cells), none, none, ())


def _codes(lanes: Lanes, items: NDArray[np.intp]) -> Ints:
    codes: Ints = lanes.kind[items].astype(np.int64) * NUM_LABELS + lanes.label[items] + 1
    return codes


def _most(cell: Ints, code: Ints, covers_ns: Ints, cells: int) -> Ints:
    """Return the code that covers most of each cell.

    Args:
        cell: Of each piece of an item, shape (n,).
        code: Of its item, shape (n,).
        covers_ns: Of the cell, shape (n,).
        cells: Their number.
    """
    used = np.flatnonzero(np.bincount(code, minlength=_CODES))
    column = np.searchsorted(used, code)
    key, size = cell * len(used) + column, cells * len(used)
    covered = np.bincount(key, covers_ns, size).reshape(cells, -1)
    present = np.bincount(key, minlength=size).reshape(cells, -1) > 0
    # What takes no time counts for less than a nanosecond.
    best = (covered + 0.5 * (present & (covered == 0))).argmax(axis=1)
    return np.where(present.any(axis=1), used[best], EMPTY)


def _captions(
    names: Sequence[str], name: NDArray[np.int32], from_cell: Ints, counts: Ints
) -> tuple[Caption, ...]:
    wide = np.flatnonzero(counts >= _LEAST_CAPTION)
    columns = (from_cell[wide].tolist(), counts[wide].tolist(), name[wide].tolist())
    return tuple(
        Caption(cell, num_cells, names[number])
        for cell, num_cells, number in zip(*columns, strict=True)
    )
