"""How much memory a variant takes, and what it gives back while it waits."""

from __future__ import annotations

import gc

import torch

from annt_prof.windows.memory import host_own_peak_bytes
from annt_prof.windows.messages import Footprint

# A CUDA context with cuBLAS's and cuDNN's handles and kernels, which no allocator counts.
# Source: 300 to 600 MB on recent devices, as nvidia-smi shows for an idle process of PyTorch.
_CONTEXT_BYTES = 600 * 2**20


def give_back_caches(device: torch.device) -> None:
    """Let others have the device memory that this process keeps for later and does not use.

    All variants share one device. What one of them keeps cached is missing to the next, which
    then runs out of memory, or has cuDNN choose slower algorithms, because of its neighbours.
    The switch-in of the next window allocates it again.
    """
    if device.type == "cuda":
        gc.collect()
        torch.cuda.empty_cache()


def footprint(device: torch.device) -> Footprint | None:
    """Return what this process takes; None where the system does not tell."""
    host = host_own_peak_bytes()
    if host is None:
        return None
    if device.type != "cuda":
        return Footprint(host)
    return Footprint(
        host,
        device_idle=torch.cuda.memory_reserved(device) + _CONTEXT_BYTES,
        device_peak=torch.cuda.max_memory_reserved(device) + _CONTEXT_BYTES,
        device_free=torch.cuda.mem_get_info(device)[0],
    )
