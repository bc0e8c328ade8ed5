"""The counters of an NVIDIA device: how each is asked for, and the column it fills.

Source: NVML API Reference. What the figures are:

- The utilisation covers the device's own last sample period, 1/6 to 1 second long.
- ``nvmlDeviceGetPowerUsage`` is a one-second average from Ampere on (GA100 excepted), so the
  instantaneous field is preferred; the energy counter exists from Volta on.
- ``nvmlDeviceGetPcieThroughput`` blocks for the 20 ms that it counts. The byte counters, which
  newer drivers have, do not; see ``pcie.py`` for devices without them.
- Every figure is the whole device's, other processes on it included; of an instance (MIG) it is
  the instance's, and what is not measured for one (power, utilisation) is absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from annt_prof.telemetry import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Binding: TypeAlias = Any  # pynvml, which is untyped, or an object that answers like it
    Handle: TypeAlias = Any  # a pointer or structure of NVML's
    Reading = dict[str, int]
    Counter = Callable[[Binding, Handle], Reading]


def _energy(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_ENERGY_MILLIJOULES: nvml.nvmlDeviceGetTotalEnergyConsumption(handle)}


def _fields(nvml: Binding, handle: Handle, wanted: Mapping[str, int]) -> Reading:
    """Return the fields that are supported; raise the first one's error where none is."""
    answers = nvml.nvmlDeviceGetFieldValues(handle, list(wanted.values()))
    pairs = tuple(zip(wanted, answers, strict=True))
    reading = {column: _field(nvml, answer) for column, answer in pairs if not answer.nvmlReturn}
    if not reading:
        raise nvml.NVMLError(answers[0].nvmlReturn)
    return reading


def _field(nvml: Binding, answer: Handle) -> int:
    if answer.valueType == nvml.NVML_VALUE_TYPE_UNSIGNED_INT:
        return int(answer.value.uiVal)
    return int(answer.value.ullVal)


def _instant_power(nvml: Binding, handle: Handle) -> Reading:
    field = {columns.GPU_POWER_MILLIWATTS: nvml.NVML_FI_DEV_POWER_INSTANT}
    return _fields(nvml, handle, field)


def _power(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_POWER_MILLIWATTS: nvml.nvmlDeviceGetPowerUsage(handle)}


def _pcie_bytes(nvml: Binding, handle: Handle) -> Reading:
    wanted = {
        columns.GPU_PCIE_TX_BYTES: nvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES,
        columns.GPU_PCIE_RX_BYTES: nvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES,
    }
    return _fields(nvml, handle, wanted)


def _utilisation(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_UTILISATION_PERCENT: nvml.nvmlDeviceGetUtilizationRates(handle).gpu}


def _memory(nvml: Binding, handle: Handle) -> Reading:
    # The second version does not count what the driver keeps for itself as used.
    info = nvml.nvmlDeviceGetMemoryInfo(handle, version=nvml.nvmlMemory_v2)
    return {columns.GPU_MEMORY_BYTES: info.used}


def _memory_v1(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_MEMORY_BYTES: nvml.nvmlDeviceGetMemoryInfo(handle).used}


def _sm_clock(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_SM_CLOCK_MHZ: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)}


def _memory_clock(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_MEMORY_CLOCK_MHZ: nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM)}


def _temperature(nvml: Binding, handle: Handle) -> Reading:
    sensor = nvml.NVML_TEMPERATURE_GPU
    return {columns.GPU_TEMPERATURE_C: nvml.nvmlDeviceGetTemperature(handle, sensor)}


def _event_reasons(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_THROTTLE_BITS: nvml.nvmlDeviceGetCurrentClocksEventReasons(handle)}


def _throttle_reasons(nvml: Binding, handle: Handle) -> Reading:
    return {columns.GPU_THROTTLE_BITS: nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)}


# Of each line the first that the device supports.
COUNTERS: tuple[tuple[Counter, ...], ...] = (
    (_energy,),
    (_instant_power, _power),
    (_pcie_bytes,),
    (_utilisation,),
    (_memory, _memory_v1),
    (_sm_clock,),
    (_memory_clock,),
    (_temperature,),
    (_event_reasons, _throttle_reasons),
)
