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


def of_timed(categories: Mapping[str, int], work: Mapping[str, int], timed: Timed) -> Parts:
    """Return the parts of a timed step.

    Args:
        categories: Of a traced step, by name.
        work: Its operators.
        timed: The step.
    """
    loading, waited_ns = Category.DATA_LOADING.value, timed.waited_ns
    apart = {} if waited_ns is None else {loading: min(waited_ns, timed.step_ns)}
    others = {name: ns for name, ns in categories.items() if name not in apart}
    traced_ns = sum(others.values())
    factor = (timed.step_ns - sum(apart.values())) / traced_ns if traced_ns else 0.0
    told = {name: factor * ns for name, ns in others.items()} | apart
    return Parts(
        {name: round(ns) for name, ns in told.items()},
        {name: round(factor * ns) for name, ns in work.items()},
    )
