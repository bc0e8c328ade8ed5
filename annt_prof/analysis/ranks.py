"""The ranks of a distributed run side by side: who is late, and who waits for it."""

from __future__ import annotations

import functools
import itertools
import re
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof.analysis.accounting import account
from annt_prof.analysis.breakdown import EVERY_STEP, Breakdown
from annt_prof.analysis.completeness import whole_steps
from annt_prof.analysis.intervals import first_come
from annt_prof.analysis.kernels import kernel_class
from annt_prof.analysis.steps import find_steps
from annt_prof.categories import KernelClass
from annt_prof.errors import UserError
from annt_prof.trace.columns import Kind
from annt_prof.trace.reading import read
from annt_prof.trace.source import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.trace.columns import Trace
    from annt_prof.trace.source import Notify

_RANK_IN_NAME = re.compile(r"rank[-_.]?(\d+)", re.IGNORECASE)
# One end of these may rightly take longer than the other, and not every rank takes part.
_NOT_COLLECTIVE = re.compile(r"send|recv", re.IGNORECASE)


class Rank(msgspec.Struct, frozen=True):
    """One process of the run.

    Attributes:
        rank: Its number.
        source: Its file.
        breakdown: Of its steps.
        remarks: What of its file could not be read.
        num_collectives: Collective kernels that could be matched with every other rank's.
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
        straggler: The rank that waits least in collectives, so that the others wait for it; None
            where no collective could be matched or all wait alike.
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
    collectives_ns: dict[str, list[int]]


def compare_ranks(
    directory: Path,
    selection: slice = EVERY_STEP,
    max_bytes: int = DEFAULT_MAX_BYTES,
    notify: Callable[[Path, int, int], None] | None = None,
) -> Ranks:
    """Read one trace per rank, one after the other, and lay them side by side.

    The clocks of different hosts cannot be compared, so no instant of one rank is held against
    one of another. The k-th collective of a name within the steps is the same one on every rank;
    it ends together everywhere, so the rank on which it is shortest came last. What it took there
    is counted as transfer (an upper bound: the link may have been slow for all), and what it took
    longer elsewhere as waiting.

    Args:
        directory: Holds ``.json`` or ``.json.gz`` files and nothing else of these names.
        selection: Positions of the steps, counted from 0.
        max_bytes: Bound on each file's decompressed size.
        notify: Told every now and then how many bytes of which file have been read, and its size.

    Raises:
        UserError: There is no trace, two are of one rank, or one cannot be analysed.
    """
    found: list[_Read] = []
    for place, path in enumerate(_files(directory)):
        progress = None if notify is None else functools.partial(notify, path)
        found.append(_read(path, place, selection, max_bytes, progress))
    found.sort(key=lambda one: one.rank)
    for one, other in itertools.pairwise(found):
        if one.rank == other.rank:
            raise UserError(
                f"{one.source} and {other.source} are both of rank {one.rank}",
                where=str(directory),
                hint="one directory holds one run, with one file per rank",
            )
    return _compared(found)


def _files(directory: Path) -> list[Path]:
    found = sorted(p for p in directory.iterdir() if p.name.endswith((".json", ".json.gz")))
    if not found:
        raise UserError("no .json or .json.gz file here", where=str(directory))
    return found


def _read(
    path: Path, place: int, selection: slice, max_bytes: int, progress: Notify | None
) -> _Read:
    trace = read(path, max_bytes, progress)
    named = _RANK_IN_NAME.search(path.name)
    rank = trace.rank
    if rank is None:
        rank = int(named[1]) if named else place
    return _Read(
        rank=rank,
        source=path.name,
        breakdown=account(trace, selection),
        remarks=trace.losses,
        collectives_ns=_collectives(trace, selection),
    )


def _collectives(trace: Trace, selection: slice) -> dict[str, list[int]]:
    """Return the durations of collective kernels that began in the steps, in order, by name."""
    events = trace.events
    steps = whole_steps(trace, find_steps(trace))[0].chosen(selection)
    names = [
        kernel_class(name) is KernelClass.COMMUNICATION and not _NOT_COLLECTIVE.search(name)
        for name in trace.names
    ]
    chosen = np.flatnonzero(
        trace.names_where(names)
        & events.of_kind(Kind.KERNEL)
        & first_come(steps.start_ns, steps.end_ns).covers(events.start_ns)
    )
    chosen = chosen[np.argsort(events.start_ns[chosen], kind="stable")]
    result: dict[str, list[int]] = defaultdict(list)
    for one in chosen:
        result[trace.names[events.name[one]]].append(int(events.end_ns[one] - events.start_ns[one]))
    return dict(result)


def _compared(found: list[_Read]) -> Ranks:
    matched, unmatched = _matched(found)
    transfer_ns = sum(
        min(times)
        for name in matched
        for times in zip(*(one.collectives_ns[name] for one in found), strict=True)
    )
    ranks = tuple(
        Rank(
            rank=one.rank,
            source=one.source,
            breakdown=one.breakdown,
            remarks=one.remarks,
            num_collectives=sum(len(one.collectives_ns[name]) for name in matched),
            transfer_ns=transfer_ns,
            waiting_ns=sum(sum(one.collectives_ns[name]) for name in matched) - transfer_ns,
        )
        for one in found
    )
    return Ranks(ranks, _skews(found), _straggler(ranks), tuple(_remarks(found, unmatched)))


def _matched(found: list[_Read]) -> tuple[list[str], list[str]]:
    """Return the collectives that every rank ran equally often, and the others."""
    if len(found) < 2:
        return [], []
    names = sorted({name for one in found for name in one.collectives_ns})
    counts = {name: {len(one.collectives_ns.get(name, ())) for one in found} for name in names}
    matched = [name for name in names if len(counts[name]) == 1]
    return matched, [name for name in names if len(counts[name]) > 1]


def _skews(found: list[_Read]) -> tuple[Skew, ...]:
    walls = [{step.name: step.wall_ns for step in one.breakdown.steps} for one in found]
    common = [name for name in walls[0] if all(name in wall for wall in walls)]
    skews = []
    for name in common:
        wall_ns = tuple(wall[name] for wall in walls)
        skews.append(Skew(name, wall_ns, max(wall_ns) - min(wall_ns)))
    return tuple(skews)


def _straggler(ranks: tuple[Rank, ...]) -> int | None:
    waits = sorted(rank.waiting_ns for rank in ranks)
    if len(ranks) < 2 or not ranks[0].num_collectives or waits[0] == waits[1]:
        return None
    return min(ranks, key=lambda rank: rank.waiting_ns).rank


def _remarks(found: list[_Read], unmatched: list[str]) -> list[str]:
    remarks = [f"{one.source}: {loss}" for one in found for loss in one.remarks]
    if unmatched:
        remarks.append(
            f"{len(unmatched)} collectives did not run equally often on every rank and are not "
            "split into transfer and waiting"
        )
    if len(found) == 1:
        remarks.append("one rank alone: nothing to compare it with")
    return remarks
