"""What a rank's trace leaves behind once it is read: all that a comparison of ranks needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.analysis.ranks.kernels import PackedCommunications
from annt_prof.analysis.tables.doubts import doubts
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.errors import UserError
from annt_prof.trace.foreign import NotATraceError
from annt_prof.trace.reading import read

if TYPE_CHECKING:
    from annt_prof.trace.remote import TraceFile
    from annt_prof.trace.source import Notify

_RANK_IN_NAME = re.compile(r"rank[-_.]?(\d+)", re.IGNORECASE)


class RankSummary(msgspec.Struct, frozen=True):
    """One rank, without its events; it can be pickled.

    Attributes:
        rank: Its number, as the file or its name tells; None where neither does.
        world_size: Ranks of the run; None where the file does not tell.
        source: Its file, as messages name it.
        breakdown: Of its steps.
        remarks: What of its file could not be read, and what makes its figures doubtful.
        communications: The communication kernels of the whole trace.
    """

    rank: int | None
    world_size: int | None
    source: str
    breakdown: Breakdown
    remarks: tuple[str, ...]
    communications: PackedCommunications


class Unreadable(msgspec.Struct, frozen=True):
    """A file that gave no rank.

    Attributes:
        source: The file, as messages name it.
        error: Why.
        is_a_trace: Whether it is one that cannot be analysed, or something else altogether.
    """

    source: str
    error: UserError
    is_a_trace: bool


def summarize(
    path: TraceFile,
    source: str,
    selection: slice,
    max_bytes: int,
    accelerator: bool | None,
    notify: Notify | None = None,
) -> RankSummary | Unreadable:
    """Read one rank's trace, in this process alone, and keep what a comparison needs of it.

    Args:
        path: The trace.
        source: What messages call it; tells the rank where the file itself does not.
        selection: Positions of the steps, counted from 0.
        max_bytes: Bound on the decompressed size.
        accelerator: Whether the program used one; None where only the trace can tell.
        notify: Told every now and then how many bytes of the file have been read, and its size.
    """
    try:
        trace = read(path, max_bytes, notify)
        timeline = Timeline(trace, selection, accelerator)
        breakdown = break_down(timeline)
        named = _RANK_IN_NAME.findall(source)
        return RankSummary(
            rank=int(named[-1]) if trace.rank is None and named else trace.rank,
            world_size=trace.world_size,
            source=source,
            breakdown=breakdown,
            remarks=(*trace.losses, *trace.doubts, *doubts(timeline, breakdown)),
            communications=PackedCommunications.of(timeline),
        )
    except UserError as error:
        is_a_trace = not isinstance(error, NotATraceError)
        return Unreadable(source, error.with_traceback(None), is_a_trace)
