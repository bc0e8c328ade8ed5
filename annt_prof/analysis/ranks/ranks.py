"""The ranks of a distributed run side by side: who is late, and who waits for it."""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING

import msgspec

from annt_prof.analysis.breakdown.breakdown import Breakdown
from annt_prof.analysis.ranks.collectives import pair_collectives
from annt_prof.analysis.ranks.mapping import summaries
from annt_prof.analysis.ranks.pairing import Pairs, Unpaired
from annt_prof.analysis.ranks.point_to_point import pair_messages
from annt_prof.analysis.ranks.summary import RankSummary, Unreadable
from annt_prof.analysis.ranks.waiting import Partners, partners
from annt_prof.analysis.timeline.steps import EVERY_STEP
from annt_prof.errors import UserError
from annt_prof.trace.source import DEFAULT_MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Executor

    from annt_prof.trace.remote import TraceFile


class Rank(msgspec.Struct, frozen=True):
    """One process of the run.

    Attributes:
        rank: Its number.
        source: Its file.
        breakdown: Of its steps.
        remarks: What of its file could not be read.
        num_collectives: Collective kernels that could be paired with those of the other ranks of
            their process group.
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
        straggler: The rank that alone is late (``Partners.late``) in the collectives of all ranks.
            None where there is no such rank, or nothing could be paired.
        remarks: What to know before believing a figure.
        partners: Who communicates with whom in the steps: process groups, the largest first, then
            pairs that send and receive.
        late: The straggler, or those that are late together.
        unpaired: A sentence for each kind of communication that could not be paired; in
            ``remarks`` as well.
    """

    ranks: tuple[Rank, ...]
    skews: tuple[Skew, ...]
    straggler: int | None
    remarks: tuple[str, ...]
    partners: tuple[Partners, ...] = ()
    late: tuple[int, ...] = ()
    unpaired: tuple[str, ...] = ()


def compare_ranks(
    traces: Iterable[TraceFile],
    selection: slice = EVERY_STEP,
    max_bytes: int = DEFAULT_MAX_BYTES,
    notify: Callable[[TraceFile, int, int], None] | None = None,
    accelerator: bool | None = None,
    executor: Executor | None = None,
) -> Ranks:
    """Read one trace per rank and lay them side by side.

    The clocks of different hosts cannot be compared, so no instant of one rank is held against
    one of another; ``pairing`` says how the kernels of one rank are paired with another's. A
    collective ends together everywhere, so the rank on which it is shortest came last. What it
    took there is counted as transfer (an upper bound: the link may have been slow for all), and
    what it took longer elsewhere as waiting.

    Args:
        traces: Files. Those that are no trace, or cannot be analysed, are left out, and told.
        selection: Positions of the steps, counted from 0.
        max_bytes: Bound on each file's decompressed size.
        notify: Told every now and then how many bytes of which file have been read, and its size;
            with an executor, which file was done, how many are, and out of how many.
        accelerator: Whether the program used one; None where only the traces can tell.
        executor: Reads files beside one another; without one they are read in turn, here. The
            result is the same. Memory holds a ``RankSummary`` for each, and the traces that are
            being read.

    Raises:
        UserError: There is no trace that can be analysed, or two are of one rank.
    """
    paths = list(traces)
    read = summaries(paths, selection, max_bytes, accelerator, notify, executor)
    return compare(read, folder_of(paths))


def folder_of(paths: Sequence[TraceFile]) -> str | None:
    """Return where the ranks' files are, for messages."""
    return os.path.dirname(str(paths[0])) if paths else None  # noqa: PTH120 - it may be a URL


def compare(read: Iterable[RankSummary | Unreadable], where: str | None = None) -> Ranks:
    """Lay the ranks side by side.

    Args:
        read: What was read of each file, in an order that does not depend on chance: ranks whose
            files do not tell their numbers are numbered by it.
        where: Their folder, for messages.

    Raises:
        UserError: There is no rank, or two are the same.
    """
    traces: list[RankSummary] = []
    left_out: list[Unreadable] = []
    for file in read:
        if isinstance(file, Unreadable):
            left_out.append(file)
        else:
            rank = len(traces) if file.rank is None else file.rank
            traces.append(msgspec.structs.replace(file, rank=rank))
    if not traces:
        if len(left_out) == 1 and left_out[0].is_a_trace:
            raise left_out[0].error
        reasons = "; ".join(map(_left_out, left_out))
        raise UserError(f"no file here holds a trace: {reasons}", where=where)
    traces.sort(key=_number)
    for previous, following in itertools.pairwise(traces):
        if previous.rank == following.rank:
            raise UserError(
                f"{previous.source} and {following.source} are both of rank {previous.rank}",
                where=where,
                hint="one directory holds one run, with one file per rank",
            )
    return _compared(traces, left_out)


def _number(trace: RankSummary) -> int:
    return trace.rank or 0


def _left_out(file: Unreadable) -> str:
    verb = "is left out" if file.is_a_trace else "is skipped"
    return f"{file.source} {verb}: {file.error.message}"


def _compared(traces: list[RankSummary], left_out: list[Unreadable]) -> Ranks:
    numbers = [_number(trace) for trace in traces]
    kernels = [trace.communications.unpacked() for trace in traces]
    step_ns = [trace.breakdown.mean.step_ns for trace in traces]
    nothing = Pairs((), ())
    collectives = pair_collectives(numbers, kernels) if len(traces) > 1 else nothing
    messages = pair_messages(numbers, kernels) if len(traces) > 1 else nothing
    groups = partners(collectives.together, numbers, step_ns, point_to_point=False)
    pairs = partners(messages.together, numbers, step_ns, point_to_point=True)
    late = next((group.late for group in groups if len(group.ranks) == len(traces)), ())
    unpaired = tuple(_sentences((*collectives.unpaired, *messages.unpaired)))
    return Ranks(
        ranks=tuple(
            _rank(trace, number, groups) for number, trace in zip(numbers, traces, strict=True)
        ),
        skews=_skews(traces),
        straggler=late[0] if len(late) == 1 else None,
        remarks=tuple(_remarks(traces, left_out, unpaired)),
        partners=groups + pairs,
        late=late,
        unpaired=unpaired,
    )


def _rank(trace: RankSummary, number: int, groups: Sequence[Partners]) -> Rank:
    own = [group for group in groups if number in group.ranks]
    return Rank(
        rank=number,
        source=trace.source,
        breakdown=trace.breakdown,
        remarks=trace.remarks,
        num_collectives=sum(group.num_communications for group in own),
        transfer_ns=sum(group.transfer_ns for group in own),
        waiting_ns=sum(group.waiting_ns[group.ranks.index(number)] for group in own),
    )


def _skews(traces: list[RankSummary]) -> tuple[Skew, ...]:
    walls = [{step.name: step.wall_ns for step in trace.breakdown.steps} for trace in traces]
    common = [name for name in walls[0] if all(name in wall for wall in walls)]
    skews = []
    for name in common:
        wall_ns = tuple(wall[name] for wall in walls)
        skews.append(Skew(name, wall_ns, max(wall_ns) - min(wall_ns)))
    return tuple(skews)


def _sentences(unpaired: Sequence[Unpaired]) -> list[str]:
    """Return one sentence for what is alike in many groups."""
    among: dict[tuple[str, str], list[str]] = {}
    for kind in unpaired:
        among.setdefault((kind.kind, kind.why), []).append(kind.among)
    sentences = []
    for (shown, why), groups in among.items():
        named = f" of {groups[0]}" if groups[0] else ""
        more = f" (and {len(groups) - 1} more)" if len(groups) > 1 else ""
        sentences.append(f"{shown}{named}{more} could not be paired over the ranks, as {why}")
    return sentences


def _remarks(
    traces: list[RankSummary], left_out: list[Unreadable], unpaired: Sequence[str]
) -> list[str]:
    remarks = [_left_out(file) for file in left_out]
    remarks += [f"{trace.source}: {loss}" for trace in traces for loss in trace.remarks]
    remarks += [f"{reason}: it is not split into transfer and waiting" for reason in unpaired]
    if len(traces) == 1:
        remarks.append("one rank alone: nothing to compare it with")
        return remarks
    world_size = max((trace.world_size or 0 for trace in traces), default=0)
    if world_size > len(traces):
        remarks.append(
            f"{len(traces)} of the run's {world_size} ranks are here: a rank that is late is the "
            "last of these, and may itself wait for one that is not"
        )
    return remarks
