"""One NVIDIA device through NVML; a counter it does not have is asked for once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from annt_prof.telemetry.counters import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.telemetry.counters import Binding, Counter, Handle, Reading

# Answers that will not change while the process lives.
_FOR_GOOD = (
    "NVML_ERROR_INVALID_ARGUMENT",
    "NVML_ERROR_NOT_SUPPORTED",
    "NVML_ERROR_NO_PERMISSION",
    "NVML_ERROR_FUNCTION_NOT_FOUND",
    "NVML_ERROR_ARGUMENT_VERSION_MISMATCH",
    "NVML_ERROR_DEPRECATED",
)

THROTTLE_REASONS: Mapping[int, str] = {
    0x002: "application_clocks_setting",
    0x004: "software_power_cap",
    0x008: "hardware_slowdown",
    0x010: "sync_boost",
    0x020: "software_thermal_slowdown",
    0x040: "hardware_thermal_slowdown",
    0x080: "hardware_power_brake",
    0x100: "display_clock_setting",
    0x200: "board_limit",
    0x400: "reliability",
}
"""Bit to name. 0x001, an idle device, is left out: it is no limit on one that has work.

Source: nvmlClocksEventReasons and nvmlClocksThrottleReasons in nvml.h.
"""


class NvmlUnavailable(Exception):  # noqa: N818 - a finding, reported in one line
    """NVML or the wanted device cannot be read; the message is the one-line reason."""


def throttle_reasons(bits: int) -> tuple[str, ...]:
    """Return the names of the reasons whose bits are set, an idle device not among them."""
    return tuple(name for bit, name in THROTTLE_REASONS.items() if bits & bit)


def initialised() -> Binding:
    """Return the NVML binding, initialised. Creates no CUDA context.

    Raises:
        NvmlUnavailable: No binding, no library, no driver, or one the binding cannot talk to.
    """
    try:
        import pynvml  # type: ignore[import-untyped]
    except ImportError as error:
        raise NvmlUnavailable(f"the package nvidia-ml-py cannot be imported ({error})") from None
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise NvmlUnavailable(f"NVML: {error}") from None
    return pynvml


def driver_version() -> str | None:
    """Return the NVIDIA driver's version, or None where there is no NVML."""
    try:
        nvml = initialised()
    except NvmlUnavailable:
        return None
    try:
        return str(nvml.nvmlSystemGetDriverVersion())
    except nvml.NVMLError:
        return None
    finally:
        nvml.nvmlShutdown()


def device_names() -> tuple[str, ...]:
    """Return the name of every NVIDIA device, in bus order.

    Raises:
        NvmlUnavailable: As ``initialised``, or a device does not answer.
    """
    nvml = initialised()
    try:
        return _names(nvml)
    except nvml.NVMLError as error:
        raise NvmlUnavailable(f"NVML: {error}") from None
    finally:
        nvml.nvmlShutdown()


def _names(nvml: Binding) -> tuple[str, ...]:
    handles = map(nvml.nvmlDeviceGetHandleByIndex, range(nvml.nvmlDeviceGetCount()))
    return tuple(str(nvml.nvmlDeviceGetName(handle)) for handle in handles)


class Device:
    """The counters of one device.

    Args:
        nvml: The initialised binding, or an object that answers like it.
        handle: NVML's handle of the device.
    """

    def __init__(self, nvml: Binding, handle: Handle) -> None:
        self._nvml = nvml
        self._handle = handle
        self._for_good = {code for name in _FOR_GOOD if (code := getattr(nvml, name, None))}
        self._counters = [list(alternatives) for alternatives in COUNTERS]
        self.name = str(nvml.nvmlDeviceGetName(handle))

    def read(self) -> Reading:
        """Return every counter the device has, by column; energy is read first."""
        reading: Reading = {}
        for alternatives in self._counters:
            reading.update(self._first(alternatives))
        return reading

    def _first(self, alternatives: list[Counter]) -> Reading:
        while alternatives:
            try:
                return alternatives[0](self._nvml, self._handle)
            except self._nvml.NVMLError as error:
                if error.value not in self._for_good:
                    return {}  # this once: it may answer the next time
            except AttributeError:
                pass  # a binding older than the counter
            alternatives.pop(0)
        return {}

    def pcie_throughput(self, *, received: bool) -> int:
        """Return the bytes per second over the next 20 ms, for which it blocks.

        NVML's unit is KB/s, taken as 1000 bytes.

        Args:
            received: Towards the device, or away from it.

        Raises:
            NvmlUnavailable: The device does not tell.
        """
        nvml = self._nvml
        which = nvml.NVML_PCIE_UTIL_RX_BYTES if received else nvml.NVML_PCIE_UTIL_TX_BYTES
        try:
            return 1000 * int(nvml.nvmlDeviceGetPcieThroughput(self._handle, which))
        except (nvml.NVMLError, AttributeError) as error:
            raise NvmlUnavailable(f"PCIe throughput: {error}") from None


def open_device(
    nvml: Binding,
    uuid: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Device:
    """Return the device that CUDA calls device 0.

    Args:
        nvml: As ``initialised`` returns it.
        uuid: The device's UUID or the beginning of it, where the caller knows it.
        environment: Whose ``CUDA_VISIBLE_DEVICES`` chooses where ``uuid`` is None, or where it
            names an instance (MIG).

    Raises:
        NvmlUnavailable: There is no such device, or it does not answer.
    """
    handle = handle_of(nvml, uuid, environment)
    try:
        return Device(nvml, handle)
    except nvml.NVMLError as error:
        raise NvmlUnavailable(f"NVML: {error}") from None


def handle_of(
    nvml: Binding,
    uuid: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Handle:
    """Return NVML's handle of the device that CUDA calls device 0.

    Args:
        nvml: As ``open_device`` takes it.
        uuid: Likewise.
        environment: Likewise.

    Raises:
        NvmlUnavailable: There is no such device.
    """
    try:
        # Older runtimes give the whole device's UUID for an instance that the list names.
        if uuid is not None and not _first_listed(environment).startswith("MIG-"):
            return _by_uuid(nvml, uuid)
        return _first_visible(nvml, environment)
    except nvml.NVMLError as error:
        raise NvmlUnavailable(f"NVML: {error}") from None


def _first_listed(environment: Mapping[str, str]) -> str:
    listed = environment.get("CUDA_VISIBLE_DEVICES")
    return "0" if listed is None else listed.split(",")[0].strip()


def _first_visible(nvml: Binding, environment: Mapping[str, str]) -> Handle:
    first = _first_listed(environment)
    if first in ("", "-1", "NoDevFiles"):
        raise NvmlUnavailable("CUDA_VISIBLE_DEVICES hides every device")
    if first.isdecimal():
        handle = nvml.nvmlDeviceGetHandleByIndex(int(first))
        # Of a device that is cut into instances CUDA sees the first one alone.
        return next(_instances(nvml, handle), handle)
    return _by_uuid(nvml, first)


def _by_uuid(nvml: Binding, wanted: str) -> Handle:
    """Return the device, or the instance (MIG) of one, whose UUID begins so.

    NVML's have a prefix, ``GPU-`` or ``MIG-``; torch's have none, whichever it is.

    Source: CUDA driver API, cuDeviceGetUuid_v2: of a device in MIG mode it is the instance's.
    """
    bare = wanted.removeprefix("GPU-")
    devices = [nvml.nvmlDeviceGetHandleByIndex(i) for i in range(nvml.nvmlDeviceGetCount())]
    for handle in devices:
        if str(nvml.nvmlDeviceGetUUID(handle)).removeprefix("GPU-").startswith(bare):
            return handle
    bare = wanted.removeprefix("MIG-")
    for handle in devices:
        for instance in _instances(nvml, handle):
            if str(nvml.nvmlDeviceGetUUID(instance)).removeprefix("MIG-").startswith(bare):
                return instance
    if wanted.startswith("MIG-GPU-"):  # before driver 470: the device's UUID and two numbers
        return nvml.nvmlDeviceGetHandleByUUID(wanted)
    raise NvmlUnavailable(f"NVML knows no device {wanted}")


def _instances(nvml: Binding, device: Handle) -> Iterator[Handle]:
    """Yield the instances (MIG) that a device is cut into; of most there are none."""
    try:
        most = nvml.nvmlDeviceGetMaxMigDeviceCount(device)
    except (nvml.NVMLError, AttributeError):
        return  # a device, a driver or a binding from before there were any
    for index in range(most):
        try:
            yield nvml.nvmlDeviceGetMigDeviceHandleByIndex(device, index)
        except nvml.NVMLError as error:
            if error.value != nvml.NVML_ERROR_NOT_FOUND:  # an index may be free
                raise
