"""A traced step's parts, told of the timed step: without a device no trace has its times right.

A traced window lasts some tenths of a second, at whatever pace the machine has then: on a shared
one traced steps of the same code took from 3.1 to 4.7 ms in seven launches, of which forward was 75
to 79 % each time (benchmarks/check_errors.py, one core kept loaded). And a profiler slows what the
host does, so that loader processes beside it gain, and the wait for a batch seems shorter than it
is. So the wait is that of timed windows, and the others share the rest of the timed step as they
share the traced one. A device keeps its own pace, and a profiler hardly lengthens its kernels:
there parts are those of the traced step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown


class Timed(NamedTuple):
    """The timed step that traced ones are told of; nanoseconds per iteration.

    Attributes:
        step_ns: In the middle of an epoch, as traces are.
        waited_ns: For its batch; None where that was not recorded.
    """

    step_ns: float
    waited_ns: float | None


class Parts(NamedTuple):
    """Of one step, by name, nanoseconds.

    Attributes:
        categories: Add up to the step.
        work: By operator; part of the categories.
    """

    categories: dict[str, int]
    work: dict[str, int]


def by_name(mean: MeanBreakdown) -> dict[str, int]:
    """Return the categories of a traced step by their names."""
    return {category.value: ns for category, ns in mean.by_category_ns.items()}


def of_timed(categories: Mapping[str, int], work: Mapping[str, int], timed: Timed) -> Parts:
    """Return the parts of a timed step.

    Args:
        categories: Of a traced step, by name.
        work: Its operators.
        timed: The step.
    """
    loading = Category.DATA_LOADING.value
    by = factor(categories, timed)
    told = {name: by * ns for name, ns in categories.items()}
    if timed.waited_ns is not None:
        told[loading] = min(timed.waited_ns, timed.step_ns)
    return Parts(
        {name: round(ns) for name, ns in told.items()},
        {name: round(by * ns) for name, ns in work.items()},
    )


def factor(categories: Mapping[str, int], timed: Timed) -> float:
    """Return by what a traced part, other than the wait, becomes one of the timed step.

    Args:
        categories: Of the traced step, by name.
        timed: The other.
    """
    waited_ns = timed.waited_ns
    without = () if waited_ns is None else (Category.DATA_LOADING.value,)
    traced_ns = sum(ns for name, ns in categories.items() if name not in without)
    rest_ns = timed.step_ns - min(waited_ns or 0.0, timed.step_ns)
    return rest_ns / traced_ns if traced_ns else 0.0
