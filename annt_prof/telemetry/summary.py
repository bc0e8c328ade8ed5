"""Telemetry reduced to the windows of one variant."""

from __future__ import annotations

import msgspec


class TelemetrySummary(msgspec.Struct, frozen=True):
    """Means over the variant's timed windows; None where the machine does not tell."""

    gpu_utilisation_percent: float | None = None
    gpu_memory_bytes: int | None = None
    gpu_power_w: float | None = None
    gpu_sm_clock_mhz: float | None = None
    gpu_memory_clock_mhz: float | None = None
    gpu_temperature_c: float | None = None
    gpu_throttle_reasons: tuple[str, ...] = ()
    host_cpu_percent: float | None = None
    host_memory_bytes: int | None = None
    num_samples: int = 0
