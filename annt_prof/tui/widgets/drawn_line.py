"""What a plot is given to draw: lines that are short enough, with their looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.tui.widgets.reduction import Line
    from annt_prof.views.palette import Look

LABEL_WIDTH = 8
"""Cells left of a plot's frame, for the figures of its y axis."""


@dataclass(frozen=True)
class DrawnLine:
    """A curve, or one side of the interval around it.

    Attributes:
        look: Its colour and its letter.
        pieces: Of the curve, apart where it is broken.
        side: Whether it is the side of an interval, which is drawn faintly.
    """

    look: Look
    pieces: tuple[Line, ...]
    side: bool = False


@dataclass(frozen=True)
class Drawing:
    """All of a plot but its cursor.

    Attributes:
        lines: The later ones over the earlier ones.
        view: Where the x axis begins and ends.
        limits: Likewise of the y axis.
    """

    lines: tuple[DrawnLine, ...]
    view: tuple[float, float]
    limits: tuple[float, float]

    @property
    def lettered(self) -> bool:
        """Whether several curves have to be told apart."""
        return sum(not line.side for line in self.lines) > 1
