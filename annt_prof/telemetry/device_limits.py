"""What somebody set of an NVIDIA device that its speed depends on: its power limit, its cuts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.telemetry.nvml import NvmlUnavailable, handle_of, initialised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.telemetry.counters import Binding, Handle

MIG_OFF, MIG_ON = "off", "on"
_BEFORE_PROFILE = " MIG "


class DeviceLimits(NamedTuple):
    """What a device is held to.

    Attributes:
        power_limit_w: That its clocks are lowered for, the whole device's; None where it does not
            tell.
        mig: Of an instance its profile, such as ``1g.5gb``; of a whole device ``on`` or ``off``;
            None where it cannot be cut into instances.
    """

    power_limit_w: float | None = None
    mig: str | None = None


def device_limits(uuid: str | None = None) -> DeviceLimits:
    """Return the limits of the device that CUDA calls device 0; without NVML there are none.

    Args:
        uuid: Of the device, where the caller knows it.
    """
    try:
        nvml = initialised()
    except NvmlUnavailable:
        return DeviceLimits()
    try:
        return limits_of(nvml, uuid)
    finally:
        nvml.nvmlShutdown()


def limits_of(
    nvml: Binding, uuid: str | None = None, environment: Mapping[str, str] = os.environ
) -> DeviceLimits:
    """Return the same from a binding.

    Args:
        nvml: As ``initialised`` returns it.
        uuid: As ``nvml.open_device`` takes it.
        environment: Likewise.
    """
    try:
        handle = handle_of(nvml, uuid, environment)
    except NvmlUnavailable:
        return DeviceLimits()
    device = _whole(nvml, handle)
    mig = _mode(nvml, handle) if device is None else _profile(nvml, handle)
    return DeviceLimits(_power_limit_w(nvml, handle if device is None else device), mig)


def _whole(nvml: Binding, handle: Handle) -> Handle | None:
    """Return the device that an instance (MIG) is of; None of what is whole itself."""
    try:
        return nvml.nvmlDeviceGetDeviceHandleFromMigDeviceHandle(handle)
    except (nvml.NVMLError, AttributeError):
        return None


def _power_limit_w(nvml: Binding, device: Handle) -> float | None:
    """Return the limit in effect: the least of what the driver, tools and the board set."""
    try:
        return int(nvml.nvmlDeviceGetEnforcedPowerLimit(device)) / 1000  # milliwatts
    except (nvml.NVMLError, AttributeError):
        return None


def _mode(nvml: Binding, device: Handle) -> str | None:
    try:
        current, _pending = nvml.nvmlDeviceGetMigMode(device)
    except (nvml.NVMLError, AttributeError):
        return None  # most devices have no such mode
    return MIG_ON if current == nvml.NVML_DEVICE_MIG_ENABLE else MIG_OFF


def _profile(nvml: Binding, instance: Handle) -> str:
    """Return the profile, which NVML puts behind an instance's name.

    Source: NVML API Reference, nvmlDeviceGetName: of an instance it is a name by which instances
    are told by their attributes, such as ``NVIDIA A100-SXM4-40GB MIG 1g.5gb``.
    """
    try:
        name = str(nvml.nvmlDeviceGetName(instance))
    except nvml.NVMLError:
        return MIG_ON
    return name.partition(_BEFORE_PROFILE)[2] or MIG_ON
