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
    from annt_prof.views.step_table_view import StepTable

_COLUMN_WIDTH = 15  # the longest category's name, communication, and a gap


def step_table(view: StepTable, width: int) -> Table:
    """Return one row per step: wall time and the largest categories, in milliseconds.

    Args:
        view: Of at least one step.
        width: Cells per line; it says how many categories have a column of their own.
    """
    room = max(1, (width - cell_len(printable(view.rows[0].name))) // _COLUMN_WIDTH - 2)
    fitting = view.narrowed(room)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    table.add_column("step", no_wrap=True)
    for title in ("wall ms", *fitting.categories, "others"):
        table.add_column(title, justify="right", overflow="fold")
    for row in fitting.rows:
        times_ns = (row.wall_ns, *row.by_category_ns, row.others_ns)
        cells = (units.milliseconds(ns, fitting.decimals) for ns in times_ns)
        table.add_row(plain(row.name), *cells)
    return table
