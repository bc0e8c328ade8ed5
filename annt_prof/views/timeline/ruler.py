"""The ruler above a timeline: round instants, a cell for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.timeline.picture import Window

_CELLS_PER_TICK = 14


def ticks(window: Window) -> tuple[tuple[int, str], ...]:
    """Return the cell and the text of each tick, in milliseconds from the step's begin."""
    return tuple(_ticks(window))


def _ticks(window: Window) -> Iterator[tuple[int, str]]:
    length = max(window.end_ns - window.start_ns, window.cells)
    spacing = _round(max(length * _CELLS_PER_TICK // window.cells, 1))
    instant = -(-window.start_ns // spacing) * spacing
    while instant < window.end_ns:
        yield window.cell_of(instant), units.tick(instant)
        instant += spacing


def _round(least: int) -> int:
    """Return the least of 1, 2, 5, 10, 20, ... that is not below a number."""
    power = 1
    while True:
        for digit in (1, 2, 5):
            if digit * power >= least:
                return digit * power
        power *= 10
