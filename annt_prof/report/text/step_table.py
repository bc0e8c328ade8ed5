"""The steps of one trace side by side: how long each took and which categories filled it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.report.text.tables import Column, Table, names

if TYPE_CHECKING:
    from annt_prof.views.step_table_view import StepTable


def step_table(view: StepTable, width: int) -> Table:
    """Return one row per step: wall time and the largest categories, in milliseconds.

    Args:
        view: Of at least one step.
        width: Cells per line; it says how many categories have a column of their own.
    """
    for number in range(len(view.categories), 1, -1):
        table = _table(view.narrowed(number))
        if table.fits(width):
            return table
    return _table(view.narrowed(1))


def _table(view: StepTable) -> Table:
    titles = ("wall ms", *view.categories, "others")
    return Table(
        (names("step"), *map(Column, titles)),
        tuple(
            (row.name, *(units.milliseconds(ns, view.decimals) for ns in times_ns))
            for row in view.rows
            for times_ns in [(row.wall_ns, *row.by_category_ns, row.others_ns)]
        ),
    )
