"""Kernels by name, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import Cell, Column, Row, Sheet
from annt_prof.views.work import cells

if TYPE_CHECKING:
    from annt_prof.analysis.tables.kernel_table import KernelRow
    from annt_prof.views.work.traced import Traced

KEY = "kernels"

# In the order in which a narrow terminal can do without them, the last first.
COLUMNS = (
    Column("kernel", "kernel", "All kernels of one name; the whole name is told of the row at the "
           "cursor.", False, True),
    Column("total_ns", "total ms", "Sum of their durations; of those that overlap both count."),
    Column("share_of_steps", "of steps", "Their total over the wall time of the traced steps; the "
           "column may add up to more than 100 %, as several streams run at once."),
    Column("count", "count", "Launches within the traced steps."),
    Column("class", "class", "What kind of work they do, told by their name.", False),
    Column("phase", "phase", "From which phase of the step most were launched, and from how many "
           "others some were.", False),
    Column("mean_ns", "mean us", "Mean duration."),
    Column("p50_ns", "p50 us", "Median duration."),
    Column("p95_ns", "p95 us", "One in twenty takes longer."),
    Column("tensor_cores", "matrix units", "Whether they use matrix units (tensor cores), told by "
           "their name; ? where that does not tell.", False),
    Column("occupancy", "occupancy", "Of the device's warps, what kineto estimates to be resident: "
           "the mean over their time."),
    Column("operator", "operator", "Which operator launched most of them, and how many others "
           "some.", False, True),
    Column("module", "module", "From which module most were launched; known where the profiler "
           "recorded Python frames, and not for backward passes.", False, True),
    Column("line", "line", "From which line of Python outside torch most were launched; likewise.",
           False, True),
)  # fmt: skip


def build_kernel_sheet(traced: Traced, room: int) -> Sheet:
    """Return the kernels of a trace, the longest in total first.

    Args:
        traced: With kernels or not.
        room: Characters for a name.
    """
    kernels = traced.analysis.kernels
    if kernels is None:
        why = traced.analysis.not_measured["kernels"]
        return Sheet(KEY, f"Kernels of {traced.name}: none", COLUMNS, (), empty=why)
    left = "" if traced.analysis.complete else " that are left"
    launches = units.count(kernels.count, "launch", "launches")
    total = units.duration(kernels.total_ns)
    steps = "" if traced.parts is None else f" in {units.count(traced.parts.num_steps, 'step')}"
    names = cells.short_names([row.name for row in kernels.rows], room)
    return Sheet(
        KEY,
        f"Kernels of {traced.name}: {units.count(kernels.num_names, 'name')}, {launches}{left}, "
        f"{total}{steps}",
        COLUMNS,
        tuple(_row(row, names[row.name]) for row in kernels.rows),
        num_more=kernels.num_names - len(kernels.rows),
        empty="" if kernels.rows else "no kernel began in these steps",
    )


def _row(row: KernelRow, short: str) -> Row:
    return Row(
        row.name,
        (
            cells.name_cell(row.name, short),
            cells.milliseconds(row.total_ns),
            cells.share(row.share_of_steps),
            cells.whole(row.count),
            Cell(row.kernel_class, row.kernel_class),
            cells.most_frequent(row.phases),
            cells.microseconds(row.mean_ns),
            cells.microseconds(row.p50_ns),
            cells.microseconds(row.p95_ns),
            cells.matrix_units(row.tensor_cores),
            cells.share(row.occupancy),
            cells.most_frequent(row.operators),
            cells.most_frequent(row.modules),
            cells.most_frequent(row.lines),
        ),
    )
