"""The most memory that a variant's timed windows took, and what kind of memory that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from annt_prof.windows.memory import host_peak_bytes, reset_host_peak

if TYPE_CHECKING:
    from annt_prof.techniques.setup import TrainingSetup


class Peak(NamedTuple):
    """A highest amount of memory since it was last reset.

    Attributes:
        bytes: None where the system does not tell.
        of: Whose memory it is, for people.
    """

    bytes: int | None
    of: str


def reset_peak(setup: TrainingSetup) -> None:
    """Forget the peak so far."""
    if setup.device.type != "cuda":
        reset_host_peak()
        return
    if setup.replays:
        # What was cached before capturing is of no use to the graph, and would count as reserved.
        torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(setup.device)


def peak(setup: TrainingSetup) -> Peak:
    """Return the peak since ``reset_peak``.

    A replay works in the memory that its capture set aside and tells the allocator nothing, so
    that of the tensors in it none is ever seen as allocated: what is reserved is counted then,
    the graphs' own memory and whatever else the allocator holds.

    Source: PyTorch CUDA semantics notes, Graph memory management.
    """
    if setup.device.type != "cuda":
        return Peak(host_peak_bytes(), "host process")
    if setup.replays:
        return Peak(torch.cuda.max_memory_reserved(setup.device), "device memory reserved")
    return Peak(torch.cuda.max_memory_allocated(setup.device), "device allocations")
