"""The quantities that telemetry tells over time, each in the unit in which it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof import units
from annt_prof.telemetry import columns
from annt_prof.telemetry.rates import broken, rates
from annt_prof.telemetry.series import Samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.telemetry.series import Series

_CORE = "% of a core"


class Quantity(msgspec.Struct, frozen=True):
    """Something that is sampled.

    Attributes:
        key: Names it, with its unit.
        name: For people.
        unit: In which it is shown.
        places: Decimals.
        least, most: Where its axis begins and ends; None for where the samples do.
        of_device: Whether it is of the accelerator.
        short: What a figure of it is called where there is little room.
    """

    key: str
    name: str
    unit: str
    places: int = 0
    least: float | None = 0.0
    most: float | None = None
    of_device: bool = True
    short: str = ""


QUANTITIES = (
    Quantity("gpu_utilisation_percent", "GPU utilisation", "%", most=100.0, short="GPU"),
    Quantity("gpu_memory_gib", "GPU memory", "GiB", 2),
    Quantity("gpu_power_w", "GPU power", "W"),
    Quantity("gpu_sm_clock_mhz", "SM clock", "MHz", short="SM"),
    Quantity("gpu_memory_clock_mhz", "GPU memory clock", "MHz", short="memory"),
    Quantity("gpu_temperature_c", "GPU temperature", "°C", least=None),
    Quantity("gpu_pcie_rx_gb_per_s", "PCIe to the device", "GB/s", 2, short="in"),
    Quantity("gpu_pcie_tx_gb_per_s", "PCIe from the device", "GB/s", 2, short="out"),
    Quantity("host_cpu_percent", "host CPU of the run", _CORE, of_device=False, short="CPU"),
    Quantity(
        "host_other_cpu_percent", "host CPU of others", _CORE, of_device=False, short="others"
    ),
    Quantity("host_memory_gib", "host memory of the run", "GiB", 2, of_device=False, short="host"),
    Quantity("system_available_gib", "host memory left", "GiB", 2, of_device=False, short="left"),
)
"""In the order in which they are shown."""

_MOMENTARY: dict[str, tuple[str, float]] = {
    "gpu_utilisation_percent": (columns.GPU_UTILISATION_PERCENT, 1.0),
    "gpu_memory_gib": (columns.GPU_MEMORY_BYTES, 1 / units.GIB),
    "gpu_power_w": (columns.GPU_POWER_MILLIWATTS, 1e-3),
    "gpu_sm_clock_mhz": (columns.GPU_SM_CLOCK_MHZ, 1.0),
    "gpu_memory_clock_mhz": (columns.GPU_MEMORY_CLOCK_MHZ, 1.0),
    "gpu_temperature_c": (columns.GPU_TEMPERATURE_C, 1.0),
    "gpu_pcie_rx_gb_per_s": (columns.GPU_PCIE_RX_BYTES_PER_S, 1e-9),
    "gpu_pcie_tx_gb_per_s": (columns.GPU_PCIE_TX_BYTES_PER_S, 1e-9),
    "host_memory_gib": (columns.TREE_MEMORY_BYTES, 1 / units.GIB),
    "system_available_gib": (columns.SYSTEM_AVAILABLE_BYTES, 1 / units.GIB),
}
_NS_TO_PERCENT = 100.0
_COUNTED: dict[str, tuple[str, float]] = {
    "gpu_power_w": (columns.GPU_ENERGY_MILLIJOULES, 1e6),  # mJ a nanosecond are megawatts
    "gpu_pcie_rx_gb_per_s": (columns.GPU_PCIE_RX_BYTES, 1.0),
    "gpu_pcie_tx_gb_per_s": (columns.GPU_PCIE_TX_BYTES, 1.0),
    "host_cpu_percent": (columns.TREE_CPU_NS, _NS_TO_PERCENT),
}


def sampled(series: Series, quantity: Quantity) -> Samples | None:
    """Return a quantity over time, NaN where it is broken; None where it was not sampled.

    Rates of what is counted are told over half a second. Momentary power is preferred to the
    growth of the energy counter, which moves too seldom for a curve; momentary PCIe traffic is
    what there is on devices without a counter of it.
    """
    if quantity.key == "host_other_cpu_percent":
        return _others(series)
    ways: tuple[Callable[[Series, str], Samples | None], ...] = (_counted, _momentary)
    if quantity.key == "gpu_power_w":
        ways = (_momentary, _counted)
    found = (way(series, quantity.key) for way in ways)
    return next((samples for samples in found if samples is not None), None)


def _momentary(series: Series, key: str) -> Samples | None:
    column, factor = _MOMENTARY.get(key, ("", 1.0))
    samples = series.samples.get(column)
    if samples is None:
        return None
    return broken(Samples(samples.times_ns, samples.values * factor))


def _counted(series: Series, key: str) -> Samples | None:
    column, factor = _COUNTED.get(key, ("", 1.0))
    samples = series.samples.get(column)
    return None if samples is None else _known(rates(samples), factor)


def _others(series: Series) -> Samples | None:
    """Return the CPU time of everything but the run, over the intervals of the whole machine's."""
    busy, tree = (series.samples.get(c) for c in (columns.SYSTEM_BUSY_NS, columns.TREE_CPU_NS))
    if busy is None or tree is None:
        return None
    inside = (busy.times_ns >= tree.times_ns[0]) & (busy.times_ns <= tree.times_ns[-1])
    instants = busy.times_ns[inside]
    whole, own = rates(busy, instants), rates(tree, instants)
    values = np.maximum(0.0, whole.values - own.values)
    return _known(Samples(whole.times_ns, values), _NS_TO_PERCENT)


def _known(samples: Samples, factor: float) -> Samples | None:
    if not np.isfinite(samples.values).any():
        return None
    return Samples(samples.times_ns, samples.values * factor)
