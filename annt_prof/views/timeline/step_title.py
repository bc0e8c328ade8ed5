"""What stands above a step of a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.text import printable

if TYPE_CHECKING:
    from annt_prof.views.timeline.panel import Panel


def step_title(panel: Panel, num_panels: int) -> str:
    """Return whose step it is, which of how many, and how long.

    Args:
        panel: The step.
        num_panels: Shown on one scale.
    """
    lanes = panel.lanes
    number = f"{panel.step + 1} of {units.count(len(lanes.step_names), 'step')}"
    scale = ", on one scale" if num_panels > 1 else ""
    name = lanes.step_names[panel.step]
    return printable(f"{panel.title}: {name}, {number}, {units.duration(panel.full_ns)}{scale}")
