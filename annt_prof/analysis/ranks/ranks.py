"""The ranks of a distributed run side by side: who is late, and who waits for it."""

from __future__ import annotations

import functools
import itertools
import re
from typing import TYPE_CHECKING

import msgspec

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.analysis.ranks.collectives import (
    Collective,
    Pairs,
    collectives,
    pair,
    waiting_by_step,
)
from annt_prof.analysis.timeline.steps import EVERY_STEP
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.errors import UserError
from annt_prof.trace.foreign import NotATraceError
from annt_prof.trace.reading import read
from annt_prof.trace.source import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.trace.source import Notify

_RANK_IN_NAME = re.compile(r"rank[-_.]?(\d+)", re.IGNORECASE)
LEAST_LATENESS = 0.01
"""Share of the step that each other rank must wait longer for a rank to be called late. It is a
choice: as much of a step as the breakdown may leave unattributed."""


class Rank(msgspec.Struct, frozen=True):
    """One process of the run.

    Attributes:
        rank: Its number.
        source: Its file.
        breakdown: Of its steps.
        remarks: What of its file could not be read.
        num_collectives: Collective kernels that could be paired with every other rank's.
        transfer_ns: Time in these that the fastest rank needed too, summed.
        waiting_ns: The rest of it, spent until the last rank arrived.
    """

    rank: int
    source: str
    breakdown: Breakdown
    remarks: tuple[str, ...]
    num_collectives: int
    transfer_ns: int
    waiting_ns: int


class Skew(msgspec.Struct, frozen=True):
    """One step over the ranks.

    Attributes:
        step: Its name.
        wall_ns: In the order of the ranks.
        skew_ns: Between the longest and the shortest.
    """

    step: str
    wall_ns: tuple[int, ...]
    skew_ns: int


class Ranks(msgspec.Struct, frozen=True):
    """All ranks of a run.

    Attributes:
        ranks: In the order of their numbers.
        skews: Steps that every rank has, by name.
        straggler: The rank that the others wait for in collectives: in every step it waits least,
            and each other rank waits longer by ``LEAST_LATENESS`` of the step or more, on
            average. None where there is no such rank, or nothing could be paired.
        remarks: What to know before believing a figure.
    """

    ranks: tuple[Rank, ...]
    skews: tuple[Skew, ...]
    straggler: int | None
    remarks: tuple[str, ...]


class _Read(msgspec.Struct, frozen=True):
    """What is kept of a rank's trace once it is read."""

    rank: int
    source: str
    breakdown: Breakdown
    remarks: tuple[str, ...]
    collectives: dict[str, list[Collective]]


def compare_ranks(
    directory: Path,
    selection: slice = EVERY_STEP,
    max_bytes: int = DEFAULT_MAX_BYTES,
    notify: Callable[[Path, int, int], None] | None = None,
    accelerator: bool | None = None,
) -> Ranks:
    """Read one trace per rank, one after the other, and lay them side by side.

    The clocks of different hosts cannot be compared, so no instant of one rank is held against
    one of another; ``collectives`` says how those of one rank are paired with another's. A
    collective ends together everywhere, so the rank on which it is shortest came last. What it
    took there is counted as transfer (an upper bound: the link may have been slow for all), and
    what it took longer elsewhere as waiting.

    Args:
        directory: Holds ``.json`` or ``.json.gz`` files. Those that are JSON and no trace are
            skipped, and told.
        selection: Positions of the steps, counted from 0.
        max_bytes: Bound on each file's decompressed size.
        notify: Told every now and then how many bytes of which file have been read, and its size.
        accelerator: Whether the program used one; None where only the traces can tell.

    Raises:
        UserError: There is no trace, two are of one rank, or one cannot be analysed.
    """
    traces: list[_Read] = []
    skipped: list[str] = []
    for path in _files(directory):
        progress = None if notify is None else functools.partial(notify, path)
        try:
            traces.append(_read(path, len(traces), selection, max_bytes, progress, accelerator))
        except NotATraceError as error:
            skipped.append(f"{path.name} is skipped: {error.message}")
    if not traces:
        raise UserError(f"no file here holds a trace: {'; '.join(skipped)}", where=str(directory))
    traces.sort(key=lambda trace: trace.rank)
    for previous, following in itertools.pairwise(traces):
        if previous.rank == following.rank:
            raise UserError(
                f"{previous.source} and {following.source} are both of rank {previous.rank}",
                where=str(directory),
                hint="one directory holds one run, with one file per rank",
            )
    return _compared(traces, skipped)


def _files(directory: Path) -> list[Path]:
    files = sorted(p for p in directory.iterdir() if p.name.endswith((".json", ".json.gz")))
    if not files:
        raise UserError("no .json or .json.gz file here", where=str(directory))
    return files


def _read(
    path: Path,
    place: int,
    selection: slice,
    max_bytes: int,
    progress: Notify | None,
    accelerator: bool | None,
) -> _Read:
    trace = read(path, max_bytes, progress)
    timeline = Timeline(trace, selection, accelerator)
    named = _RANK_IN_NAME.search(path.name)
    rank = trace.rank
    if rank is None:
        rank = int(named[1]) if named else place
    return _Read(
        rank=rank,
        source=path.name,
        breakdown=break_down(timeline),
        remarks=trace.losses + trace.doubts,
        collectives=collectives(timeline),
    )


def _compared(traces: list[_Read], skipped: list[str]) -> Ranks:
    pairs = pair([trace.collectives for trace in traces]) if len(traces) > 1 else Pairs((), ())
    transfer_ns = sum(min(collective.length_ns for collective in group) for group in pairs.groups)
    waiting = waiting_by_step(pairs)
    ranks = tuple(
        Rank(
            rank=trace.rank,
            source=trace.source,
            breakdown=trace.breakdown,
            remarks=trace.remarks,
            num_collectives=len(pairs.groups),
            transfer_ns=transfer_ns,
            waiting_ns=sum(waits[place] for waits in waiting.values()),
        )
        for place, trace in enumerate(traces)
    )
    remarks = (*skipped, *_remarks(traces, pairs.unpaired))
    return Ranks(ranks, _skews(traces), _straggler(ranks, waiting), remarks)


def _skews(traces: list[_Read]) -> tuple[Skew, ...]:
    walls = [{step.name: step.wall_ns for step in trace.breakdown.steps} for trace in traces]
    common = [name for name in walls[0] if all(name in wall for wall in walls)]
    skews = []
    for name in common:
        wall_ns = tuple(wall[name] for wall in walls)
        skews.append(Skew(name, wall_ns, max(wall_ns) - min(wall_ns)))
    return tuple(skews)


def _straggler(ranks: tuple[Rank, ...], waiting: dict[str, list[int]]) -> int | None:
    """Return the rank that is late throughout; once may be chance, and a little is noise."""
    if not waiting:
        return None
    total = [sum(waits) for waits in zip(*waiting.values(), strict=True)]
    latest = total.index(min(total))
    others = [place for place in range(len(ranks)) if place != latest]
    longest_step_ns = max(rank.breakdown.mean.step_ns for rank in ranks)
    enough_ns = LEAST_LATENESS * longest_step_ns * len(waiting)
    visible = all(total[place] - total[latest] >= enough_ns for place in others)
    always = all(waits[latest] < waits[place] for waits in waiting.values() for place in others)
    return ranks[latest].rank if visible and always else None


def _remarks(traces: list[_Read], unpaired: tuple[str, ...]) -> list[str]:
    remarks = [f"{trace.source}: {loss}" for trace in traces for loss in trace.remarks]
    remarks += [
        f"{reason}: its collectives are not split into transfer and waiting" for reason in unpaired
    ]
    if len(traces) == 1:
        remarks.append("one rank alone: nothing to compare it with")
    return remarks
