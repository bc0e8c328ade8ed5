"""Each kernel's time by what launched it, exactly: parts that add up to the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.tables.counts import phase_name
from annt_prof.analysis.tables.launch_places import launch_places
from annt_prof.analysis.timeline.intervals import NOWHERE, added_up, grouped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

    Ints = NDArray[np.int64]


class KernelPart(msgspec.Struct, frozen=True):
    """The kernels of one name that were launched from one phase, operator and module.

    Attributes:
        name: Of the kernel.
        kernel_class: What it does, a ``KernelClass``.
        phase: As ``KernelRow.phases`` has it; None where the file breaks off.
        operator: None where it is not known.
        module: The innermost one; None where it is not known, or the file breaks off.
        count: Launches.
        total_ns: Sum of their durations.
    """

    name: str
    kernel_class: str
    phase: str | None
    operator: str | None
    module: str | None
    count: int
    total_ns: int


class KernelParts(msgspec.Struct, frozen=True):
    """The kernels of a ``KernelTable``, taken apart.

    Attributes:
        parts: Of each kernel they add up to its count and its time.
        num_steps: Steps that the kernels began in.
        wall_ns: Of these steps.
    """

    parts: tuple[KernelPart, ...]
    num_steps: int
    wall_ns: int


def kernel_parts(timeline: Timeline) -> KernelParts | None:
    """Return the kernels that began within the steps by what launched them.

    None where the trace has no kernels at all.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.steps
    kernels = timeline.kernels
    if not len(kernels):
        return None
    kernels = kernels[steps.step_at(events.start_ns[kernels]) != NOWHERE]
    places, whole = launch_places(timeline, kernels), not trace.losses
    part, first = _alike(events.name[kernels], places.phase, places.operator, places.module)
    counts = np.bincount(part, minlength=len(first))
    total_ns = added_up(part, events.end_ns[kernels] - events.start_ns[kernels], len(first))

    def named(labels: Ints, number: int) -> str | None:
        label = int(labels[first[number]])
        return None if label == NOWHERE else trace.names[label]

    parts = tuple(
        KernelPart(
            name=trace.names[events.name[kernels[first[number]]]],
            kernel_class=timeline.kernel_classes[events.name[kernels[first[number]]]].value,
            phase=phase_name(int(places.phase[first[number]])) if whole else None,
            operator=named(places.operator, number),
            module=named(places.module, number) if whole else None,
            count=int(counts[number]),
            total_ns=int(total_ns[number]),
        )
        for number in np.argsort(-total_ns, kind="stable").tolist()
    )
    wall_ns = int((steps.end_ns - steps.start_ns).sum())
    return KernelParts(parts, len(steps.names), wall_ns)


def _alike(*columns: NDArray[np.integer]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Number the rows so that equal ones have one number.

    Returns:
        Each row's number, shape (n,), and of each number the first row that has it.
    """
    number = np.zeros(len(columns[0]), np.intp)
    for column in columns:
        rank, different = grouped(column)
        number, _ = grouped(number * max(len(different), 1) + rank)
    _, first = np.unique(number, return_index=True)
    return number, first
