"""The steps of one trace side by side: how long each took and which categories filled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.table import Table

from annt_prof import units
from annt_prof.report.text.lines import plain
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.breakdown import StepBreakdown

_COLUMN_WIDTH = 15  # the longest category's name, communication, and a gap


def step_table(steps: Sequence[StepBreakdown], width: int) -> Table:
    """Return one row per step: wall time and the largest categories, in milliseconds.

    Categories that find no room are one column together, so that a row still sums.

    Args:
        steps: At least one.
        width: Cells per line.
    """
    total = {
        category: sum(step.by_category_ns[category] for step in steps)
        for category in steps[0].by_category_ns
    }
    room = max(1, (width - cell_len(printable(steps[0].name))) // _COLUMN_WIDTH - 2)
    shown = [c for c in sorted(total, key=lambda c: -total[c]) if total[c]][:room]
    places = units.duration_decimals(step.wall_ns for step in steps)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("step", no_wrap=True)
    for title in ("wall ms", *shown, "others"):
        table.add_column(title, justify="right", overflow="fold")
    for step in steps:
        rest = step.wall_ns - sum(step.by_category_ns[category] for category in shown)
        cells = (step.wall_ns, *(step.by_category_ns[category] for category in shown), rest)
        table.add_row(plain(step.name), *(units.milliseconds(ns, places) for ns in cells))
    return table
