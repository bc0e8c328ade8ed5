"""What accounting for a trace's steps gives, before it is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.categories import Category

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CATEGORIES = tuple(Category)


def column(category: Category) -> int:
    """Return a category's place in ``CATEGORIES``."""
    return CATEGORIES.index(category)


@dataclass(frozen=True, eq=False)
class StepTimes:
    """Time by step and category.

    Attributes:
        time_ns: int64, shape (steps, len(CATEGORIES)); each row sums to the step.
        hidden_ns: Copies and communication that ran under something else, over all steps.
        kernel_ns: Device time by kernel class, over all steps; overlapping kernels both count.
        kernel_precision_ns: That of the matrix kernels' classes, by precision.
        operator_ns: Without a device: time of forward and backward by what operators do.
        host_bound_ns: Waits of the device for the host, by the phase that the host was in.
        unattributed_ns: Unattributed time by ``Unattributed``, over all steps; sums to its column.
        not_measured: Categories the trace cannot show, each with the reason; their columns are 0.
    """

    time_ns: NDArray[np.int64]
    hidden_ns: dict[Category, int]
    kernel_ns: dict[str, int]
    kernel_precision_ns: dict[str, dict[str, int]]
    operator_ns: dict[str, int]
    host_bound_ns: dict[str, int]
    unattributed_ns: dict[str, int]
    not_measured: dict[Category, str]
