"""A step's wall time by category, exact to the nanosecond.

Whoever only reads a run's results needs these types, and should not wait for numpy.
"""

from __future__ import annotations

import msgspec

from annt_prof.categories import Category


class StepBreakdown(msgspec.Struct, frozen=True):
    """One step.

    Attributes:
        name: As in the trace, such as ``ProfilerStep#3``.
        start_ns: On the trace's own clock.
        wall_ns: Equals the sum over ``by_category_ns``.
        by_category_ns: Every category that this trace can show; absent ones are not measured.
    """

    name: str
    start_ns: int
    wall_ns: int
    by_category_ns: dict[Category, int]


class MeanBreakdown(msgspec.Struct, frozen=True):
    """The mean over a trace's steps, rounded so that the categories still sum to the step.

    Attributes:
        step_ns: Equals the sum over ``by_category_ns``.
        num_steps: Steps averaged.
        by_category_ns: Nanoseconds per step.
        hidden_ns: Copies and communication that ran under other device work, nanoseconds per
            step: communication under compute, copies under compute, communication or another
            copy. Memsets are compute here. Without a device: communication under operators.
        not_measured: Categories this trace cannot show, each with the reason.
        kernel_ns: Device time by kernel class, nanoseconds per step; empty without a device.
        operator_ns: Without a device: host time of forward and backward by what their operators
            do, in the same classes, nanoseconds per step.
        host_bound_ns: ``host_bound`` by the phase that the host was in; ``unattributed`` where
            it was in none.
        kernel_precision_ns: ``kernel_ns`` of convolutions, products and attention by the
            ``Precision`` that each kernel ran in, as its name tells; the parts sum to the class.
            Empty without a device and in what was recorded before this was told.
        host_events: Operators, annotations and runtime calls that were recorded per step; None in
            what was recorded before they were counted.
        unattributed_ns: ``unattributed`` by ``Unattributed``, nanoseconds per step; sums to it.
            Empty in what was recorded before the reasons were told.
    """

    step_ns: int
    num_steps: int
    by_category_ns: dict[Category, int]
    hidden_ns: dict[Category, int]
    not_measured: dict[Category, str]
    kernel_ns: dict[str, int]
    operator_ns: dict[str, int] = {}
    host_bound_ns: dict[str, int] = {}
    kernel_precision_ns: dict[str, dict[str, int]] = {}
    host_events: int | None = None
    unattributed_ns: dict[str, int] = {}


class OwnWork(msgspec.Struct, frozen=True):
    """The device's work by the step that launched it, beside the breakdown by when it ran.

    Where the device is behind the host a step's time is filled by work of earlier steps, and the
    breakdown tells of that. Times are of the device: activities that overlap all count.

    Attributes:
        device_ns: Device time within the steps, over all of them.
        launched_earlier_ns: Of it, launched before the step began in which it ran.
        before_recording_ns: Of that, launched before the profiler recorded calls.
        num_steps: Steps whose launches all have their kernels in the trace.
        by_category_ns: Of these, device time of what one launches, nanoseconds per step.
    """

    device_ns: int
    launched_earlier_ns: int
    before_recording_ns: int
    num_steps: int
    by_category_ns: dict[Category, int]


class Breakdown(msgspec.Struct, frozen=True):
    """Every step of one trace.

    Attributes:
        steps: In the order of time.
        mean: Over these steps.
        incomplete: Names of steps left out because the file breaks off before their end, or the
            profiler lost kernels that were launched in them.
        own_work: None without a device, or where no launch of its work is known.
    """

    steps: tuple[StepBreakdown, ...]
    mean: MeanBreakdown
    incomplete: tuple[str, ...] = ()
    own_work: OwnWork | None = None
