"""What ran on the device: kernels by name, with where they were launched from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.intervals import NOWHERE
from annt_prof.analysis.kernels import kernel_class
from annt_prof.analysis.launches import UNKNOWN_NS, launch_times
from annt_prof.analysis.phases import PHASES
from annt_prof.categories import KernelClass
from annt_prof.trace.columns import MISSING, Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from annt_prof.analysis.phases import Phases
    from annt_prof.analysis.steps import Steps
    from annt_prof.trace.columns import Events, Trace

    Ints = NDArray[np.int64]

# How libraries name kernels that use matrix units, and those that do not.
# Source: CUTLASS's naming (tensorop, simt; s16816 is the shape of an mma instruction), cuBLAS's
# and cuDNN's (hmma, imma, xmma, 1688), cuBLASLt on Hopper (nvjet), HIP's (MFMA in Tensile names).
_MATRIX_UNITS = re.compile(
    r"tensorop|hmma|imma|wgmma|xmma|qgmma|s?16816|1688|_884|h884|nvjet|_mfma|_MI\d+x\d+x\d+",
    re.IGNORECASE,
)
_NO_MATRIX_UNITS = re.compile(r"simt|ffma|sgemm(?!.*tensor)|gemv|dot_kernel", re.IGNORECASE)


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
        tensor_cores: Whether it uses matrix units, told by its name; None where it does not tell.
        phases: Launches by the phase they were made in; ``unattributed`` where none is known.
        operators: Launches by the operator they belong to, the most frequent first; operators
            are known where the trace has external ids.
    """

    name: str
    kernel_class: str
    count: int
    total_ns: int
    mean_ns: int
    p50_ns: int
    p95_ns: int
    share_of_steps: float
    tensor_cores: bool | None
    phases: dict[str, int]
    operators: dict[str, int]


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


def kernel_table(trace: Trace, steps: Steps, phases: Phases, top: int) -> KernelTable | None:
    """Return the kernels that began within the steps; None where the trace has none at all.

    Args:
        trace: With device activities or not.
        steps: Those to look at.
        phases: Of the same trace.
        top: Most rows.
    """
    events = trace.events
    kernels = np.flatnonzero(events.of_kind(Kind.KERNEL))
    if not len(kernels):
        return None
    kernels = kernels[_begun_within(events.start_ns[kernels], steps)]
    durations = events.end_ns[kernels] - events.start_ns[kernels]
    names, group = np.unique(events.name[kernels], return_inverse=True)
    total = np.bincount(group, weights=durations, minlength=len(names)).astype(np.int64)
    wall_ns = int((steps.end_ns - steps.start_ns).sum())
    phase = _phase_of(events, kernels, phases)
    operator = _operator_of(trace, kernels)
    rows = []
    for each in np.lexsort((names, -total))[:top]:
        chosen = group == each
        own = durations[chosen]
        rows.append(
            _row(trace.names[names[each]], own, wall_ns, phase[chosen], operator[chosen], trace)
        )
    return KernelTable(tuple(rows), len(names), len(kernels), int(durations.sum()))


def _row(
    name: str, durations: Ints, wall_ns: int, phase: Ints, operator: Ints, trace: Trace
) -> KernelRow:
    total_ns = int(durations.sum())
    kind = kernel_class(name)
    return KernelRow(
        name=name,
        kernel_class=kind.value,
        count=len(durations),
        total_ns=total_ns,
        mean_ns=round(total_ns / len(durations)),
        p50_ns=round(float(np.percentile(durations, 50))),
        p95_ns=round(float(np.percentile(durations, 95))),
        share_of_steps=total_ns / wall_ns,
        tensor_cores=uses_tensor_cores(name, kind),
        phases=_counted(phase, lambda one: "unattributed" if one == NOWHERE else PHASES[one].value),
        operators=_counted(operator[operator != MISSING], lambda one: trace.names[one]),
    )


def uses_tensor_cores(name: str, kind: KernelClass) -> bool | None:
    """Tell by a kernel's name whether it runs on matrix units; None where the name is silent.

    Only matrix products and convolutions can, and attention, which is made of products.
    """
    if kind not in (KernelClass.GEMM, KernelClass.CONV, KernelClass.ATTENTION):
        return False
    if _MATRIX_UNITS.search(name):
        return True
    return False if _NO_MATRIX_UNITS.search(name) else None


def _begun_within(start_ns: Ints, steps: Steps) -> NDArray[np.bool_]:
    place = np.searchsorted(steps.start_ns, start_ns, side="right") - 1
    inside: NDArray[np.bool_] = (place >= 0) & (start_ns < steps.end_ns[place])
    return inside


def _phase_of(events: Events, kernels: NDArray[np.intp], phases: Phases) -> Ints:
    launched_ns = launch_times(events, kernels)
    return np.where(
        launched_ns == UNKNOWN_NS, NOWHERE, phases.segments.label_at(launched_ns)
    ).astype(np.int64)


def _operator_of(trace: Trace, kernels: NDArray[np.intp]) -> Ints:
    """Return the name's index of the operator with the kernel's external id, or ``MISSING``."""
    events = trace.events
    operators = np.flatnonzero(events.of_kind(Kind.OPERATOR) & (events.external_id > 0))
    result = np.full(len(kernels), MISSING, np.int64)
    if not len(operators):
        return result
    operators = operators[np.argsort(events.external_id[operators], kind="stable")]
    ids = events.external_id[operators]
    wanted = events.external_id[kernels]
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    known = ids[place] == wanted
    result[known] = events.name[operators[place[known]]]
    return result


def _counted(values: Ints, label: Callable[[int], str]) -> dict[str, int]:
    found, counts = np.unique(values, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return {label(int(found[i])): int(counts[i]) for i in order}
