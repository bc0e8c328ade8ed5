"""Collective kernels of one rank, and which of another rank's is the same one.

Clocks of different hosts cannot be compared, so instants do not tell. Where the file numbers the
collectives of a process group, the number does. Elsewhere the k-th of a name is the k-th of that
name on every rank, counted over the whole trace and only while nothing speaks against it: one
collective more in a file could have shifted all that follow, and what is early would seem late.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np

from annt_prof.analysis.timeline.intervals import NOWHERE
from annt_prof.analysis.timeline.launches import UNKNOWN_NS
from annt_prof.trace.columns import MISSING, Message

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from annt_prof.analysis.timeline.timeline import Timeline

# One end of these may rightly take longer than the other, and not every rank takes part.
_NOT_COLLECTIVE = re.compile(r"send|recv", re.IGNORECASE)


class Collective(NamedTuple):
    """One collective kernel.

    Attributes:
        step: Name of the step that launched it; None for one outside the steps.
        length_ns: How long it took on this rank.
        message: What it carried; None where the file does not tell.
    """

    step: str | None
    length_ns: int
    message: Message | None


class Pairs(msgspec.Struct, frozen=True):
    """Collectives of the steps, each with the same one of every other rank.

    Attributes:
        groups: One collective per rank, in the order of the ranks.
        unpaired: A sentence for each kernel name whose collectives could not be paired.
    """

    groups: tuple[tuple[Collective, ...], ...]
    unpaired: tuple[str, ...]


def collectives(timeline: Timeline) -> dict[str, list[Collective]]:
    """Return the collective kernels of a whole trace by name, in the order of their launches.

    A collective belongs to the step that launched it: on the device it may begin after that, or
    before a step that has yet to begin. One without a known launch belongs to where it began.

    Args:
        timeline: Of one rank.
    """
    trace, events, steps = timeline.trace, timeline.events, timeline.whole_steps
    chosen = _kernels(timeline)
    launched_ns = timeline.launch_times(chosen)
    at_ns = np.where(launched_ns == UNKNOWN_NS, events.start_ns[chosen], launched_ns)
    order = np.lexsort((events.start_ns[chosen], at_ns))
    by_name: dict[str, list[Collective]] = {}
    for kernel, step in zip(chosen[order], steps.step_at(at_ns[order]), strict=True):
        message = events.message[kernel]
        by_name.setdefault(trace.names[events.name[kernel]], []).append(
            Collective(
                step=None if step == NOWHERE else steps.names[step],
                length_ns=int(events.end_ns[kernel] - events.start_ns[kernel]),
                message=None if message == MISSING else trace.messages[message],
            )
        )
    return by_name


def _kernels(timeline: Timeline) -> NDArray[np.intp]:
    one_way = [bool(_NOT_COLLECTIVE.search(name)) for name in timeline.trace.names]
    collective: NDArray[np.bool_] = timeline.communicates & ~np.array(one_way, bool)
    return timeline.kernels[collective[timeline.events.name[timeline.kernels]]]


def pair(ranks: list[dict[str, list[Collective]]]) -> Pairs:
    """Pair the collectives of the steps over the ranks.

    Args:
        ranks: What ``collectives`` returns, of two ranks or more.
    """
    groups: list[tuple[Collective, ...]] = []
    unpaired: list[str] = []
    for name in sorted({name for rank in ranks for name in rank}):
        listed = [rank.get(name, []) for rank in ranks]
        if not any(collective.step for rank in listed for collective in rank):
            continue
        together = _by_number(listed)
        against = None if together is not None else _uneven(listed)
        if together is None:
            together = list(zip(*listed, strict=False))
        against = against or _contradiction(listed, together)
        if against is None:
            groups += [group for group in together if group[0].step is not None]
        else:
            unpaired.append(f"{name} could not be paired over the ranks, as {against}")
    return Pairs(tuple(groups), tuple(unpaired))


def _by_number(listed: list[list[Collective]]) -> list[tuple[Collective, ...]] | None:
    """Pair by group and sequence number; None where one has no number or shares another's."""
    numbered = [
        {
            (collective.message.group, collective.message.sequence): collective
            for collective in rank
            if collective.message is not None and collective.message.sequence is not None
        }
        for rank in listed
    ]
    if any(len(by_number) != len(rank) for by_number, rank in zip(numbered, listed, strict=True)):
        return None
    common = [key for key in numbered[0] if all(key in by_number for by_number in numbered)]
    return [tuple(by_number[key] for by_number in numbered) for key in common]


def _uneven(listed: list[list[Collective]]) -> str | None:
    """Return why counting does not tell which are the same, or None."""
    counts = sorted(map(len, listed))
    if counts[0] == counts[-1]:
        return None
    return f"one file holds {counts[0]} and another {counts[-1]}, and they bear no numbers"


def _contradiction(
    listed: list[list[Collective]], together: list[tuple[Collective, ...]]
) -> str | None:
    """Return what speaks against the pairs, or None."""
    if any(len({collective.step for collective in group}) > 1 for group in together):
        return "they belong to different steps on different ranks"
    if any(len({_content(collective) for collective in group}) > 1 for group in together):
        return "they carry different messages on different ranks"
    paired = sum(group[0].step is not None for group in together)
    if any(sum(collective.step is not None for collective in rank) != paired for rank in listed):
        return "not every rank has all of them"
    return None


def _content(collective: Collective) -> tuple[str | int | None, ...]:
    """Return what is alike on every rank; groups are named by each rank for itself."""
    told = collective.message
    if told is None:
        return ()
    return (told.collective, told.dtype, told.in_elements, told.out_elements)


def waiting_by_step(pairs: Pairs) -> dict[str, list[int]]:
    """Return how long each rank waited for the last one, in ns, by the step's name."""
    waits_by_step: dict[str, list[int]] = {}
    for group in pairs.groups:
        shortest = min(collective.length_ns for collective in group)
        waits = waits_by_step.setdefault(str(group[0].step), [0] * len(group))
        for place, collective in enumerate(group):
            waits[place] += collective.length_ns - shortest
    return waits_by_step
