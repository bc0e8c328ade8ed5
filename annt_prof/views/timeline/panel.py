"""One step of one trace as it stands in a timeline, alone or above another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from annt_prof.views.timeline.names import short_names
from annt_prof.views.timeline.picture import RowIndex, Window
from annt_prof.views.timeline.rows import timeline_rows

if TYPE_CHECKING:
    from annt_prof.analysis.lanes.lanes import Lanes
    from annt_prof.views.timeline.navigation import Place
    from annt_prof.views.timeline.picture import RowCells
    from annt_prof.views.timeline.rows import TimelineRow


class Pictures:
    """The rows of a trace's lanes, summed up as they are first shown.

    Args:
        lanes: Of the trace.
    """

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes
        self._rows: dict[tuple[int, int], RowIndex] = {}

    def cells(self, row: TimelineRow, window: Window) -> RowCells:
        """Return what a row shows of a window."""
        key = (row.lane, row.row)
        if key not in self._rows:
            self._rows[key] = RowIndex(self._lanes, row.places)
        return self._rows[key].cells(window, self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return short_names(self._lanes)


@dataclass(frozen=True)
class Panel:
    """A step of a trace.

    Attributes:
        title: Whose trace it is.
        lanes: Of the trace.
        pictures: Of its lanes.
        step: Of its steps.
        is_folded: Whether threads show no operators but the outermost.
    """

    title: str
    lanes: Lanes
    pictures: Pictures
    step: int = 0
    is_folded: bool = False

    @cached_property
    def rows(self) -> tuple[TimelineRow, ...]:
        """From top to bottom."""
        return timeline_rows(self.lanes, folded=self.is_folded)

    @classmethod
    def of(cls, title: str, lanes: Lanes, *, is_folded: bool) -> Panel:
        """Return the first step of a trace."""
        return cls(title, lanes, Pictures(lanes), is_folded=is_folded)

    @property
    def origin_ns(self) -> int:
        """When the step begins, on the lanes' clock."""
        return int(self.lanes.step_start_ns[self.step])

    @property
    def full_ns(self) -> int:
        """Length of the step."""
        return int(self.lanes.step_end_ns[self.step]) - self.origin_ns

    def at_step(self, step: int) -> Panel:
        """Return the same of another step; the first or the last one where there is none."""
        return replace(self, step=min(max(step, 0), len(self.lanes.step_names) - 1))

    def folded(self, *, is_folded: bool) -> Panel:
        """Return the same, folded or not."""
        return replace(self, is_folded=is_folded)

    def window(self, place: Place) -> Window:
        """Return a place of this step on the lanes' clock."""
        return Window(self.origin_ns + place.start_ns, self.origin_ns + place.end_ns, place.cells)

    def row_of(self, lane: int, row: int) -> int | None:
        """Return which of the rows that of an item is; None where it is folded away."""
        return next((n for n, r in enumerate(self.rows) if (r.lane, r.row) == (lane, row)), None)
