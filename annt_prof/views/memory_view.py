"""The memory of the steps, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.analysis.tables.memory_use import MemoryHolder, MemoryUse
    from annt_prof.units import MemoryUnit

MOST_HOLDERS = 10


@dataclass(frozen=True)
class MemoryPeak:
    """The peak of one device within the steps.

    Attributes:
        device: Such as ``cuda:0``.
        peak_bytes: Most in use.
        since_trace_began: Whether bytes count from the start of the trace, not from zero.
        step: In which it was.
        phase: Likewise; None where it is not known.
        reserved_bytes: Most held by the caching allocator; None on the host, and where it is
            not told.
        holders: Who held the peak, the largest first, ``MOST_HOLDERS`` at most; None where it
            is not told.
        unit: Of all their bytes.
    """

    device: str
    peak_bytes: int
    since_trace_began: bool
    step: str
    phase: str | None
    reserved_bytes: int | None
    holders: tuple[MemoryHolder, ...] | None
    unit: MemoryUnit


def build_memory_peaks(devices: Iterable[MemoryUse]) -> tuple[MemoryPeak, ...]:
    """Return the peak of each device."""
    return tuple(_peak(use) for use in devices)


def _peak(use: MemoryUse) -> MemoryPeak:
    holders = None if use.holders is None else use.holders[:MOST_HOLDERS]
    return MemoryPeak(
        device=use.device,
        peak_bytes=use.peak_bytes,
        since_trace_began=use.device == "cpu",
        step=use.peak_step,
        phase=use.peak_phase,
        reserved_bytes=use.peak_reserved_bytes,
        holders=holders,
        unit=units.memory_unit(holder.bytes for holder in holders or ()),
    )
