"""How each device spent the whole trace, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from annt_prof.analysis.tables.temporal import DeviceTime, Temporal


@dataclass(frozen=True)
class DeviceRow:
    """One device from its first activity's start to its last one's end.

    Attributes:
        device: As numbered in the trace; None where it is not told.
        span_ns: Of all that follows.
        compute_share: Computing, a fraction of the span; None where that is nothing.
        non_compute_share: Moving data or communicating while nothing computes; likewise.
        idle_share: The rest; likewise.
        exposed_communication_ns: While nothing computes.
        hidden_communication_ns: While something does.
        num_streams: With any activity; None where not every activity tells its stream.
    """

    device: int | None
    span_ns: int
    compute_share: float | None
    non_compute_share: float | None
    idle_share: float | None
    exposed_communication_ns: int
    hidden_communication_ns: int
    num_streams: int | None


def build_device_rows(temporal: Temporal) -> tuple[DeviceRow, ...]:
    """Return a row for each device."""
    return tuple(_row(device) for device in temporal.devices)


def _row(device: DeviceTime) -> DeviceRow:
    span_ns = device.kernel_time_ns
    untold = any(stream.stream is None for stream in device.streams)
    return DeviceRow(
        device=device.device,
        span_ns=span_ns,
        compute_share=share_of(device.compute_ns, span_ns),
        non_compute_share=share_of(device.non_compute_ns, span_ns),
        idle_share=share_of(device.idle_ns, span_ns),
        exposed_communication_ns=device.exposed_communication_ns,
        hidden_communication_ns=device.hidden_communication_ns,
        num_streams=None if untold else len(device.streams),
    )
