"""A chart reduced to what a plot of so many columns shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.tui.widgets.drawn_line import Drawing, DrawnLine
from annt_prof.tui.widgets.reduction import extremes
from annt_prof.views.palette import series_look

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.tui.widgets.chart_view import View
    from annt_prof.tui.widgets.reduction import Floats
    from annt_prof.views.page import Chart, Curve

_AIR = 0.05  # above and below the curves, of their height


class ChartDrawing:
    """A chart as arrays.

    Args:
        chart: To be drawn again and again, each time at another place.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._curves = tuple(_arrays(curve) for curve in chart.curves)

    @property
    def whole(self) -> View:
        """From the first to the last point of all curves; never of no length."""
        ends = [x for curve in self._chart.curves for x in (*curve.xs[:1], *curve.xs[-1:])]
        start, end = min(ends, default=0.0), max(ends, default=1.0)
        return (start, end) if end > start else (start - 0.5, end + 0.5)

    def seen(self, view: View, columns: int) -> Drawing:
        """Return what is seen of it.

        Args:
            view: Where the x axis begins and ends.
            columns: That the plot is wide.
        """
        lines = tuple(self._lines(view, columns))
        return Drawing(lines, view, _limits(self._chart, lines))

    def _lines(self, view: View, columns: int) -> Iterator[DrawnLine]:
        for place, (xs, ys, *sides) in enumerate(self._curves):
            look = series_look(place)
            for side in sides:
                yield DrawnLine(look, extremes(xs, side, view, columns), side=True)
            yield DrawnLine(look, extremes(xs, ys, view, columns))


def _arrays(curve: Curve) -> tuple[Floats, ...]:
    series = [curve.xs, curve.ys, *filter(None, (curve.lows, curve.highs))]
    return tuple(np.asarray(values, dtype=np.float64) for values in series)


def _limits(chart: Chart, lines: Sequence[DrawnLine]) -> View:
    """Return where the y axis begins and ends: as the chart says, or around what is seen."""
    ys = [ys for line in lines for _, ys in line.pieces if len(ys)]
    low = min((float(y.min()) for y in ys), default=0.0)
    high = max((float(y.max()) for y in ys), default=1.0)
    air = _AIR * (high - low) or abs(high) * _AIR or 1.0
    least = low - air if chart.least is None else chart.least
    most = high + air if chart.most is None else chart.most
    return (least, most) if most > least else (least, least + 1.0)
