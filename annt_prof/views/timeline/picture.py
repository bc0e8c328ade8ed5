"""Lanes reduced to a window of time and so many cells: what each cell of each row shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.views.timeline.looks import NUM_LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.lanes.lanes import Lanes

    Ints = NDArray[np.int64]

EMPTY = -1
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


class RowIndex:
    """The items of one row, summed up once, so that any window of it is a few searches.

    Args:
        lanes: Of a trace.
        places: Of the row, of ``Lanes.places``: its items follow one another and do not overlap.
    """

    def __init__(self, lanes: Lanes, places: slice) -> None:
        self._begins, self._ends = lanes.start_ns[places], lanes.end_ns[places]
        self._lengths = self._ends - self._begins
        self._name = lanes.name[places]
        self._code = lanes.kind[places].astype(np.int64) * NUM_LABELS + lanes.label[places] + 1
        self._num_on_path = np.append(0, np.cumsum(lanes.on_path[places]))
        self._used = np.flatnonzero(np.bincount(self._code))
        self._of_code = [_Covered.of(self._begins, self._ends, self._code == c) for c in self._used]

    def cells(self, window: Window, names: Sequence[str]) -> RowCells:
        """Reduce the row to the cells of a window.

        An item that takes no time covers nothing, and is shown where nothing else is.

        Args:
            window: To show.
            names: To be written into items, by the index of theirs.
        """
        edges = window.edges_ns
        begun = np.searchsorted(self._begins, edges, side="left")
        around = np.append(self._ends, 0)[begun - 1] > edges  # of what began before, the last one
        first, last = begun[:-1] - (around & (begun > 0))[:-1], begun[1:]
        code, covered_ns = self._most(edges, first, last)
        return RowCells(
            code=code,
            covered=covered_ns / np.diff(edges),
            several=last - first > 1,
            on_path=self._num_on_path[last] > self._num_on_path[first],
            captions=tuple(self._captions(window, int(first[0]), int(last[-1]), names)),
        )

    def _most(self, edges: Ints, first: Ints, last: Ints) -> tuple[Ints, Ints]:
        """Return the code that covers most of each cell, and how long all of them cover it."""
        nothing = np.full(len(first), EMPTY, np.int64)
        if not len(self._used):
            return nothing, np.zeros(len(first), np.int64)
        covers_ns = np.stack([np.diff(of_code.before(edges)) for of_code in self._of_code])
        total_ns = covers_ns.sum(axis=0)
        code = np.where(total_ns > 0, self._used[covers_ns.argmax(axis=0)], nothing)
        for cell in np.flatnonzero((total_ns == 0) & (last > first)).tolist():
            code[cell] = self._code[first[cell] : last[cell]].min()
        return code, total_ns

    def _captions(
        self, window: Window, first: int, last: int, names: Sequence[str]
    ) -> Iterator[Caption]:
        edges, cells = window.edges_ns, window.cells
        least_ns = int(np.diff(edges).min()) * (_LEAST_CAPTION - 2)
        wide = first + np.flatnonzero(self._lengths[first:last] >= least_ns)
        begins, ends = self._begins[wide], self._ends[wide]
        from_cell = np.clip(np.searchsorted(edges, begins, side="right") - 1, 0, cells - 1)
        to_cell = np.clip(np.searchsorted(edges, ends, side="left") - 1, from_cell, cells - 1)
        counts = to_cell - from_cell + 1
        columns = (from_cell.tolist(), counts.tolist(), self._name[wide].tolist())
        for cell, num_cells, name in zip(*columns, strict=True):
            if num_cells >= _LEAST_CAPTION:
                yield Caption(cell, num_cells, names[name])


@dataclass(frozen=True, eq=False)
class _Covered:
    """The items of one code: int64 columns of shape (n,).

    Attributes:
        begins, lengths: Of each, in the order of time.
        before_ns: Of all before each.
    """

    begins: Ints
    lengths: Ints
    before_ns: Ints

    @classmethod
    def of(cls, begins: Ints, ends: Ints, chosen: NDArray[np.bool_]) -> _Covered:
        """Sum up the chosen items, of which there is one at least."""
        lengths = ends[chosen] - begins[chosen]
        return cls(begins[chosen], lengths, np.cumsum(lengths) - lengths)

    def before(self, instants_ns: Ints) -> Ints:
        """Return how long they cover up to each instant, ns; shape of the instants."""
        place = np.searchsorted(self.begins, instants_ns, side="right") - 1
        within = np.clip(instants_ns - self.begins[place], 0, self.lengths[place])
        covered: Ints = np.where(place >= 0, self.before_ns[place] + within, 0)
        return covered
