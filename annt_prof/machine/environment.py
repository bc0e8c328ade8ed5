"""The fingerprint of the machine and the software that a run was measured on. No torch."""

from __future__ import annotations

import importlib.metadata
import platform
from typing import TYPE_CHECKING

import msgspec

from annt_prof.machine import hardware
from annt_prof.telemetry.device_limits import DeviceLimits, device_limits
from annt_prof.telemetry.nvml import driver_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.machine.machine import Machine

_DISTRIBUTIONS = ("annt-prof", "torch", "torchvision", "timm", "transformers", "numpy")


class Environment(msgspec.Struct, frozen=True):
    """What the run was measured on; figures from different environments do not compare.

    Attributes:
        packages: Version by package name (python, torch, torchvision, timm, transformers, ...), and
            of the CUDA or HIP that torch was built with.
        threads: Threads torch computes with.
        native_bfloat16, tf32: Whether the device has such matrix instructions.
        power_limit_w, mig: As ``telemetry.device_limits`` has them; None on a CPU, and in what was
            recorded before they were asked for.
    """

    device_type: str
    device_name: str
    num_devices: int
    cpu_name: str
    num_cores: int
    memory_bytes: int
    threads: int
    operating_system: str
    driver: str | None
    packages: dict[str, str]
    native_bfloat16: bool = True
    tf32: bool = False
    power_limit_w: float | None = None
    mig: str | None = None


def collect(
    machine: Machine,
    threads: int,
    packages: Mapping[str, str] | None = None,
    device_uuid: str | None = None,
) -> Environment:
    """Return the fingerprint.

    Args:
        machine: The device and what it can do.
        threads: Threads torch computes with.
        packages: Versions that only an import tells, such as ``cuda``; they win over those
            that the installed packages' metadata names.
        device_uuid: Of CUDA's device 0, which NVML may count otherwise.
    """
    limits = device_limits(device_uuid) if machine.device_type == "cuda" else DeviceLimits()
    return Environment(
        device_type=machine.device_type,
        device_name=machine.device_name,
        num_devices=machine.num_devices,
        cpu_name=hardware.cpu_name(),
        num_cores=hardware.num_cores(),
        memory_bytes=hardware.memory_bytes(),
        threads=threads,
        operating_system=hardware.operating_system(),
        driver=driver_version(),
        packages=installed_versions() | dict(packages or {}),
        native_bfloat16=machine.native_bfloat16,
        tf32=machine.tf32,
        power_limit_w=limits.power_limit_w,
        mig=limits.mig,
    )


def installed_versions() -> dict[str, str]:
    """Return the version by name of Python and of each package here that matters to a run."""
    versions = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
