"""Messages between two ranks: the ``send`` of one and the ``recv`` of the other.

Between two ranks of a group NCCL delivers messages in the order in which they were sent, so the
k-th sent is the k-th received. torch's numbers do not tell more: each rank numbers all its
messages of a group, whomever they are for, so that the two ends agree only in a group of two.
Source: ``seqP2P_`` in torch's ProcessGroupNCCL.cpp.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.analysis.ranks.collectives import is_point_to_point, shown_kernel
from annt_prof.analysis.ranks.pairing import Pairs, Together, Unpaired, in_steps, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.ranks.kernels import Communication
    from annt_prof.trace.columns import Message

_OF_TWO = 2

_UNTOLD = "the file does not tell what it carried: it has no Collective name"
_NO_PEER = "the file does not tell with whom: it has no Src Rank or Dst Rank"


class _Way(NamedTuple):
    """Messages from one rank to another in one process group."""

    source: int
    destination: int
    group_ranks: tuple[int, ...] | None


class _Ends(NamedTuple):
    """The two ends of a way, and the kernels that carry it."""

    sent: list[Communication]
    received: list[Communication]
    kernels: set[str]


def pair_messages(
    numbers: Sequence[int], kernels: Sequence[dict[str, list[Communication]]]
) -> Pairs:
    """Pair what the ranks send to one another in the steps.

    Args:
        numbers: Of the ranks.
        kernels: What ``communications`` returns of each.
    """
    place_of = {number: place for place, number in enumerate(numbers)}
    ways, unpaired = _ways(numbers, kernels)
    together: list[Together] = []
    for way, ends in sorted(ways.items(), key=lambda item: (item[0][:2], item[0][2] or ())):
        to_itself = way.source == way.destination
        if to_itself or not in_steps((ends.sent, ends.received)):
            continue
        shown = ", ".join(sorted(ends.kernels))
        among = f"rank {way.source} to {way.destination}"
        absent = next((rank for rank in way[:2] if rank not in place_of), None)
        if absent is not None:
            unpaired.append(Unpaired(shown, among, f"rank {absent} has no file here"))
            continue
        places = (place_of[way.source], place_of[way.destination])
        of_two = way.group_ranks is not None and len(way.group_ranks) == _OF_TWO
        paired = same((ends.sent, ends.received), places, numbered=of_two)
        together += paired.together
        if paired.against is not None:
            unpaired.append(Unpaired(shown, among, paired.against))
    return Pairs(tuple(together), tuple(unpaired))


def _ways(
    numbers: Sequence[int], kernels: Sequence[dict[str, list[Communication]]]
) -> tuple[dict[_Way, _Ends], list[Unpaired]]:
    """Sort the messages by where they go; the rest is of kernels that do not tell."""
    ways: dict[_Way, _Ends] = defaultdict(lambda: _Ends([], [], set()))
    untold: dict[Unpaired, None] = {}
    for number, by_name in zip(numbers, kernels, strict=True):
        for name, listed in by_name.items():
            for kernel in listed:
                message = kernel.message
                if not is_point_to_point(name, message):
                    continue
                if message is None or message.collective is None:
                    if kernel.step is not None:
                        untold[Unpaired(name, "", _UNTOLD)] = None
                    continue
                shown = shown_kernel(name, message.collective)
                peer = _peer(number, message)
                if peer is None:
                    if kernel.step is not None:
                        untold[Unpaired(shown, "", _NO_PEER)] = None
                elif message.collective == "send":
                    ends = ways[_Way(number, peer, message.group_ranks)]
                    ends.sent.append(kernel)
                    ends.kernels.add(name)
                else:
                    ends = ways[_Way(peer, number, message.group_ranks)]
                    ends.received.append(kernel)
                    ends.kernels.add(name)
    return ways, list(untold)


def _peer(number: int, message: Message) -> int | None:
    """Return the rank at the other end; in a group of two there is only one."""
    told = message.destination if message.collective == "send" else message.source
    group = message.group_ranks or ()
    if told is None and len(group) == _OF_TWO and number in group:
        return group[0] if group[1] == number else group[1]
    return told
