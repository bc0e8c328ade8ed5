"""How much of the steps each kind of work decides: the critical path, added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from annt_prof.analysis.breakdown.step_times import CATEGORIES, column
from annt_prof.analysis.classes.precision import kernel_precision
from annt_prof.analysis.path.on_path import OnPath
from annt_prof.analysis.path.stretches import stretches
from annt_prof.analysis.path.walk import walk
from annt_prof.analysis.timeline.dependencies import NOTHING
from annt_prof.analysis.timeline.intervals import NOWHERE, first_come, time_by_label
from annt_prof.analysis.timeline.launches import UNKNOWN_CALL
from annt_prof.analysis.timeline.long_delays import beyond_taking_up_ns
from annt_prof.analysis.timeline.phases import PHASES
from annt_prof.categories import MATRIX_CLASSES, Category, KernelClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from annt_prof.analysis.path.stretches import Stretches
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]
    Mask = NDArray[np.bool_]

_CLASSES = tuple(KernelClass)
_CLASS_NAMES = tuple(kind.value for kind in KernelClass)
_CATEGORY_NAMES = tuple(category.value for category in CATEGORIES)
_PHASE_NAMES = (*(phase.value for phase in PHASES), Category.UNATTRIBUTED.value)
_NO_PHASE = len(PHASES)


def time_on_path(timeline: Timeline) -> OnPath | None:
    """Add up what lies on the path of the whole steps.

    Args:
        timeline: Of any trace; None is returned where it has no critical path.

    Raises:
        UserError: No step is known to be whole, or none is selected.
    """
    if not timeline.any_launch_known or timeline.unrecorded is not None:
        return None
    walked, launching = walk(timeline), _launching(timeline)
    told = stretches(timeline, walked, cut_at=[launching])
    # A collective that the host carries out itself is no work that anything takes from it.
    communicating = told.category == column(Category.COMMUNICATION)
    on_device = (told.activity != NOTHING) | communicating
    on_host = told.of_host & ~on_device
    between = ~on_device & ~on_host
    phase = np.where(told.phase == NOWHERE, _NO_PHASE, told.phase)
    by_name = _by_name(timeline, told)
    waited_for = timeline.gates.event[walked.waited_for]
    for_copies = timeline.to_device[timeline.events.name[waited_for]]
    launched = launching.label_at(told.from_ns)
    rest = _time(timeline, told, told.category, between, _CATEGORY_NAMES)
    busy = _time(timeline, told, told.category, between & (told.cause == NOWHERE), _CATEGORY_NAMES)
    delayed = between & (told.cause != NOWHERE) & (told.category == column(Category.QUEUED))
    delayed = np.flatnonzero(delayed[:-1])
    return OnPath(
        device_ns=_time(timeline, told, told.category, on_device, _CATEGORY_NAMES),
        kernel_ns=_by_class(timeline, by_name),
        kernel_precision_ns=_by_precision(timeline, by_name),
        host_ns=_time(timeline, told, phase, on_host, _PHASE_NAMES),
        launch_ns=_time(timeline, told, launched, on_host, _CLASS_NAMES),
        sync_ns=rest.get(Category.SYNC, 0),
        queued_ns=rest.get(Category.QUEUED, 0),
        queued_busy_ns=busy.get(Category.QUEUED, 0),
        queued_long_ns=beyond_taking_up_ns(
            timeline, told.from_ns[delayed], told.from_ns[delayed + 1]
        ),
        unknown_ns=rest.get(Category.UNATTRIBUTED, 0),
        unknown_busy_ns=busy.get(Category.UNATTRIBUTED, 0),
        waits=_waits(timeline, walked.returned_ns[~for_copies]),
        copies_waited_for=len(_within_steps(timeline, walked.returned_ns[for_copies])),
    )


def _time(
    timeline: Timeline, told: Stretches, label: Ints, chosen: Mask, names: Sequence[str]
) -> dict[str, int]:
    """Return the mean time per step of some stretches by label, by its name."""
    return _named(names, _means(timeline, told, np.where(chosen, label, NOWHERE), len(names)))


def _means(timeline: Timeline, told: Stretches, label: Ints, num_labels: int) -> list[int]:
    """Return means over the steps, rounded up: a bound is no smaller than what it is made of."""
    steps = timeline.whole_steps
    time_ns = time_by_label(told.from_ns, label, num_labels, steps.start_ns, steps.end_ns)
    return [-(-ns // len(steps.names)) for ns in time_ns.sum(axis=0).tolist()]


def _by_name(timeline: Timeline, told: Stretches) -> dict[int, int]:
    """Return the mean time of device activities on the path by name, but of copies from the host.

    Returns:
        Nanoseconds per step by the index of the name.
    """
    kernels = (told.activity != NOTHING) & (told.category != column(Category.H2D_COPY))
    if not kernels.any():
        return {}
    name = timeline.events.name[timeline.gates.event[told.activity]]
    names, label = np.unique(name, return_inverse=True)
    means_ns = _means(timeline, told, np.where(kernels, label, NOWHERE), len(names))
    return {index: ns for index, ns in zip(names.tolist(), means_ns, strict=True) if ns}


def _by_class(timeline: Timeline, by_name: dict[int, int]) -> dict[str, int]:
    by_class: dict[str, int] = {}
    for name, ns in by_name.items():
        kind = timeline.kernel_classes[name].value
        by_class[kind] = by_class.get(kind, 0) + ns
    return by_class


def _by_precision(timeline: Timeline, by_name: dict[int, int]) -> dict[str, dict[str, int]]:
    by_precision: dict[str, dict[str, int]] = {}
    for name, ns in by_name.items():
        kind = timeline.kernel_classes[name]
        if kind in MATRIX_CLASSES:
            of_class = by_precision.setdefault(kind.value, {})
            precision = kernel_precision(timeline.trace.names[name]).value
            of_class[precision] = of_class.get(precision, 0) + ns
    return by_precision


def _launching(timeline: Timeline) -> Segments:
    """Return the calls that launched device activities, labelled with the class of these."""
    events, activities = timeline.events, timeline.activities
    calls = timeline.launch_calls(activities)
    known = calls != UNKNOWN_CALL
    of_name = np.array([_CLASSES.index(kind) for kind in timeline.kernel_classes], np.int64)
    calls, label = calls[known], of_name[events.name[activities[known]]]
    return first_come(events.start_ns[calls], events.end_ns[calls], label)


def _waits(timeline: Timeline, returned_ns: Ints) -> dict[str, int]:
    """Count the waits within the steps by the phase in which they returned."""
    # What returns at the end of a phase was in it.
    returned_ns = _within_steps(timeline, returned_ns)
    phase = timeline.phases.segments.label_at(returned_ns - 1)
    counts = np.bincount(np.where(phase == NOWHERE, _NO_PHASE, phase), minlength=len(_PHASE_NAMES))
    return _named(_PHASE_NAMES, counts)


def _within_steps(timeline: Timeline, instants_ns: Ints) -> Ints:
    steps = timeline.whole_steps
    kept: Ints = instants_ns[first_come(steps.start_ns, steps.end_ns).covers(instants_ns - 1)]
    return kept


def _named(names: Sequence[str], row: Iterable[int]) -> dict[str, int]:
    return {name: int(ns) for name, ns in zip(names, row, strict=True) if ns}
