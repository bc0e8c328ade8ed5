"""Copies between memories: direction, pinned or not, how fast, hidden or exposed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.timeline.copy_names import copy_kind
from annt_prof.analysis.timeline.intervals import distinct, edges_of, first_come
from annt_prof.trace.columns import MISSING

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.intervals import Segments
    from annt_prof.analysis.timeline.timeline import Timeline


class CopyRow(msgspec.Struct, frozen=True):
    """All copies of one direction and kind of host memory that began within the steps.

    Attributes:
        direction: As ``CopyKind`` has it.
        host_memory: Likewise.
        count: Copies.
        bytes: Moved by those that tell; None where none does.
        total_ns: Sum of their durations.
        gigabytes_per_s: 1e9 bytes over the time of the copies that tell their bytes.
        exposed_ns: Time within the steps in which one of them ran and no kernel, be it of compute
            or communication. Memsets and other copies hide nothing here. None where the
            file breaks off: the kernel may be lost.
        hidden_ns: Time within the steps in which one of them ran under a kernel; None likewise.
    """

    direction: str
    host_memory: str | None
    count: int
    bytes: int | None
    total_ns: int
    gigabytes_per_s: float | None
    exposed_ns: int | None
    hidden_ns: int | None


def copies(timeline: Timeline) -> tuple[CopyRow, ...] | None:
    """Return the copies that began within the steps, the longest in total first.

    None where the trace has no device activities at all.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.steps
    if not len(timeline.activities):
        return None
    stepping = first_come(steps.start_ns, steps.end_ns)
    made = timeline.copies[stepping.covers(events.start_ns[timeline.copies])]
    working = first_come(events.start_ns[timeline.kernels], events.end_ns[timeline.kernels])
    kinds = {int(name): copy_kind(trace.names[name]) for name in distinct(events.name[made])}
    rows = []
    for kind in dict.fromkeys(kinds.values()):
        names = [name for name, kind_of_name in kinds.items() if kind_of_name == kind]
        chosen = events[made[np.isin(events.name[made], names)]]
        length = chosen.end_ns - chosen.start_ns
        tells = chosen.bytes != MISSING
        told_ns = int(length[tells].sum())
        moved = int(chosen.bytes[tells].sum())
        own = first_come(chosen.start_ns, chosen.end_ns)
        exposed_ns = hidden_ns = None
        if not trace.losses:
            hidden_ns = _time(own, stepping, working)
            exposed_ns = _time(own, stepping) - hidden_ns
        rows.append(
            CopyRow(
                *kind,
                count=len(chosen),
                bytes=moved if tells.any() else None,
                total_ns=int(length.sum()),
                gigabytes_per_s=moved / told_ns if told_ns else None,
                exposed_ns=exposed_ns,
                hidden_ns=hidden_ns,
            )
        )
    return tuple(sorted(rows, key=lambda row: (-row.total_ns, row.direction)))


def _time(*layers: Segments) -> int:
    """Return for how long all layers cover the time together, ns."""
    edges = edges_of(layers)
    together = np.logical_and.reduce([layer.covers(edges) for layer in layers])
    return int(np.diff(edges, append=edges[-1:])[together].sum())
