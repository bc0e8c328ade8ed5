"""Long curves reduced to what a column of cells can show of them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats: TypeAlias = npt.NDArray[np.float64]
    Line: TypeAlias = tuple[Floats, Floats]


def extremes(xs: Floats, ys: Floats, view: tuple[float, float], columns: int) -> tuple[Line, ...]:
    """Return the lines of a curve that a view shows: of each column its least and greatest point.

    A point beyond each end of the view stays, so that the lines go up to its edges.

    Args:
        xs: Shape (n,), rising.
        ys: Shape (n,); NaN where the curve is broken.
        view: Where it begins and ends.
        columns: That the view is wide.

    Returns:
        Pieces between breaks, each with its x and y values; of at most two points a column where
        the curve has more.

    Source: U. Jugel et al., M4: A Visualization-Oriented Time Series Data Aggregation, VLDB 7(10),
    2014, section 4 (the first and the last point of a column, which it keeps too, would move a
    line by less than a column).
    """
    first = max(0, int(np.searchsorted(xs, view[0])) - 1)
    last = int(np.searchsorted(xs, view[1], side="right")) + 1
    pieces = _pieces(xs[first:last], ys[first:last], columns)
    return tuple(_reduced(piece, view, columns) for piece in pieces)


def _pieces(xs: Floats, ys: Floats, columns: int) -> Iterator[Line]:
    known = np.isfinite(ys)
    breaks = np.flatnonzero(~known)
    if len(breaks) > columns:  # more than can be seen
        yield xs[known], ys[known]
        return
    for start, end in pairwise([-1, *breaks.tolist(), len(ys)]):
        if end - start > 1:
            yield xs[start + 1 : end], ys[start + 1 : end]


def _reduced(line: Line, view: tuple[float, float], columns: int) -> Line:
    xs, ys = line
    if len(xs) <= 2 * columns:
        return line
    edges = np.linspace(view[0], view[1], columns + 1)[1:-1]
    ends = [0, *np.searchsorted(xs, edges).tolist(), len(xs)]
    kept = [0, len(xs) - 1]
    for start, end in pairwise(ends):
        if end > start:
            column = ys[start:end]
            kept += [start + int(column.argmin()), start + int(column.argmax())]
    places = np.unique(kept)
    return xs[places], ys[places]
