"""What part 1 finds of the machine's own cost, from which parts 2 and 3 size their budgets."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LAUNCHES, WINDOWS = 5, 2
"""Launches that an interval should come from, and windows of each variant in a launch."""

_MARGIN = 1.1  # launches and windows take a little longer now and then
_AROUND_S = 10.0  # of each run: imports, looking at the machine, the explanation
_TRACING_S = 4.0  # of each variant: the profiler's start, the window, numbers and analysis


@dataclasses.dataclass(frozen=True)
class Sizing:
    """Cost of one variant's process; the defaults are guesses for a large device.

    Attributes:
        launch_s: From its start to being warmed up.
        window_s: Of one timed window.
        context_bytes: Device memory that a process takes before it allocates anything.
    """

    launch_s: float = 4.5
    window_s: float = 1.0
    context_bytes: int = 500_000_000


def load(path: Path) -> Sizing:
    """Return what part 1 wrote, or the guesses where it has not run."""
    try:
        return Sizing(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return Sizing()


def save(path: Path, sizing: Sizing) -> None:
    """Write it for the parts to come."""
    path.write_text(json.dumps(dataclasses.asdict(sizing), indent=2) + "\n")


@dataclasses.dataclass(frozen=True)
class Budget:
    """How long a run may measure, and how long it takes with everything around it."""

    measuring_s: float
    whole_s: float


def budgets(
    variants: tuple[int, ...], sizing: Sizing, available_s: float, least_launches: int
) -> tuple[Budget, ...]:
    """Return a budget for each run of so many variants.

    Each is what ``LAUNCHES`` launches take, of which the first is built before measuring begins;
    where all of them together exceed what is available, every one is cut alike, down to
    ``least_launches`` with one window each. What does not fit then is left for another time, since
    runs with fewer would all say nothing.
    """
    around = [count * (sizing.launch_s + _TRACING_S) + _AROUND_S for count in variants]
    most_s = _measuring_s(sizing, LAUNCHES, WINDOWS)
    least_s = _measuring_s(sizing, least_launches, 1)
    each_s = max(least_s, min(most_s, (available_s - sum(around)) / sum(variants)))
    return tuple(
        Budget(count * each_s, count * each_s + around_s)
        for count, around_s in zip(variants, around, strict=True)
    )


def _measuring_s(sizing: Sizing, launches: int, windows: int) -> float:
    """Return what launches of one variant take of a budget."""
    taken_s = launches * windows * sizing.window_s + (launches - 1) * sizing.launch_s
    return _MARGIN * taken_s
