"""When the device was idle, as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.views.rest import Rest, legible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.analysis.path.idle import Gap, Idle


@dataclass(frozen=True)
class CauseShare:
    """A cause of gaps, and its fraction of the idle time."""

    cause: str
    share: float


@dataclass(frozen=True)
class IdleView:
    """The gaps of the steps.

    Attributes:
        num_gaps: In all.
        total_ns: Of all of them.
        causes: Those that took time, the longest first.
        gaps: The longest first, without those that would read 0.000 ms.
        rest: All other gaps.
    """

    num_gaps: int
    total_ns: int
    causes: tuple[CauseShare, ...]
    gaps: tuple[Gap, ...]
    rest: Rest


def build_idle_view(idle: Idle) -> IdleView:
    """Return what is shown of idle time."""
    shown = legible(idle.gaps, lambda gap: gap.length_ns).rows
    shown_ns = sum(gap.length_ns for gap in shown)
    return IdleView(
        num_gaps=idle.num_gaps,
        total_ns=idle.total_ns,
        causes=tuple(_causes(idle)),
        gaps=shown,
        rest=Rest(idle.num_gaps - len(shown), idle.total_ns - shown_ns),
    )


def _causes(idle: Idle) -> Iterator[CauseShare]:
    for cause, ns in sorted(idle.by_cause_ns.items(), key=lambda item: -item[1]):
        if ns:
            yield CauseShare(cause, ns / idle.total_ns)
