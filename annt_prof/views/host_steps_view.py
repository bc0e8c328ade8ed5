"""The steps from the host's side, as they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from annt_prof import units
from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.tables.host_view import HostStep

HostActivity = Literal["data_loading", "blocked", "dispatch", "waiting_for_backward", "python"]


@dataclass(frozen=True)
class HostPart:
    """What the main thread did in a part of the steps.

    Attributes:
        activity: What.
        mean_ns: Per step.
        share: Of the steps' wall time, a fraction; None where that is nothing.
        brief: Whether it would read 0.000 ms.
    """

    activity: HostActivity
    mean_ns: float
    share: float | None
    brief: bool


def build_host_parts(steps: Sequence[HostStep]) -> tuple[HostPart, ...]:
    """Return the parts of the main thread's time, which sum to the steps' wall time."""
    total_ns: dict[HostActivity, int] = {
        "data_loading": sum(step.data_loading_ns for step in steps),
        "blocked": sum(step.blocked_ns for step in steps),
        "dispatch": sum(step.dispatch_ns for step in steps),
        "waiting_for_backward": sum(step.waiting_for_backward_ns for step in steps),
        "python": sum(step.python_ns for step in steps),
    }
    wall_ns = sum(total_ns.values())
    return tuple(
        HostPart(
            activity=activity,
            mean_ns=ns / len(steps),
            share=share_of(ns, wall_ns),
            brief=units.reads_as_nothing(ns / len(steps)),
        )
        for activity, ns in total_ns.items()
    )
