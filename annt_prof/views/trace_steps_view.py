"""Where the steps of one trace go, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.step_table_view import build_step_table

if TYPE_CHECKING:
    from annt_prof.analysis.breakdown import Breakdown, MeanBreakdown
    from annt_prof.categories import Category
    from annt_prof.views.step_table_view import StepTable

MOST_STEPS = 20


@dataclass(frozen=True)
class HiddenTime:
    """Time of a category that ran under other work, mean per step."""

    category: Category
    time_ns: int


@dataclass(frozen=True)
class UnseenCategory:
    """A category that the trace cannot show, and why."""

    category: Category
    reason: str


@dataclass(frozen=True)
class TraceStepsView:
    """The steps of a trace.

    Attributes:
        mean: Over all of them.
        num_steps: In it.
        shortest_ns, longest_ns: Wall times of single steps.
        hidden: Copies and communication that took time and none of the step's.
        unseen: Categories that are not measured.
        table: The first steps one by one, ``MOST_STEPS`` at most; None of a single step.
        num_more_steps: Beyond those of the table.
    """

    mean: MeanBreakdown
    num_steps: int
    shortest_ns: int
    longest_ns: int
    hidden: tuple[HiddenTime, ...]
    unseen: tuple[UnseenCategory, ...]
    table: StepTable | None
    num_more_steps: int


def build_trace_steps_view(breakdown: Breakdown) -> TraceStepsView:
    """Return what is shown of a breakdown, which has at least one step."""
    mean = breakdown.mean
    walls_ns = [step.wall_ns for step in breakdown.steps]
    several = mean.num_steps > 1
    return TraceStepsView(
        mean=mean,
        num_steps=len(walls_ns),
        shortest_ns=min(walls_ns),
        longest_ns=max(walls_ns),
        hidden=tuple(HiddenTime(category, ns) for category, ns in mean.hidden_ns.items() if ns),
        unseen=tuple(
            UnseenCategory(category, reason) for category, reason in mean.not_measured.items()
        ),
        table=build_step_table(breakdown.steps[:MOST_STEPS]) if several else None,
        num_more_steps=max(0, mean.num_steps - MOST_STEPS),
    )
