"""What the device's part of a trace contradicts or lacks, a sentence each, with its bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.analysis.timeline.clocks import find_early_starts
from annt_prof.analysis.timeline.overruns import find_overruns
from annt_prof.analysis.timeline.unrecorded import unread_activities
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.breakdown.breakdown import Breakdown, OwnWork
    from annt_prof.analysis.timeline.timeline import Timeline

MUCH_EARLIER = 0.1
"""Share of the device's time in the steps, launched before they began, from which on it is said. It
is a choice: the first kernels of a step that is not waited for may always be the last one's."""


def doubts(timeline: Timeline, breakdown: Breakdown | None) -> Iterator[str]:
    """Yield what to know before believing what is told of the device.

    Args:
        timeline: With device activities or not.
        breakdown: Of the same; None where the trace has none.
    """
    if (unread := unread_activities(timeline.trace)) is not None:
        yield unread
    if not len(timeline.activities):
        return
    yield from _lost_launches(timeline, breakdown)
    if breakdown is not None and breakdown.own_work is not None:
        yield from _others_work(breakdown.own_work)
    yield from _overruns(timeline)
    yield from _early_starts(timeline)


def _lost_launches(timeline: Timeline, breakdown: Breakdown | None) -> Iterator[str]:
    missing = timeline.lost_launches
    left_out = () if breakdown is None or timeline.trace.losses else breakdown.incomplete
    without = f"; left out: {', '.join(left_out)}" if left_out else ""
    unreadable = any(left.kind is Kind.KERNEL for left in timeline.trace.unreadable)
    if missing.lost:
        launches = units.count(missing.launches, "launch", "launches")
        # Of a kernel that is left out it is not known which launch was its own.
        why = (
            "their kernels are among those that cannot be read, or the profiler lost them"
            if unreadable
            else "the profiler lost their kernels"
        )
        yield (
            f"{units.whole(missing.lost)} of {launches} of kernels have no activity: {why}, and "
            f"the device was not as idle as it seems{without}{_bound(timeline, breakdown)}"
        )
    elif left_out:
        last = f"the kernels of the last {units.count(missing.late, 'launch', 'launches')}"
        yield (
            f"{last} cannot be read, or the recording ended before they had{without}"
            if unreadable
            else f"the recording ended before {last} had{without}"
        )


def _bound(timeline: Timeline, breakdown: Breakdown | None) -> str:
    """Say for how long lost kernels may have run in the steps that are shown, or that none can."""
    if breakdown is None:
        return ""
    missing, steps = timeline.lost_launches, timeline.whole_steps
    if missing.is_unbounded(steps):
        return (
            "; nothing bounds how long they ran in the steps that are shown: the trace does not "
            "tell their stream, and no call after them waits for all streams"
        )
    # Of one stream alone, they cannot have run beside what is recorded.
    where = "" if missing.one_stream else " where the device seems idle"
    doubtful_ns = int(missing.doubtful_ns(steps).sum())
    if not doubtful_ns:
        return f"; none of them can have run{where} in the steps that are shown"
    wall_ns = sum(step.wall_ns for step in breakdown.steps)
    each_ns = round(doubtful_ns / len(breakdown.steps))
    return (
        f"; in the steps that are shown they may have run{where} for at most "
        f"{units.duration(each_ns)} a step, {units.percent(doubtful_ns / wall_ns)} of it"
    )


def _others_work(done: OwnWork) -> Iterator[str]:
    if done.launched_earlier_ns < MUCH_EARLIER * done.device_ns or not done.device_ns:
        return
    earlier = units.percent(done.launched_earlier_ns / done.device_ns)
    before = ""
    if done.before_recording_ns:
        recorded = units.percent(done.before_recording_ns / done.device_ns)
        before = f", {recorded} before the recording"
    own = ""
    if done.num_steps:
        listed = ", ".join(
            f"{category.value} {units.duration(ns)}" for category, ns in done.by_category_ns.items()
        )
        steps = units.count(done.num_steps, "step")
        own = f"; what a step launches takes the device {listed} (mean of {steps})"
    yield (
        f"the device is behind the host: {earlier} of its time in the steps is work that was "
        f"launched before the step began{before}{own}"
    )


def _overruns(timeline: Timeline) -> Iterator[str]:
    activities = timeline.activities
    beyond = find_overruns(timeline.trace, activities, timeline.launch_calls(activities))
    if not beyond.count:
        return
    share = ""
    if beyond.device_ns:
        share = f" ({units.percent(beyond.total_ns / beyond.device_ns)} of all other device time)"
    run = "activity runs" if beyond.count == 1 else "activities run"
    yield (
        f"{units.whole(beyond.count)} device {run} past the start of the next on the same stream, "
        f"by {units.duration(beyond.total_ns)} in sum{share}, "
        f"{units.duration(beyond.longest_ns)} at most: durations are wrong, or the trace shows "
        "several streams as one; times of the device may be too long by as much"
    )


def _early_starts(timeline: Timeline) -> Iterator[str]:
    activities = timeline.activities
    early = find_early_starts(timeline.events, activities, timeline.launch_times(activities))
    if early.count:
        known = units.count(early.known, "device activity", "device activities")
        yield (
            f"{units.whole(early.count)} of {known} begin before the call that launched "
            f"them, by up to {units.duration(early.longest_ns)}: the "
            "clocks of host and device disagree, and delays and causes of idle time are off by as "
            "much"
        )
