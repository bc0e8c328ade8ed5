"""What the record keeps of the traced window of each launch, where several are traced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.tables.kernel_table import kernel_table
from annt_prof.analysis.tables.operator_table import operator_table
from annt_prof.runs.record import TracedLaunch, WorkTime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.analysis.tables.kernel_table import KernelTable
    from annt_prof.analysis.tables.pitfalls import TraceMistake
    from annt_prof.analysis.timeline.timeline import Timeline

_EVERY = 1_000_000  # rows of a table
_KEPT = 200  # names of a launch, of the most time


def traced_launch(
    timeline: Timeline, mean: MeanBreakdown, launch: int, mistakes: Iterable[TraceMistake]
) -> TracedLaunch:
    """Return what is kept of a launch's trace.

    Args:
        timeline: Of its trace.
        mean: Its breakdown.
        launch: Counted from 0.
        mistakes: That it shows.
    """
    kernels, steps = kernel_table(timeline, _EVERY), len(timeline.steps.names)
    return TracedLaunch(
        launch=launch,
        breakdown=mean,
        work=_kernels(kernels, steps) if kernels is not None else _operators(timeline),
        matrix_unit_share=None if kernels is None else _matrix_unit_share(kernels),
        pitfalls=tuple(dict.fromkeys(mistake.key.value for mistake in mistakes)),
    )


def _kernels(kernels: KernelTable, steps: int) -> tuple[WorkTime, ...]:
    return tuple(WorkTime(row.name, round(row.total_ns / steps)) for row in kernels.rows[:_KEPT])


def _operators(timeline: Timeline) -> tuple[WorkTime, ...]:
    """Return operators by their own time, which what a trace lost may be part of: none then."""
    table = operator_table(timeline, _KEPT)
    if table is None or table.self_ns is None:
        return ()
    return tuple(
        WorkTime(row.name, round(row.self_ns / table.num_steps))
        for row in table.rows
        if row.self_ns is not None
    )


def _matrix_unit_share(kernels: KernelTable) -> float | None:
    """Return the least share of the kernels' time that surely ran on matrix units."""
    used_ns = sum(row.total_ns for row in kernels.rows if row.tensor_cores)
    return used_ns / kernels.total_ns if kernels.total_ns else None
