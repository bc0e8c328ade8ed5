"""PCIe traffic where there is only the counter that blocks for 20 ms: on a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from annt_prof.telemetry import columns
from annt_prof.telemetry.nvml import NvmlUnavailable

if TYPE_CHECKING:
    from annt_prof.telemetry.counters import Reading
    from annt_prof.telemetry.nvml import Device

_PAUSE_S = 0.25  # between two questions, so that NVML is busy with this a twelfth of the time

_DIRECTIONS = (
    (columns.GPU_PCIE_TX_BYTES_PER_S, False),
    (columns.GPU_PCIE_RX_BYTES_PER_S, True),
)


class PcieThread:
    """Asks for each direction in turn; ``take`` never waits."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._fresh: Reading = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._ask, daemon=True).start()

    def take(self) -> Reading:
        """Return what was answered since the last call, by column."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        return fresh

    def _ask(self) -> None:
        pause = threading.Event()
        while True:
            for column, received in _DIRECTIONS:
                try:
                    answer = self._device.pcie_throughput(received=received)
                except NvmlUnavailable:
                    return
                with self._lock:
                    self._fresh[column] = answer
                pause.wait(_PAUSE_S)


class ByteCounter:
    """Makes one growing count out of a counter that wraps at 32 bits and starts anywhere."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._total = 0

    def total(self, value: int) -> int:
        """Return the bytes counted since the first call."""
        growth = 0 if self._last is None else value - self._last
        if growth < 0:
            growth += 1 << 32
        self._last = value
        self._total += max(growth, 0)  # a reset of a wider counter: that interval is lost
        return self._total
