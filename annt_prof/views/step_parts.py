"""One traced step as parts that every face can show: where its wall time went, and what hid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown


MUCH_UNATTRIBUTED = 0.01
"""Share of a step that a breakdown may leave unattributed without saying why."""


class CategoryTime(msgspec.Struct, frozen=True):
    """A category that took time.

    Attributes:
        time_ns: Wall time of the mean step.
        share: Of the step, 0 to 1; None of a step that took no time.
    """

    category: Category
    time_ns: int
    share: float | None


class HiddenTime(msgspec.Struct, frozen=True):
    """What ran under other work, and so is no part of the step.

    Attributes:
        time_ns: Of the mean step.
    """

    category: Category
    time_ns: int


class UnattributedTime(msgspec.Struct, frozen=True):
    """Why a part of the step is unattributed.

    Attributes:
        reason: An ``Unattributed``; a string as records of later versions may have others.
        time_ns: Of the mean step.
    """

    reason: str
    time_ns: int


class KernelTime(msgspec.Struct, frozen=True):
    """A class of kernels that took device time.

    Attributes:
        time_ns: Device time of the mean step.
        share: Of the device time of all kernels, 0 to 1.
    """

    kernel_class: str
    time_ns: int
    share: float


class KernelTimes(msgspec.Struct, frozen=True):
    """The kernels of the mean step.

    Attributes:
        total_ns: Device time of all.
        classes: The one with the most first, those without any left out.
    """

    total_ns: int
    classes: tuple[KernelTime, ...]


class StepParts(msgspec.Struct, frozen=True):
    """The mean of the traced steps.

    Attributes:
        step_ns: Wall time; the rows sum to it.
        num_steps: Steps averaged.
        duration_decimals: Of the parts of this step, where it is shown by itself.
        rows: Categories that took time, in the order of ``Category``.
        zeros: Categories that were measured and took none.
        hidden: Those that hid for some time.
        kernels: None where no kernel took time.
        unattributed: By reason, the one with the most time first; empty where what is
            unattributed is less than ``MUCH_UNATTRIBUTED`` of the step.
    """

    step_ns: int
    num_steps: int
    duration_decimals: int
    rows: tuple[CategoryTime, ...]
    zeros: tuple[Category, ...]
    hidden: tuple[HiddenTime, ...]
    kernels: KernelTimes | None
    unattributed: tuple[UnattributedTime, ...] = ()

    @property
    def measured(self) -> tuple[Category, ...]:
        """Every category that the trace can show, in the order of ``Category``."""
        shown = {row.category for row in self.rows} | set(self.zeros)
        return tuple(category for category in Category if category in shown)

    def time_of(self, category: Category) -> CategoryTime | None:
        """Return what a category took, were it nothing; None where it was not measured."""
        if category in self.zeros:
            return CategoryTime(category, 0, 0.0 if self.step_ns else None)
        return next((row for row in self.rows if row.category == category), None)


class Scale(msgspec.Struct, frozen=True):
    """What steps that are shown together have in common.

    Attributes:
        duration_decimals: Of every duration, in milliseconds.
        longest_step_ns: The end of bars that stack a step's categories.
        largest_part_ns: The end of bars that hold one category each.
        categories: That any of the traces can show, in the order of ``Category``.
    """

    duration_decimals: int
    longest_step_ns: int
    largest_part_ns: int
    categories: tuple[Category, ...]


def build_step_parts(mean: MeanBreakdown) -> StepParts:
    """Return the parts of a mean step."""
    measured = [c for c in Category if c in mean.by_category_ns]
    return StepParts(
        step_ns=mean.step_ns,
        num_steps=mean.num_steps,
        duration_decimals=units.duration_decimals([mean.step_ns]),
        rows=tuple(
            CategoryTime(category, time_ns, time_ns / mean.step_ns if mean.step_ns else None)
            for category in measured
            if (time_ns := mean.by_category_ns[category])
        ),
        zeros=tuple(category for category in measured if not mean.by_category_ns[category]),
        hidden=tuple(HiddenTime(c, time_ns) for c, time_ns in mean.hidden_ns.items() if time_ns),
        kernels=_kernels(mean.kernel_ns),
        unattributed=_unattributed(mean),
    )


def scale_of(steps: Sequence[StepParts]) -> Scale:
    """Return the one scale of steps that are shown together."""
    shown = {category for parts in steps for category in parts.measured}
    return Scale(
        duration_decimals=units.duration_decimals(parts.step_ns for parts in steps),
        longest_step_ns=max((parts.step_ns for parts in steps), default=0),
        largest_part_ns=max((row.time_ns for parts in steps for row in parts.rows), default=0),
        categories=tuple(category for category in Category if category in shown),
    )


def _unattributed(mean: MeanBreakdown) -> tuple[UnattributedTime, ...]:
    if sum(mean.unattributed_ns.values()) < MUCH_UNATTRIBUTED * mean.step_ns:
        return ()
    ordered = sorted(mean.unattributed_ns.items(), key=lambda item: -item[1])
    return tuple(UnattributedTime(reason, time_ns) for reason, time_ns in ordered if time_ns)


def _kernels(kernel_ns: dict[str, int]) -> KernelTimes | None:
    total_ns = sum(kernel_ns.values())
    if not total_ns:
        return None
    ordered = sorted(kernel_ns.items(), key=lambda item: -item[1])
    return KernelTimes(
        total_ns,
        tuple(
            KernelTime(kind, time_ns, time_ns / total_ns) for kind, time_ns in ordered if time_ns
        ),
    )
