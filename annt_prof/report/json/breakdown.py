"""The breakdown of a trace's steps in JSON documents, every category with a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown, StepBreakdown


@dataclass(frozen=True)
class StepDocument:
    """One step; categories that are not measured are null."""

    name: str
    start_ns: int
    wall_ns: int
    breakdown_ns: Mapping[Category, int | None]


@dataclass(frozen=True)
class MeanDocument:
    """The mean over the steps, likewise."""

    num_steps: int
    wall_ns: int
    breakdown_ns: Mapping[Category, int | None]
    hidden_ns: Mapping[Category, int]
    kernel_ns: Mapping[str, int]
    kernel_precision_ns: Mapping[str, Mapping[str, int]]
    unattributed_ns: Mapping[str, int]


def step_of(step: StepBreakdown) -> StepDocument:
    """Return one step as documents have it."""
    times_ns = _every_category(step.by_category_ns)
    return StepDocument(step.name, step.start_ns, step.wall_ns, times_ns)


def mean_of(mean: MeanBreakdown) -> MeanDocument:
    """Return the mean as documents have it."""
    return MeanDocument(
        num_steps=mean.num_steps,
        wall_ns=mean.step_ns,
        breakdown_ns=_every_category(mean.by_category_ns),
        hidden_ns=mean.hidden_ns,
        kernel_ns=mean.kernel_ns,
        kernel_precision_ns=mean.kernel_precision_ns,
        unattributed_ns=mean.unattributed_ns,
    )


def _every_category(measured_ns: Mapping[Category, int]) -> Mapping[Category, int | None]:
    return {category: measured_ns.get(category) for category in Category}
