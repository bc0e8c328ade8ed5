"""What charts show at one place of their x axis, in words."""

from __future__ import annotations

import math
from bisect import bisect_left
from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.views.page import Chart, Curve

_FARTHEST = 0.02  # of the curve: how far beyond its end, or into a gap, a point still counts


def place_text(chart: Chart, x: float) -> str:
    """Return a place of the x axis as ``12.3 s``."""
    return f"{units.number(x, chart.x_places)} {chart.x_unit}".rstrip()


def values_text(chart: Chart, x: float) -> str:
    """Return the values of a chart's curves there, as ``98.0 %``; with names where several are."""
    return ", ".join(_values(chart, x))


def span_name(chart: Chart, x: float) -> str | None:
    """Return the name of the span there; None where there is none."""
    inside = (span.name for span in chart.spans if span.start <= x <= span.end)
    return next(inside, None)


def reading(charts: Sequence[Chart], x: float, *, outside: str) -> str:
    """Return one line: the place, the span at it, and what every chart shows there.

    Args:
        charts: Over one x axis, at least one.
        x: The place.
        outside: What is said where no span is.
    """
    where = span_name(charts[0], x) or outside
    told = ((chart.short, values_text(chart, x)) for chart in charts)
    values = (f"{name} {text}".lstrip() for name, text in told if text)
    return f"{place_text(charts[0], x)}, {where}: {', '.join(values) or 'nothing known'}"


def _values(chart: Chart, x: float) -> Iterator[str]:
    for curve in chart.curves:
        value = _value_at(curve, x)
        if value is not None:
            name = f"{curve.name} " if len(chart.curves) > 1 else ""
            yield f"{name}{units.number(value, chart.y_places)} {chart.y_unit}".rstrip()


def _value_at(curve: Curve, x: float) -> float | None:
    """Return the value of the nearest point; None where the curve is broken or does not reach."""
    if not curve.xs:
        return None
    after = bisect_left(curve.xs, x)
    near = [place for place in (after - 1, after) if 0 <= place < len(curve.xs)]
    place = min(near, key=lambda place: abs(curve.xs[place] - x))
    drawn = len(near) == 2 and all(math.isfinite(curve.ys[place]) for place in near)
    reach = _FARTHEST * ((curve.xs[-1] - curve.xs[0]) or 1.0)
    too_far = not drawn and abs(curve.xs[place] - x) > reach
    return None if too_far or not math.isfinite(curve.ys[place]) else curve.ys[place]
