"""Telemetry reduced to the windows of one variant."""

from __future__ import annotations

import msgspec


class TelemetrySummary(msgspec.Struct, frozen=True):
    """Means over the variant's timed windows; None where the machine does not tell.

    GPU figures are the whole device's, other processes on it included.

    Attributes:
        gpu_utilisation_percent: Share of the time in which a kernel ran, by the device's own
            sampling, which reaches up to one second back.
        gpu_power_w: From the energy counter where the device has one.
        gpu_throttle_reasons: Every limit on the clocks that was seen.
        host_cpu_percent: CPU time of the run's processes; 100 is one core kept busy.
        host_memory_bytes: Resident memory of the run's processes, waiting workers included; a
            page that forked processes share counts once for each.
        num_samples: Rows of telemetry within the windows.
        gpu_pcie_rx_bytes_per_s: Towards the device.
        gpu_pcie_tx_bytes_per_s: From the device.
        host_other_cpu_percent: CPU time of everything else on the machine; 100 is one core.
    """

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
    gpu_pcie_rx_bytes_per_s: float | None = None
    gpu_pcie_tx_bytes_per_s: float | None = None
    host_other_cpu_percent: float | None = None
