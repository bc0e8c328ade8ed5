"""The rows of a timeline from top to bottom, each with its title, folded or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.analysis.lanes.lanes import LaneKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.lanes.lanes import Lane, Lanes

_FOLDED_OPERATORS = 1


@dataclass(frozen=True)
class TimelineRow:
    """A row.

    Attributes:
        lane, row: As of ``Lanes``.
        places: Of its items.
        title: What stands before it; empty of a row that goes on with the one above.
        first: Whether a lane begins with it.
    """

    lane: int
    row: int
    places: slice
    title: str
    first: bool


def timeline_rows(lanes: Lanes, *, folded: bool = False) -> tuple[TimelineRow, ...]:
    """Return the rows of all lanes.

    Args:
        lanes: Of a trace.
        folded: Whether threads show no operators but the outermost.
    """
    places = lanes.places()
    return tuple(
        TimelineRow(number, row, places[number, row], title, place == 0)
        for number, lane in enumerate(lanes.lanes)
        for place, (row, title) in enumerate(_of_lane(lane, folded=folded))
    )


def _of_lane(lane: Lane, *, folded: bool) -> Iterator[tuple[int, str]]:
    if lane.kind is not LaneKind.THREAD:
        yield from ((row, "" if row else lane.title) for row in range(lane.num_rows))
        return
    operators = range(int(lane.phases), lane.num_rows - int(lane.calls))
    shown = operators[:_FOLDED_OPERATORS] if folded else operators
    rows = [*([0] if lane.phases else []), *shown, *([lane.num_rows - 1] if lane.calls else [])]
    for place, row in enumerate(rows):
        if place == 0:
            yield row, lane.title
        elif lane.calls and row == lane.num_rows - 1:
            yield row, "  calls"
        else:
            yield row, "  operators" if row == operators.start else ""
