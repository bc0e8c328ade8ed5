"""Operators by name, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.page import Column, Row, Sheet
from annt_prof.views.work import cells

if TYPE_CHECKING:
    from annt_prof.analysis.tables.operator_table import OperatorRow
    from annt_prof.views.work.traced import Traced

KEY = "operators"

# In the order in which a narrow terminal can do without them, the last first.
COLUMNS = (
    Column("operator", "operator", "All operators of one name on the host; the whole name is told "
           "of the row at the cursor.", False, True),
    Column("self_ns", "self ms", "Time on the host without operators inside on the same thread; "
           "those of a thread add up to what its operators take."),
    Column("share_of_steps", "of steps", "Self time over the wall time of the traced steps; the "
           "column may add up to more than 100 %, as several threads run at once."),
    Column("count", "count", "Calls within the traced steps."),
    Column("total_ns", "total ms", "Time on the host with all that is called inside."),
    Column("phase", "phase", "In which phase of the step most began, and in how many others some "
           "did.", False),
    Column("mean_ns", "mean us", "Mean duration, with all that is called inside."),
    Column("p50_ns", "p50 us", "Median duration, likewise."),
    Column("p95_ns", "p95 us", "One in twenty takes longer, likewise."),
    Column("thread", "thread", "On whose thread most ran: the main one, one of autograd's or "
           "another, and on how many other kinds some did.", False),
    Column("device_ns", "device ms", "Time of the kernels and copies that they launched, "
           "and not through operators inside."),
)  # fmt: skip


def build_operator_sheet(traced: Traced, room: int) -> Sheet:
    """Return the operators of a trace, those of the most time of their own first.

    Args:
        traced: With operators or not.
        room: Characters for a name.
    """
    operators = traced.operators
    if operators is None:
        why = "the trace has no operators; torch.profiler's ProfilerActivity.CPU records them"
        return Sheet(KEY, f"Operators of {traced.name}: none", COLUMNS, (), empty=why)
    calls = units.count(operators.count, "call")
    own = "" if operators.self_ns is None else f", {units.duration(operators.self_ns)}"
    steps = units.count(operators.num_steps, "step")
    left = "" if traced.analysis.complete else " that are left"
    names = cells.operator_names([row.name for row in operators.rows], room)
    return Sheet(
        KEY,
        f"Operators of {traced.name}: {units.count(operators.num_names, 'name')}, {calls}{left}"
        f"{own} in {steps}",
        COLUMNS,
        tuple(_row(row, names[row.name]) for row in operators.rows),
        num_more=operators.num_names - len(operators.rows),
        empty="" if operators.rows else "no operator began in these steps",
    )


def _row(row: OperatorRow, short: str) -> Row:
    return Row(
        row.name,
        (
            cells.name_cell(row.name, short),
            cells.milliseconds(row.self_ns),
            cells.share(row.share_of_steps),
            cells.whole(row.count),
            cells.milliseconds(row.total_ns),
            cells.most_frequent(row.phases),
            cells.microseconds(row.mean_ns),
            cells.microseconds(row.p50_ns),
            cells.microseconds(row.p95_ns),
            cells.most_frequent(row.threads),
            cells.milliseconds(row.device_ns),
        ),
    )
