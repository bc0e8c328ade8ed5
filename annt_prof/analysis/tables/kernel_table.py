"""What ran on the device: kernels by name, with where they were launched from."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.classes.matrix_units import uses_tensor_cores
from annt_prof.analysis.tables.counts import counted, phase_name
from annt_prof.analysis.tables.launch_places import launch_places
from annt_prof.analysis.timeline.intervals import NOWHERE, added_up, grouped
from annt_prof.analysis.timeline.percentiles import percentiles
from annt_prof.trace.columns import MISSING, Geometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.tables.launch_places import Places
    from annt_prof.analysis.timeline.timeline import Timeline
    from annt_prof.trace.columns import Trace

    Ints = NDArray[np.int64]

MOST_PLACES = 5


class KernelRow(msgspec.Struct, frozen=True):
    """All kernels of one name that began within the steps.

    Attributes:
        name: As in the trace, demangled or not.
        kernel_class: What it does, a ``KernelClass``.
        count: Launches.
        total_ns: Sum of their durations; overlapping ones both count.
        mean_ns: Rounded.
        p50_ns: Median duration, rounded.
        p95_ns: 95th percentile of the durations, linear between ranks, rounded.
        share_of_steps: ``total_ns`` over the steps' wall time; may pass 1 with several streams.
            None where the file breaks off, as ``total_ns`` is then of what is left.
        tensor_cores: Whether it uses matrix units, told by its name; None where it does not tell.
        phases: Launches by the phase they were made in; ``unattributed`` where none is known.
            None where the file breaks off: the range around a launch may be lost. So are then
            modules and lines.
        operators: Launches by the operator they belong to, the most frequent first; operators
            are known where the trace has external ids.
        modules: Launches by the innermost module around them, likewise, as many as
            ``MOST_PLACES``; known where the profiler recorded Python frames, and not for
            backward passes, which run on a thread without any.
        lines: Launches by the innermost line of Python that is not torch's own; likewise.
        geometry: The one that most time went to; None where the file gives none.
        num_geometries: Different ones.
        occupancy: Of the device's warps, what kineto estimates to be resident, as a fraction
            of 1; the mean over the time in kernels that have it, None where none has.
    """

    name: str
    kernel_class: str
    count: int
    total_ns: int
    mean_ns: int
    p50_ns: int
    p95_ns: int
    share_of_steps: float | None
    tensor_cores: bool | None
    phases: dict[str, int] | None
    operators: dict[str, int]
    modules: dict[str, int]
    lines: dict[str, int]
    geometry: Geometry | None
    num_geometries: int
    occupancy: float | None


class KernelTable(msgspec.Struct, frozen=True):
    """Kernels of the steps.

    Attributes:
        rows: The longest in total first, as many as asked for.
        num_names: Different kernels in all.
        count: Launches in all, of the rows and the others.
        total_ns: Of all of them.
    """

    rows: tuple[KernelRow, ...]
    num_names: int
    count: int
    total_ns: int


def kernel_table(timeline: Timeline, top: int) -> KernelTable | None:
    """Return the kernels that began within the steps; None where the trace has none at all.

    Args:
        timeline: Of a trace with device activities or not.
        top: Most rows.
    """
    events, steps, kernels = timeline.events, timeline.steps, timeline.kernels
    if not len(kernels):
        return None
    kernels = kernels[steps.step_at(events.start_ns[kernels]) != NOWHERE]
    durations = events.end_ns[kernels] - events.start_ns[kernels]
    group, names = grouped(events.name[kernels])
    total = added_up(group, durations, len(names))
    wall_ns = int((steps.end_ns - steps.start_ns).sum())
    places = launch_places(timeline, kernels)
    rows = []
    for group_number in np.lexsort((names, -total))[:top]:
        chosen = group == group_number
        rows.append(
            _row(timeline, int(names[group_number]), kernels[chosen], wall_ns, places[chosen])
        )
    return KernelTable(tuple(rows), len(names), len(kernels), int(durations.sum()))


def _row(
    timeline: Timeline, of_name: int, kernels: NDArray[np.intp], wall_ns: int, places: Places
) -> KernelRow:
    trace, kind = timeline.trace, timeline.kernel_classes[of_name]
    name = trace.names[of_name]
    durations = trace.events.end_ns[kernels] - trace.events.start_ns[kernels]
    total_ns = int(durations.sum())
    p50_ns, p95_ns = percentiles(durations, 50, 95)
    whole = not trace.losses
    geometries = _geometries(trace, kernels, durations)

    def named(labels: Ints) -> dict[str, int]:
        return counted(labels[labels != NOWHERE], lambda label: trace.names[label])

    return KernelRow(
        name=name,
        kernel_class=kind.value,
        count=len(durations),
        total_ns=total_ns,
        mean_ns=round(total_ns / len(durations)),
        p50_ns=p50_ns,
        p95_ns=p95_ns,
        share_of_steps=total_ns / wall_ns if whole else None,
        tensor_cores=uses_tensor_cores(name, kind),
        phases=counted(places.phase, phase_name) if whole else None,
        operators=named(places.operator),
        modules=_most(named(places.module)) if whole else {},
        lines=_most(named(places.line)) if whole else {},
        geometry=geometries[0] if geometries else None,
        num_geometries=len(geometries),
        occupancy=_occupancy(trace.events.occupancy[kernels], durations),
    )


def _geometries(trace: Trace, kernels: NDArray[np.intp], durations: Ints) -> list[Geometry]:
    """Return the geometries that the kernels were launched with, the longest in total first."""
    geometry = trace.events.geometry[kernels]
    given = geometry != MISSING
    count = np.bincount(geometry[given])
    total = added_up(geometry[given], durations[given], len(count))
    order = [i for i in np.argsort(-total, kind="stable") if count[i]]
    return [trace.geometries[i] for i in order]


def _occupancy(percent: NDArray[np.float32], durations: Ints) -> float | None:
    given = ~np.isnan(percent)
    total_ns = int(durations[given].sum())
    if not total_ns:
        return None
    return float((percent[given].astype(np.float64) * durations[given]).sum()) / total_ns / 100


def _most(counts: dict[str, int]) -> dict[str, int]:
    return dict(itertools.islice(counts.items(), MOST_PLACES))
