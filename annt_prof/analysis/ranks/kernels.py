"""The communication kernels of one rank: all that the others need of its trace to be paired."""

from __future__ import annotations

import pickle
import zlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.trace.columns import MISSING, Message

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.timeline import Timeline


class Communication(NamedTuple):
    """One communication kernel.

    Attributes:
        step: Name of the step that launched it; None for one outside the steps.
        length_ns: How long it took on this rank.
        message: What it carried; None where the file does not tell.
    """

    step: str | None
    length_ns: int
    message: Message | None


class PackedCommunications(NamedTuple):
    """The communication kernels of a rank in a fraction of their memory, while others are read.

    Attributes:
        compressed: What ``communications`` returned, pickled.
    """

    compressed: bytes

    @classmethod
    def of(cls, timeline: Timeline) -> PackedCommunications:
        """Pack those of one rank."""
        return cls(zlib.compress(pickle.dumps(communications(timeline))))

    def unpacked(self) -> dict[str, list[Communication]]:
        """Return them as ``communications`` did."""
        by_name: dict[str, list[Communication]] = pickle.loads(zlib.decompress(self.compressed))
        return by_name


def communications(timeline: Timeline) -> dict[str, list[Communication]]:
    """Return the communication kernels of a whole trace by name, in the order of their launches.

    One belongs to the step that launched it: on the device it may begin after that, or before a
    step that has yet to begin. One without a known launch belongs to where it began.

    Args:
        timeline: Of one rank.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.whole_steps
    chosen = timeline.kernels[timeline.communicates[events.name[timeline.kernels]]]
    launched_ns = timeline.launch_times(chosen)
    at_ns = np.where(launched_ns == UNKNOWN_NS, events.start_ns[chosen], launched_ns)
    order = np.lexsort((events.start_ns[chosen], at_ns))
    by_name: dict[str, list[Communication]] = {}
    for kernel, step in zip(chosen[order], steps.step_at(at_ns[order]), strict=True):
        message = events.message[kernel]
        by_name.setdefault(trace.names[events.name[kernel]], []).append(
            Communication(
                step=None if step == NOWHERE else steps.names[step],
                length_ns=int(events.end_ns[kernel] - events.start_ns[kernel]),
                message=None if message == MISSING else trace.messages[message],
            )
        )
    return by_name
