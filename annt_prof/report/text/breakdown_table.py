"""A breakdown as lines with bars: one category each, all on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.report.text.lines import INDENT, indented, left, plain, right

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from annt_prof.analysis.breakdown import MeanBreakdown
    from annt_prof.categories import Category

_WIDEST_BAR = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"


class BreakdownTable:
    """Lays out breakdowns with one unit, one number of decimals and one scale of bars."""

    def __init__(self, breakdowns: list[MeanBreakdown], width: int, *, ascii_only: bool) -> None:
        every = [ns for b in breakdowns for ns in b.by_category_ns.values()]
        self._places = units.duration_decimals(b.step_ns for b in breakdowns)
        self._largest_ns = max(every, default=0)
        self._label = max((len(c) for b in breakdowns for c in b.by_category_ns), default=0)
        self._figure = max(len(self._milliseconds(b.step_ns)) for b in breakdowns)
        self._bar = max(8, min(_WIDEST_BAR, width - INDENT - self._label - self._figure - 17))
        self._ascii_only = ascii_only

    def rows(self, breakdown: MeanBreakdown) -> Iterator[RenderableType]:
        """Yield a line for each category that took time, and one for those that took none."""
        for category, ns in breakdown.by_category_ns.items():
            if ns:
                yield self._row(category, ns, breakdown.step_ns)
        idle = [category for category, ns in breakdown.by_category_ns.items() if not ns]
        if idle:
            yield indented(plain(f"0 ms: {', '.join(idle)}", "dim"))

    def _row(self, category: Category, ns: int, step_ns: int) -> Text:
        share = units.percent(ns / step_ns)
        return Text.assemble(
            " " * INDENT,
            left(category, self._label),
            f"  {right(self._milliseconds(ns), self._figure)} ms  {right(share, 7)}  ",
            (self._drawn(ns), "cyan"),
        )

    def _milliseconds(self, ns: int) -> str:
        return units.milliseconds(ns, self._places)

    def _drawn(self, ns: int) -> str:
        eighths = max(1, round(self._bar * 8 * ns / self._largest_ns))
        whole, rest = divmod(eighths, 8)
        if self._ascii_only:
            return "#" * max(1, whole)
        return "█" * whole + _EIGHTHS[rest].strip()
