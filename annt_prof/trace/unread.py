"""Events that look like a device's and are of a category that is not read: counted, not dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.trace.columns import MISSING, Unread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.trace.document import Arguments, Event

# What kineto writes beside a device's activities, and what repeats or counts them without being
# work of its own. Source: kineto's ActivityType.h and output_json.cpp.
_HARMLESS = frozenset(
    {
        "ac2g", "async", "collective_comm", "cpu_instant_event", "cuda_event",
        "cuda_profiler_range", "external_correlation", "gpu_pm_counter", "mtia_counters",
        "mtia_insight", "xpu_scope_profiler",
    }
)  # fmt: skip
# torch counts these as a device's whatever they carry. Source: deviceTypeFromActivity in
# torch/csrc/profiler/kineto_shim.cpp.
_OF_A_DEVICE = frozenset({"hpu_op", "mtia_workloadd"})


@dataclass
class _Total:
    count: int = 0
    time_ns: int = 0


class UnreadEvents:
    """Counts and times of events that look like a device's, by category.

    One looks so that carries the stream it ran on: no host event does.
    """

    def __init__(self) -> None:
        self._totals: dict[str, _Total] = {}

    def add(self, told: Iterable[tuple[Event, Arguments, int]]) -> None:
        """Take in events of categories that are not read.

        Args:
            told: Events with their arguments and durations, ns.
        """
        for event, arguments, duration_ns in told:
            category = event.cat or ""
            if _is_of_a_device(category.lower(), arguments):
                self._count(category, 1, duration_ns)

    def merge(self, counted: Iterable[Unread]) -> None:
        """Take in what was counted elsewhere of the same file."""
        for unread in counted:
            self._count(unread.category, unread.count, unread.time_ns)

    def counted(self) -> tuple[Unread, ...]:
        """Return the totals, those of the most time first."""
        totals = [Unread(name, t.count, t.time_ns) for name, t in self._totals.items()]
        return tuple(sorted(totals, key=lambda unread: (-unread.time_ns, unread.category)))

    def _count(self, category: str, count: int, time_ns: int) -> None:
        total = self._totals.setdefault(category, _Total())
        total.count += count
        total.time_ns += time_ns


def _is_of_a_device(category: str, arguments: Arguments) -> bool:
    streams = (arguments.stream, arguments.stream_id, arguments.physical_stream_id)
    carries_stream = any(stream != MISSING for stream in streams)
    return category in _OF_A_DEVICE or (carries_stream and category not in _HARMLESS)
