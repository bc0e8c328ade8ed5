"""Collectives over the ranks of their process group, by whichever kernels they are carried.

NCCL carries all-to-all, gather and scatter by the kernels that also carry ``send`` and ``recv``;
what the file tells of the message says which it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.analysis.ranks.pairing import Pairs, Same, Together, Unpaired, in_steps, same

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.ranks.kernels import Communication
    from annt_prof.trace.columns import Message

POINT_TO_POINT = frozenset({"send", "recv"})
"""Collective names of messages between two. Source: torch's ProcessGroupNCCL.cpp."""

# Of kernels that carry messages between two as well as collectives.
_ONE_WAY = re.compile(r"send|recv", re.IGNORECASE)

_MOST_RANKS_NAMED = 8


class _Kind(NamedTuple):
    """What is counted together.

    Attributes:
        kernel: Its name.
        collective: None where the file does not tell.
        group_ranks: Ranks of the process group; None where the file does not tell.
    """

    kernel: str
    collective: str | None
    group_ranks: tuple[int, ...] | None


def is_point_to_point(kernel: str, message: Message | None) -> bool:
    """Tell a message between two ranks from a collective.

    Args:
        kernel: Its name, which counts where the file does not tell what it carried.
        message: What it carried.
    """
    if message is None or message.collective is None:
        return _ONE_WAY.search(kernel) is not None
    return message.collective in POINT_TO_POINT


def shown_kernel(kernel: str, collective: str | None) -> str:
    """Return a kernel's name for a reader, with what it carried where the name does not tell."""
    return kernel if collective is None else f"{kernel} ({collective})"


def pair_collectives(
    numbers: Sequence[int], kernels: Sequence[dict[str, list[Communication]]]
) -> Pairs:
    """Pair the collectives of the steps, each over the ranks of its process group.

    A group whose ranks the file does not tell is taken to be of all ranks. Where the numbers or the
    steps contradict, groups are told by their names, which torch makes the same on all ranks.

    Args:
        numbers: Of the ranks.
        kernels: What ``communications`` returns of each.
    """
    together: list[Together] = []
    unpaired: list[Unpaired] = []
    for kind, by_place in sorted(_by_kind(kernels).items(), key=_in_order):
        alone = kind.group_ranks is not None and len(kind.group_ranks) == 1
        if alone or not in_steps(by_place.values()):
            continue
        places = _places(kind.group_ranks, numbers, by_place)
        shown = shown_kernel(kind.kernel, kind.collective)
        among = _among(kind.group_ranks, numbers)
        if len(places) == 1:
            unpaired.append(Unpaired(shown, among, "no other rank of its group has a file here"))
            continue
        paired = same([by_place.get(place, []) for place in places], places)
        if paired.against is not None and kind.group_ranks is None:
            paired = _by_group_name(by_place) or paired
        together += paired.together
        if paired.against is not None:
            unpaired.append(Unpaired(shown, among, paired.against))
    return Pairs(tuple(together), tuple(unpaired))


def _by_kind(
    kernels: Sequence[dict[str, list[Communication]]],
) -> dict[_Kind, dict[int, list[Communication]]]:
    by_kind: dict[_Kind, dict[int, list[Communication]]] = defaultdict(dict)
    for place, by_name in enumerate(kernels):
        for name, listed in by_name.items():
            for kernel in listed:
                message = kernel.message
                if is_point_to_point(name, message):
                    continue
                told = (message.collective, message.group_ranks) if message else (None, None)
                by_kind[_Kind(name, *told)].setdefault(place, []).append(kernel)
    return by_kind


def _by_group_name(by_place: dict[int, list[Communication]]) -> Same | None:
    """Pair by the names of groups whose ranks are not told; None where that contradicts too.

    torch cuts the list of more than 30 ranks. Who of a group has no such kernel is not seen, so
    that the ranks are those that have.
    """
    by_group: dict[str | None, dict[int, list[Communication]]] = defaultdict(dict)
    for place, kernels in by_place.items():
        for kernel in kernels:
            group = kernel.message.group if kernel.message else None
            by_group[group].setdefault(place, []).append(kernel)
    of_one_rank = any(len(of_group) == 1 for of_group in by_group.values())
    if None in by_group or len(by_group) == 1 or of_one_rank:
        return None
    parts = [same(list(of_group.values()), tuple(of_group)) for of_group in by_group.values()]
    if any(part.against is not None for part in parts):
        return None
    return Same([communication for part in parts for communication in part.together])


def _in_order(item: tuple[_Kind, object]) -> tuple[str, str, tuple[int, ...]]:
    kind = item[0]
    return (kind.kernel, kind.collective or "", kind.group_ranks or ())


def _places(
    group_ranks: tuple[int, ...] | None,
    numbers: Sequence[int],
    by_place: dict[int, list[Communication]],
) -> tuple[int, ...]:
    """Return where the ranks of a group stand, as far as they have a file here."""
    if group_ranks is None:
        return tuple(range(len(numbers)))
    members = set(group_ranks)
    return tuple(
        place for place, number in enumerate(numbers) if number in members or place in by_place
    )


def _among(group_ranks: tuple[int, ...] | None, numbers: Sequence[int]) -> str:
    """Return a group's ranks for a reader; nothing for a group of all."""
    if group_ranks is None or set(group_ranks) == set(numbers):
        return ""
    named = ", ".join(map(str, group_ranks[:_MOST_RANKS_NAMED]))
    more = len(group_ranks) - _MOST_RANKS_NAMED
    return f"ranks {named}" if more <= 0 else f"ranks {named} and {more} more"
