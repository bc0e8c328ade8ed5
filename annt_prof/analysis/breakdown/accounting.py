"""From a trace to its breakdown."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from annt_prof.analysis.breakdown.apportionment import whole_numbers
from annt_prof.analysis.breakdown.breakdown import Breakdown, MeanBreakdown, StepBreakdown
from annt_prof.analysis.breakdown.device import account_device
from annt_prof.analysis.breakdown.host import account_host
from annt_prof.analysis.breakdown.own_work import own_work
from annt_prof.analysis.breakdown.step_times import CATEGORIES, StepTimes
from annt_prof.analysis.timeline.recorded_events import host_events
from annt_prof.categories import Category
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.analysis.breakdown.breakdown import OwnWork
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline

_Part = TypeVar("_Part", bound=str)


def break_down(timeline: Timeline) -> Breakdown:
    """Partition the wall time of every selected step of a trace.

    With a device the partition is the device's: what it computed, by the phase that launched
    it, then communication and copies that nothing hid, then its idle time by what the host did.
    Without one the host is the device. A trace that should hold a device's activities and does
    not has no breakdown: the host's time is not what the work took.

    Args:
        timeline: Of any Kineto trace; one without ``ProfilerStep#`` is one span.

    Raises:
        UserError: The trace holds nothing that takes time, or not what its device did, or no step
            is selected.
    """
    steps = timeline.whole_steps
    if timeline.unrecorded is not None:
        raise UserError(timeline.unrecorded, where=timeline.trace.source)
    times = account_device(timeline) if len(timeline.activities) else account_host(timeline)
    recorded = host_events(timeline.trace, steps)
    return _breakdown(steps, times, timeline.incomplete, recorded, own_work(timeline))


def _breakdown(
    steps: Steps,
    times: StepTimes,
    incomplete: tuple[str, ...],
    recorded: int,
    done: OwnWork | None,
) -> Breakdown:
    shown = [
        (column, category)
        for column, category in enumerate(CATEGORIES)
        if category not in times.not_measured
    ]
    rows = tuple(
        StepBreakdown(
            name=name,
            start_ns=int(steps.start_ns[row]),
            wall_ns=int(steps.end_ns[row] - steps.start_ns[row]),
            by_category_ns={
                category: int(times.time_ns[row, column]) for column, category in shown
            },
        )
        for row, name in enumerate(steps.names)
    )
    total = {category: sum(row.by_category_ns[category] for row in rows) for _, category in shown}
    by_category_ns = mean_of(total, len(rows))
    mean = MeanBreakdown(
        step_ns=_rounded(sum(row.wall_ns for row in rows), len(rows)),
        num_steps=len(rows),
        by_category_ns=by_category_ns,
        hidden_ns={
            category: _rounded(hidden, len(rows)) for category, hidden in times.hidden_ns.items()
        },
        not_measured=times.not_measured,
        kernel_ns=_per_step(times.kernel_ns, len(rows)),
        operator_ns=_per_step(times.operator_ns, len(rows)),
        host_bound_ns=_per_step(times.host_bound_ns, len(rows)),
        kernel_precision_ns={
            kind: mean_of(total_ns, len(rows))
            for kind, total_ns in times.kernel_precision_ns.items()
        },
        host_events=_rounded(recorded, len(rows)),
        unattributed_ns=whole_numbers(
            {reason: Fraction(ns, len(rows)) for reason, ns in times.unattributed_ns.items()},
            by_category_ns[Category.UNATTRIBUTED],
        ),
    )
    return Breakdown(rows, mean, incomplete, done)


def mean_of(total_ns: dict[_Part, int], count: int) -> dict[_Part, int]:
    """Divide so that the parts still add up to the rounded mean of the whole.

    Args:
        total_ns: Sums over the steps.
        count: Steps.
    """
    shares = {part: Fraction(total, count) for part, total in total_ns.items()}
    return whole_numbers(shares, _rounded(sum(total_ns.values()), count))


def _per_step(total_ns: dict[str, int], count: int) -> dict[str, int]:
    return {name: _rounded(ns, count) for name, ns in total_ns.items()}


def _rounded(total: int, count: int) -> int:
    return (2 * total + count) // (2 * count)
