"""Accounting for steps that run on a device: the device's own view of the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.not_measured import not_measured_on_device
from annt_prof.analysis.breakdown.step_times import CATEGORIES, StepTimes, column
from annt_prof.analysis.breakdown.unattributed import unattributed_on_device
from annt_prof.analysis.classes.precision import kernel_precision
from annt_prof.analysis.timeline.idleness import CATEGORY_OF, CAUSES
from annt_prof.analysis.timeline.intervals import (
    NOWHERE,
    Segments,
    added_up,
    edges_of,
    first_come,
    time_by_label,
)
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import MATRIX_CLASSES, Category, KernelClass, Phase
from annt_prof.trace.columns import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.phases import Phases
    from annt_prof.analysis.timeline.steps import Steps
    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Events

    Ints = NDArray[np.int64]

# A kernel launched while copying or waiting belongs to no part of training that is known:
# h2d_copy is exposed copies and nothing else, and a wait computes nothing.
_COMPUTE = np.array(
    [
        column(
            Category.UNATTRIBUTED
            if phase in (Phase.H2D_COPY, Phase.SYNC)
            else Category(phase.value)
        )
        for phase in PHASES
    ]
)
_IDLE = np.array([column(CATEGORY_OF[cause]) for cause in CAUSES])


def account_device(timeline: Timeline) -> StepTimes:
    """Give every nanosecond of every step to one category, as the device sees it.

    At each instant computing wins over communication, communication over copies; of several
    that compute (or copy) the one that started first has the time. A memset counts as computing:
    it does an operator's work and moves nothing between memories. A collective that the host
    carries out counts like one of a device.
    """
    events, steps, phases = timeline.events, timeline.whole_steps, timeline.phases
    activities = timeline.activities
    category = activity_categories(timeline, activities)
    communicating = category == column(Category.COMMUNICATION)
    copying = events.kind[activities] == Kind.MEMCPY
    computing = ~communicating & ~copying
    own = activities[communicating]
    communication = _communication(events, own, timeline.waited_collectives)
    layers = [
        _layer(events, activities[computing], category[computing]),
        communication,
        _layer(events, activities[copying], category[copying]),
        _idle(timeline),
    ]
    edges, label = _resolve(layers, phases, steps)
    spans = (steps.start_ns, steps.end_ns)
    time_ns = time_by_label(edges, label, len(CATEGORIES), *spans)
    whole = {
        part: _layer(events, activities[category == column(part)], 0)
        for part in (Category.H2D_COPY, Category.OTHER_COPY)
    } | {Category.COMMUNICATION: _communication(events, own, timeline.host_collectives)}
    spent_ns = _by_name(timeline)
    return StepTimes(
        time_ns=time_ns,
        hidden_ns={
            part: _within(segments, steps) - int(time_ns[:, column(part)].sum())
            for part, segments in whole.items()
        },
        kernel_ns=_by_class(spent_ns, timeline.kernel_classes),
        kernel_precision_ns=_by_precision(timeline.trace.names, spent_ns, timeline.kernel_classes),
        operator_ns={},
        host_bound_ns=_host_bound(edges, label, phases, steps),
        unattributed_ns=unattributed_on_device(timeline, activities[computing], edges, label),
        not_measured=not_measured_on_device(timeline),
    )


def activity_categories(timeline: Timeline, activities: NDArray[np.intp]) -> Ints:
    """Return what the time of each device activity counts as.

    Args:
        timeline: Of a trace with device activities.
        activities: Indices of some of them, shape (n,).

    Returns:
        Columns of ``CATEGORIES``, shape (n,).
    """
    category = _launching_category(timeline, activities)
    name, kind = timeline.events.name[activities], timeline.events.kind[activities]
    communicating = timeline.communicates[name] & (kind == Kind.KERNEL)
    category[communicating] = column(Category.COMMUNICATION)
    to_device, copies = timeline.to_device[name], kind == Kind.MEMCPY
    category[copies & to_device] = column(Category.H2D_COPY)
    category[copies & ~to_device] = column(Category.OTHER_COPY)
    return category


def _layer(events: Events, chosen: NDArray[np.intp], label: Ints | int) -> Segments:
    return first_come(events.start_ns[chosen], events.end_ns[chosen], label)


def _launching_category(timeline: Timeline, activities: NDArray[np.intp]) -> Ints:
    launched_ns = timeline.launch_times(activities)
    phase = timeline.phases.segments.label_at(launched_ns)
    known = (launched_ns != UNKNOWN_NS) & (phase != NOWHERE)
    return np.where(known, _COMPUTE[phase], column(Category.UNATTRIBUTED))


def _idle(timeline: Timeline) -> Segments:
    """Label the time in which no device is busy."""
    idle = timeline.idleness
    return Segments(idle.start_ns, idle.end_ns, _IDLE[idle.label])


def _communication(events: Events, own: NDArray[np.intp], collectives: Segments) -> Segments:
    """Return when a device communicates or the host does it for them."""
    start_ns = np.concatenate((events.start_ns[own], collectives.start_ns))
    end_ns = np.concatenate((events.end_ns[own], collectives.end_ns))
    return first_come(start_ns, end_ns, column(Category.COMMUNICATION))


def _resolve(layers: list[Segments], phases: Phases, steps: Steps) -> tuple[Ints, Ints]:
    """Return instants and the category that holds from each to the next."""
    edges = edges_of([*layers, phases.segments], steps.start_ns, steps.end_ns)
    label = np.full(len(edges), NOWHERE)
    for layer in layers:
        free = np.flatnonzero(label == NOWHERE)
        label[free] = layer.label_at(edges[free])
    return edges, label


def _host_bound(edges: Ints, label: Ints, phases: Phases, steps: Steps) -> dict[str, int]:
    """Return the time in which the device waits for the host, by what that is in."""
    unknown = len(PHASES)
    phase = phases.segments.label_at(edges)
    phase = np.where(phase == NOWHERE, unknown, phase)
    waiting = np.where(label == column(Category.HOST_BOUND), phase, NOWHERE)
    total = time_by_label(edges, waiting, unknown + 1, steps.start_ns, steps.end_ns).sum(axis=0)
    names = (*(known_phase.value for known_phase in PHASES), Category.UNATTRIBUTED.value)
    return {name: int(ns) for name, ns in zip(names, total, strict=True) if ns}


def _within(segments: Segments, steps: Steps) -> int:
    return int(
        (segments.length_before(steps.end_ns) - segments.length_before(steps.start_ns)).sum()
    )


def _by_name(timeline: Timeline) -> Ints:
    """Add up the device time of each name within the steps, shape (names,)."""
    events, activities = timeline.events, timeline.activities
    start_ns, end_ns = events.start_ns[activities], events.end_ns[activities]
    steps = timeline.whole_steps
    stepping = first_come(steps.start_ns, steps.end_ns)
    inside = stepping.length_before(end_ns) - stepping.length_before(start_ns)
    return added_up(events.name[activities], inside, len(timeline.trace.names))


def _by_class(spent_ns: Ints, classes: Sequence[KernelClass]) -> dict[str, int]:
    class_of_name = np.array([list(KernelClass).index(kind) for kind in classes])
    totals = added_up(class_of_name, spent_ns, len(KernelClass))
    return {
        kind.value: int(total) for kind, total in zip(KernelClass, totals, strict=True) if total
    }


def _by_precision(
    names: Sequence[str], spent_ns: Ints, classes: Sequence[KernelClass]
) -> dict[str, dict[str, int]]:
    ns_by_class: dict[str, dict[str, int]] = {}
    for index in np.flatnonzero(spent_ns).tolist():
        if classes[index] in MATRIX_CLASSES:
            of_class = ns_by_class.setdefault(classes[index].value, {})
            precision = kernel_precision(names[index]).value
            of_class[precision] = of_class.get(precision, 0) + int(spent_ns[index])
    return ns_by_class
