"""Where the steps of one trace go, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.step_parts import build_step_parts, scale_of
from annt_prof.views.step_table_view import build_step_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import Breakdown
    from annt_prof.categories import Category
    from annt_prof.views.step_parts import Scale, StepParts
    from annt_prof.views.step_table_view import StepTable

MOST_STEPS = 20


@dataclass(frozen=True)
class Unseen:
    """Categories that the trace cannot show, for one reason."""

    categories: tuple[Category, ...]
    reason: str


@dataclass(frozen=True)
class TraceStepsView:
    """The steps of a trace.

    Attributes:
        parts: The mean over all of them.
        scale: Of its bars and figures.
        num_steps: In it.
        shortest_ns, longest_ns: Wall times of single steps.
        unseen: Categories that are not measured, by the reason.
        table: The first steps one by one, ``MOST_STEPS`` at most; None of a single step.
        num_more_steps: Beyond those of the table.
    """

    parts: StepParts
    scale: Scale
    num_steps: int
    shortest_ns: int
    longest_ns: int
    unseen: tuple[Unseen, ...]
    table: StepTable | None
    num_more_steps: int


def build_trace_steps_view(breakdown: Breakdown) -> TraceStepsView:
    """Return what is shown of a breakdown, which has at least one step."""
    mean = breakdown.mean
    parts = build_step_parts(mean)
    walls_ns = [step.wall_ns for step in breakdown.steps]
    several = mean.num_steps > 1
    return TraceStepsView(
        parts=parts,
        scale=scale_of([parts]),
        num_steps=len(walls_ns),
        shortest_ns=min(walls_ns),
        longest_ns=max(walls_ns),
        unseen=_unseen(mean.not_measured),
        table=build_step_table(breakdown.steps[:MOST_STEPS]) if several else None,
        num_more_steps=max(0, mean.num_steps - MOST_STEPS),
    )


def _unseen(reasons: Mapping[Category, str]) -> tuple[Unseen, ...]:
    by_reason: dict[str, list[Category]] = {}
    for category, reason in reasons.items():
        by_reason.setdefault(reason, []).append(category)
    return tuple(Unseen(tuple(categories), reason) for reason, categories in by_reason.items())
