"""How a step says which phase it is in: by a range that a profiler records, or not at all."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import torch

from annt_prof.categories import PHASE_PREFIX, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    PhaseMarker = Callable[[Phase], AbstractContextManager[Any]]


def unmarked(_phase: Phase) -> AbstractContextManager[Any]:
    """The marker of timed windows: leaves no trace and costs next to nothing."""
    return nullcontext()


def marked(phase: Phase) -> AbstractContextManager[Any]:
    """The marker of traced windows: a host range that the profiler records."""
    return torch.autograd.profiler.record_function(PHASE_PREFIX + phase)
