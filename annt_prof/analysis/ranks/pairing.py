"""Which kernel of another rank is the same communication.

Clocks of different hosts cannot be compared, so instants do not tell. Where the file numbers the
collectives of a process group, the number does. Elsewhere the k-th of a kind is the k-th of that
kind on every rank, counted over the whole trace and only while nothing speaks against it: one
more in a file could have shifted all that follow, and what is early would seem late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from annt_prof.analysis.ranks.kernels import Communication

# Ranks may rightly send and receive different amounts in these. Source: torch's
# ProcessGroupNCCL.cpp, which records them under these names.
_UNEVEN = frozenset({"all_to_all", "all_to_allv", "all_gather", "reduce_scatter"})


class Together(NamedTuple):
    """One communication of a step on all ranks that took part in it.

    Attributes:
        step: Its name.
        places: Of these ranks, in the order of all.
        lengths_ns: How long it took on each.
    """

    step: str
    places: tuple[int, ...]
    lengths_ns: tuple[int, ...]


class Unpaired(NamedTuple):
    """Communications of one kind that could not be paired.

    Attributes:
        kind: What they are, for a reader.
        among: Which ranks, for a reader; empty for all.
        why: Continues "could not be paired over the ranks, as".
    """

    kind: str
    among: str
    why: str


class Pairs(NamedTuple):
    """What could be paired, and why the rest could not."""

    together: tuple[Together, ...]
    unpaired: tuple[Unpaired, ...]


class Same(NamedTuple):
    """The same communications on several ranks.

    Attributes:
        together: Of the steps.
        against: Why they could not be told, and ``together`` is empty; None where they could.
    """

    together: list[Together]
    against: str | None = None


def same(
    listed: Sequence[Sequence[Communication]], places: tuple[int, ...], *, numbered: bool = True
) -> Same:
    """Tell which communications of one kind are the same.

    Args:
        listed: Those of each rank that takes part, in the order of their launches.
        places: Of these ranks.
        numbered: Whether sequence numbers count the same things on all of them.
    """
    by_number = _by_number(listed) if numbered else None
    against = None if by_number is not None else _uneven(listed)
    groups = list(zip(*listed, strict=False)) if by_number is None else by_number
    against = against or _contradiction(listed, groups)
    if against is not None:
        return Same([], against)
    return Same(
        [
            Together(group[0].step, places, tuple(kernel.length_ns for kernel in group))
            for group in groups
            if group[0].step is not None
        ]
    )


def in_steps(listed: Iterable[Iterable[Communication]]) -> bool:
    """Tell whether a step has any of them."""
    return any(kernel.step is not None for rank in listed for kernel in rank)


def _by_number(
    listed: Sequence[Sequence[Communication]],
) -> list[tuple[Communication, ...]] | None:
    """Pair by group and sequence number; None where one has no number or shares another's."""
    numbered = [
        {
            (kernel.message.group, kernel.message.sequence): kernel
            for kernel in rank
            if kernel.message is not None and kernel.message.sequence is not None
        }
        for rank in listed
    ]
    if any(len(by_number) != len(rank) for by_number, rank in zip(numbered, listed, strict=True)):
        return None
    common = [key for key in numbered[0] if all(key in by_number for by_number in numbered)]
    return [tuple(by_number[key] for by_number in numbered) for key in common]


def _uneven(listed: Sequence[Sequence[Communication]]) -> str | None:
    """Return why counting does not tell which are the same, or None."""
    counts = sorted(map(len, listed))
    if counts[0] == counts[-1]:
        return None
    return f"one file holds {counts[0]} and another {counts[-1]}, and they bear no numbers"


def _contradiction(
    listed: Sequence[Sequence[Communication]], groups: list[tuple[Communication, ...]]
) -> str | None:
    """Return what speaks against the pairs, or None."""
    if any(len({kernel.step for kernel in group}) > 1 for group in groups):
        return "they belong to different steps on different ranks"
    if any(len({_content(kernel) for kernel in group}) > 1 for group in groups):
        return "they carry different messages on different ranks"
    paired = sum(group[0].step is not None for group in groups)
    if any(sum(kernel.step is not None for kernel in rank) != paired for rank in listed):
        return "not every rank has all of them"
    return None


def _content(kernel: Communication) -> tuple[str | int | None, ...]:
    """Return what is alike on every rank; groups are named by each rank for itself."""
    told = kernel.message
    if told is None:
        return ()
    if told.collective in _UNEVEN:
        return (told.dtype,)
    return (told.dtype, told.in_elements, told.out_elements)
