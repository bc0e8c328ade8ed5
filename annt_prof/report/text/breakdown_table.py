"""A breakdown as lines with bars: one category each, all on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.categories import Unattributed
from annt_prof.report.text.lines import INDENT, indented, left, plain, right

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from annt_prof.views.step_parts import CategoryTime, Scale, StepParts

_WIDEST_BAR = 40
_UNATTRIBUTED: dict[str, str] = {
    Unattributed.LAUNCHED_BEFORE_RECORDING: "launched before the recording",
    Unattributed.LAUNCH_NOT_RECORDED: "its launch is not in the trace",
    Unattributed.OUTSIDE_PHASES: "outside any phase",
    Unattributed.NO_PHASES: "no phase can be told in this trace",
    Unattributed.COPYING_OR_WAITING: "launched while copying or waiting",
    Unattributed.IDLE_UNKNOWN: "idle, and nothing tells why",
}
_EIGHTHS = " ▏▎▍▌▋▊▉"


class BreakdownTable:
    """Lays out steps with one unit, one number of decimals and one scale of bars."""

    def __init__(self, scale: Scale, width: int, *, ascii_only: bool) -> None:
        self._places = scale.duration_decimals
        self._largest_ns = scale.largest_part_ns
        self._label = max(map(len, scale.categories), default=0)
        self._figure = len(self._milliseconds(scale.longest_step_ns))
        self._bar = max(8, min(_WIDEST_BAR, width - INDENT - self._label - self._figure - 17))
        self._ascii_only = ascii_only

    def rows(self, parts: StepParts) -> Iterator[RenderableType]:
        """Yield a line for each category that took time, why it did, and those that took none."""
        for row in parts.rows:
            yield self._row(row)
        if parts.unattributed:
            listed = ", ".join(
                f"{_UNATTRIBUTED.get(part.reason, part.reason)} "
                f"{self._milliseconds(part.time_ns)} ms"
                for part in parts.unattributed
            )
            yield indented(plain(f"unattributed as: {listed}"))
        if parts.zeros:
            yield indented(plain(f"0 ms: {', '.join(parts.zeros)}", "dim"))

    def _row(self, row: CategoryTime) -> Text:
        share = "-" if row.share is None else units.percent(row.share)
        return Text.assemble(
            " " * INDENT,
            left(row.category, self._label),
            f"  {right(self._milliseconds(row.time_ns), self._figure)} ms  {right(share, 7)}  ",
            (self._drawn(row.time_ns), "cyan"),
        )

    def _milliseconds(self, ns: int) -> str:
        return units.milliseconds(ns, self._places)

    def _drawn(self, ns: int) -> str:
        eighths = max(1, round(self._bar * 8 * ns / self._largest_ns))
        whole, rest = divmod(eighths, 8)
        if self._ascii_only:
            return "#" * max(1, whole)
        return "█" * whole + _EIGHTHS[rest].strip()
