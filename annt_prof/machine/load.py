"""How much of the machine's CPU time is taken now, and whether that is too much to measure."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from annt_prof.telemetry.host import busy_ns

BUSY_SHARE = 0.1
"""Of all cores: other programs that take as much widen intervals and lower what is measured."""

_LOOK_S = 0.5
_STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Load:
    """What everything on the machine takes of its cores now.

    Attributes:
        busy_cores: Cores' worth of CPU time.
        num_cores: Of the machine.
    """

    busy_cores: float
    num_cores: int

    @property
    def share(self) -> float:
        """Of all cores' time."""
        return self.busy_cores / self.num_cores

    @property
    def is_busy(self) -> bool:
        """Whether other programs take too much for figures to be trusted."""
        return self.share >= BUSY_SHARE


def look_at_load() -> Load:
    """Return the load; takes half a second, in which this process sleeps."""
    before, began = busy_ns(_STAT.read_bytes()), time.monotonic_ns()
    time.sleep(_LOOK_S)
    taken_ns, lasted_ns = busy_ns(_STAT.read_bytes()) - before, time.monotonic_ns() - began
    return Load(taken_ns / lasted_ns, os.cpu_count() or 1)
