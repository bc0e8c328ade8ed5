"""The steps of one trace side by side: how long each took and which categories filled it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.breakdown.breakdown import StepBreakdown
    from annt_prof.categories import Category


@dataclass(frozen=True)
class StepRow:
    """One step; ``by_category_ns`` and ``others_ns`` sum to ``wall_ns``.

    Attributes:
        name: As in the trace.
        wall_ns: Its length.
        by_category_ns: In the order of the table's categories.
        others_ns: In all other categories.
    """

    name: str
    wall_ns: int
    by_category_ns: tuple[int, ...]
    others_ns: int


@dataclass(frozen=True)
class StepTable:
    """Steps by category.

    Attributes:
        categories: Those that took time in any of the steps, the longest in total first.
        rows: In the order of time.
        decimals: Of all milliseconds.
    """

    categories: tuple[Category, ...]
    rows: tuple[StepRow, ...]
    decimals: int

    def narrowed(self, most: int) -> StepTable:
        """Return the table with this many categories at most; the rest is among the others."""
        rows = tuple(
            StepRow(
                name=row.name,
                wall_ns=row.wall_ns,
                by_category_ns=row.by_category_ns[:most],
                others_ns=row.others_ns + sum(row.by_category_ns[most:]),
            )
            for row in self.rows
        )
        return StepTable(self.categories[:most], rows, self.decimals)


def build_step_table(steps: Sequence[StepBreakdown]) -> StepTable:
    """Return the table of at least one step."""
    total_ns = {
        category: sum(step.by_category_ns[category] for step in steps)
        for category in steps[0].by_category_ns
    }
    longest_first = sorted(total_ns, key=lambda category: -total_ns[category])
    categories = tuple(category for category in longest_first if total_ns[category])
    return StepTable(
        categories=categories,
        rows=tuple(_row(step, categories) for step in steps),
        decimals=units.duration_decimals(step.wall_ns for step in steps),
    )


def _row(step: StepBreakdown, categories: Sequence[Category]) -> StepRow:
    times_ns = tuple(step.by_category_ns[category] for category in categories)
    return StepRow(step.name, step.wall_ns, times_ns, step.wall_ns - sum(times_ns))
