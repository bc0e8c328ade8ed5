"""What a technique may ask about a machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DeviceType = Literal["cpu", "cuda", "xpu", "mtia", "other"]
"""As torch calls them: ``cuda`` is AMD's too, ``other`` an accelerator that is not known."""


@dataclass(frozen=True)
class Machine:
    """What a technique may ask about the machine, found without training on it.

    Attributes:
        device_type: The device the run uses: ``cpu`` or ``cuda``; a trace's may be any.
        device_name: As its maker calls it.
        num_devices: Accelerators visible; 0 on a CPU.
        num_cores: CPU cores this process may run on.
        native_bfloat16: Whether the device has bfloat16 matrix instructions.
        tf32: Whether the device has TF32 matrix instructions.
    """

    device_type: DeviceType
    device_name: str
    num_devices: int
    num_cores: int
    native_bfloat16: bool
    tf32: bool = False


def has_tf32(compute_capability: tuple[int, int]) -> bool:
    """Return whether NVIDIA devices of this compute capability have TF32 matrix instructions.

    Source: CUDA C++ Programming Guide, Compute Capabilities: Ampere's, 8.0, is the first.
    """
    return compute_capability >= (8, 0)
