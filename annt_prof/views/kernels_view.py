"""The kernels of the steps, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.rest import Rest, legible

if TYPE_CHECKING:
    from annt_prof.analysis.tables.kernel_table import KernelRow, KernelTable
    from annt_prof.trace.columns import Geometry

MOST_PHASES = 2


@dataclass(frozen=True)
class KernelLine:
    """All kernels of one name.

    Attributes:
        name: As in the trace; ``kernel_names.shorten`` makes it short.
        total_ns: Sum of their durations.
        share_of_steps: Of the steps' wall time, a fraction; None where the file breaks off.
        count: Launches.
        kernel_class: What they do.
        phases: Those that launch most, ``MOST_PHASES`` at most; None where the file breaks off.
        p50_ns, p95_ns: Of their durations.
        tensor_cores: Whether they use matrix units; None where the name does not tell.
        geometry: Grid and block that most time went to; None where the file gives none.
        occupancy: Estimated, a fraction; None where the file gives none.
    """

    name: str
    total_ns: int
    share_of_steps: float | None
    count: int
    kernel_class: str
    phases: tuple[str, ...] | None
    p50_ns: int
    p95_ns: int
    tensor_cores: bool | None
    geometry: Geometry | None
    occupancy: float | None


@dataclass(frozen=True)
class KernelsView:
    """The kernels.

    Attributes:
        lines: The longest in total first, without those that would read 0.000 ms.
        rest: All other names.
        num_names: Different kernels in all.
        num_launches: In all.
        complete: Whether the file holds all its events; else launches are those that are left.
    """

    lines: tuple[KernelLine, ...]
    rest: Rest
    num_names: int
    num_launches: int
    complete: bool


def build_kernels_view(kernels: KernelTable, *, complete: bool) -> KernelsView:
    """Return what is shown of kernels.

    Args:
        kernels: Of the steps.
        complete: Whether the file holds all its events.
    """
    shown = legible(kernels.rows, lambda row: row.total_ns).rows
    shown_ns = sum(row.total_ns for row in shown)
    return KernelsView(
        lines=tuple(map(_line, shown)),
        rest=Rest(kernels.num_names - len(shown), kernels.total_ns - shown_ns),
        num_names=kernels.num_names,
        num_launches=kernels.count,
        complete=complete,
    )


def _line(row: KernelRow) -> KernelLine:
    return KernelLine(
        name=row.name,
        total_ns=row.total_ns,
        share_of_steps=row.share_of_steps,
        count=row.count,
        kernel_class=row.kernel_class,
        phases=None if row.phases is None else tuple(row.phases)[:MOST_PHASES],
        p50_ns=row.p50_ns,
        p95_ns=row.p95_ns,
        tensor_cores=row.tensor_cores,
        geometry=row.geometry,
        occupancy=row.occupancy,
    )
