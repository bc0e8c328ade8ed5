"""The look of the small tables of an analysis."""

from __future__ import annotations

from typing import Literal

from rich import box
from rich.table import Table

from annt_prof import units

Column = tuple[str, Literal["left", "right"]]


def table_of(*columns: Column) -> Table:
    """Return an empty table; each column is its title and its side."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title, side in columns:
        table.add_column(title, justify=side, overflow="fold")
    return table


def share(fraction: float | None) -> str:
    """Write a part of a whole; of nothing there is no share."""
    return "-" if fraction is None else units.percent(fraction)


def milliseconds(ns: float) -> str:
    """Write a duration for a column whose title says ms."""
    return units.milliseconds(ns, 3)
