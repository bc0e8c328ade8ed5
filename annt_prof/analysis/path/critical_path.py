"""The chain of host and device activities that sets the length of the steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.breakdown.step_times import CATEGORIES
from annt_prof.analysis.path.stretches import stretches
from annt_prof.analysis.path.walk import walk
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    added_up,
    first_come,
    grouped,
    time_by_label,
)
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import Category

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.path.stretches import Stretches
    from annt_prof.analysis.path.walk import Walked
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]

_LABELS = tuple(category.value for category in CATEGORIES)


class PathStep(msgspec.Struct, frozen=True):
    """A step's time by what was on the path then.

    Attributes:
        name: The step's.
        wall_ns: Its length.
        on_path_ns: Sums to ``wall_ns``; keys are categories, without zeros.
        host_ns: The host's part of it by the phase that it was in, without zeros;
            ``unattributed`` where it was in none.
        idle_ns: The part of ``on_path_ns`` in which no device was busy, likewise; sums to the idle
            time of the step's breakdown.
    """

    name: str
    wall_ns: int
    on_path_ns: dict[str, int]
    host_ns: dict[str, int]
    idle_ns: dict[str, int]


class PathActivity(msgspec.Struct, frozen=True):
    """All device activities of one name that are on the path.

    Attributes:
        name: As in the trace.
        category: What its time counts as.
        count: Activities with time on the path.
        on_path_ns: Within the steps.
    """

    name: str
    category: str
    count: int
    on_path_ns: int


class CriticalPath(msgspec.Struct, frozen=True):
    """The path through the steps.

    Attributes:
        steps: In the order of time.
        activities: The longest on the path first, as many as asked for.
    """

    steps: tuple[PathStep, ...]
    activities: tuple[PathActivity, ...]


def critical_path(timeline: Timeline, top: int) -> CriticalPath | None:
    """Walk back from the end of all work launched in the steps to the first step's start.

    At each point the walk is where the time was decided: in a device activity, then in whatever
    let it begin (``timeline.gates``), on the host from its launch back to the last call that waited
    for the device, and from there in what that call waited for. So every nanosecond of the steps
    is on the path exactly once, and shortening what is not on it cannot shorten the steps. What
    the device waited for while it idled is ``timeline.idleness``.

    Args:
        timeline: Of a trace with device activities and the launch of any; None is returned for
            one without.
        top: Most activities to list.

    Raises:
        CircularPathError: The walk came to an activity for the second time.
    """
    if not timeline.any_launch_known:
        return None
    walked = walk(timeline)
    return CriticalPath(
        steps=_by_step(timeline, stretches(timeline, walked)),
        activities=_longest(timeline, walked)[:top],
    )


def _by_step(timeline: Timeline, told: Stretches) -> tuple[PathStep, ...]:
    steps, edges, on_path = timeline.whole_steps, told.from_ns, told.category
    spans = (steps.start_ns, steps.end_ns)
    time_ns = time_by_label(edges, on_path, len(_LABELS), *spans)
    idle_ns = time_by_label(
        edges, np.where(told.cause == NOWHERE, NOWHERE, on_path), len(_LABELS), *spans
    )
    unknown = len(PHASES)
    phase = np.where(told.phase == NOWHERE, unknown, told.phase)
    host_ns = time_by_label(edges, np.where(told.of_host, phase, NOWHERE), unknown + 1, *spans)
    return tuple(
        PathStep(
            name=steps.names[i],
            wall_ns=int(steps.end_ns[i] - steps.start_ns[i]),
            on_path_ns=_named(_LABELS, time_ns[i]),
            idle_ns=_named(_LABELS, idle_ns[i]),
            host_ns=_named((*(p.value for p in PHASES), Category.UNATTRIBUTED.value), host_ns[i]),
        )
        for i in range(len(steps.names))
    )


def _named(names: Sequence[str], row: Ints) -> dict[str, int]:
    return {name: int(ns) for name, ns in zip(names, row, strict=True) if ns}


def _longest(timeline: Timeline, walked: Walked) -> tuple[PathActivity, ...]:
    """Return the activities on the path by name and category, the longest first."""
    trace, steps, path = timeline.trace, timeline.whole_steps, walked.path
    stepping = first_come(steps.start_ns, steps.end_ns)
    within_ns = stepping.length_before(path.end_ns) - stepping.length_before(path.start_ns)
    on_path, category = walked.activity[path.label], walked.kind[path.label]
    kept = (on_path != NOTHING) & (within_ns > 0)
    on_path, category, within_ns = on_path[kept], category[kept], within_ns[kept]
    key = (
        trace.events.name[timeline.gates.event[on_path]].astype(np.int64) * len(_LABELS) + category
    )
    group, keys = grouped(key)
    counts = np.bincount(group, minlength=len(keys))
    total_ns = added_up(group, within_ns, len(keys))
    return tuple(
        PathActivity(
            name=trace.names[keys[i] // len(_LABELS)],
            category=_LABELS[keys[i] % len(_LABELS)],
            count=int(counts[i]),
            on_path_ns=int(total_ns[i]),
        )
        for i in np.lexsort((keys, -total_ns))
    )
