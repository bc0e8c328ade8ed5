"""Whether all variants' processes fit into memory together; where not, they live in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from annt_prof.windows.messages import Footprint

_SPARE = 0.9  # of what is free; techniques may take more than the baseline


def too_large(first: Footprint, others: int, host_free: int) -> str | None:
    """Return why so many further processes would not fit beside the first, for people.

    On a host every process keeps the memory that it once took. On a device one that waits has
    given its caches back, so that only one at a time is at its peak.

    Args:
        first: Of the first variant, which is alive.
        others: Processes to come, each like the first.
        host_free: Bytes that the host has left for them.
    """
    if others * first.host > _SPARE * host_free:
        return _said(others, "host", first.host, host_free)
    needed = (others - 1) * first.device_idle + first.device_peak
    if others and first.device_peak and needed > _SPARE * first.device_free:
        return _said(others, "device", first.device_peak, first.device_free)
    return None


def _said(others: int, where: str, process_bytes: int, free: int) -> str:
    more = units.count(others, "further process", "further processes")
    return (
        f"{more} of up to {units.memory(process_bytes)} each would not fit into the "
        f"{units.memory(free)} of {where} memory that are free"
    )
