"""Who waits for whom: the ranks that communicate with one another, and the late one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.analysis.ranks.pairing import Together

LEAST_LATENESS = 0.01
"""Share of the step that the others must each wait longer for a rank to be called late. It is a
choice: as much of a step as the breakdown may leave unattributed."""


class Partners(msgspec.Struct, frozen=True):
    """Ranks that communicate with one another, and how long each waited for the last of them.

    Attributes:
        ranks: Their numbers: of a process group in collectives, or of two that send and receive.
        point_to_point: Whether they send and receive.
        num_communications: Of the steps, each counted once.
        transfer_ns: Time in these that the fastest rank needed too, summed.
        waiting_ns: The rest of it on each rank, spent until the last one was there.
        late: The rank that the others wait for, or the fewest ranks that come late together, half
            of all at most: in every step they wait less than each other one, which waits longer by
            ``LEAST_LATENESS`` of the step or more, on average. Empty without such ranks.
    """

    ranks: tuple[int, ...]
    point_to_point: bool
    num_communications: int
    transfer_ns: int
    waiting_ns: tuple[int, ...]
    late: tuple[int, ...]


def partners(
    together: Sequence[Together],
    numbers: Sequence[int],
    step_ns: Sequence[int],
    *,
    point_to_point: bool,
) -> tuple[Partners, ...]:
    """Return the ranks that communicate with one another, the largest sets first.

    Args:
        together: What was paired.
        numbers: Of the ranks.
        step_ns: Mean step of each.
        point_to_point: Whether these are messages between two; both directions count together.
    """
    by_places: dict[tuple[int, ...], list[Together]] = {}
    for communication in together:
        by_places.setdefault(tuple(sorted(communication.places)), []).append(communication)
    return tuple(
        _partners(places, by_places[places], numbers, step_ns, point_to_point)
        for places in sorted(by_places, key=lambda places: (-len(places), places))
    )


def _partners(
    places: tuple[int, ...],
    together: list[Together],
    numbers: Sequence[int],
    step_ns: Sequence[int],
    point_to_point: bool,
) -> Partners:
    by_step = _waiting_by_step(places, together)
    late = _late(by_step, max(step_ns[place] for place in places))
    return Partners(
        ranks=tuple(numbers[place] for place in places),
        point_to_point=point_to_point,
        num_communications=len(together),
        transfer_ns=sum(min(communication.lengths_ns) for communication in together),
        waiting_ns=tuple(sum(waits) for waits in zip(*by_step, strict=True)),
        late=tuple(numbers[places[index]] for index in late),
    )


def _waiting_by_step(places: tuple[int, ...], together: list[Together]) -> list[list[int]]:
    """Return how long each rank waited for the last one in each step, in ns."""
    at = {place: index for index, place in enumerate(places)}
    by_step: dict[str, list[int]] = {}
    for communication in together:
        shortest_ns = min(communication.lengths_ns)
        waits = by_step.setdefault(communication.step, [0] * len(places))
        for place, length_ns in zip(communication.places, communication.lengths_ns, strict=True):
            waits[at[place]] += length_ns - shortest_ns
    return list(by_step.values())


def _late(by_step: list[list[int]], longest_step_ns: int) -> list[int]:
    """Return who is late throughout; once may be chance, and a little is noise."""
    total = [sum(waits) for waits in zip(*by_step, strict=True)]
    ordered = sorted(range(len(total)), key=total.__getitem__)
    enough_ns = LEAST_LATENESS * longest_step_ns * len(by_step)
    for num_late in range(1, len(total) // 2 + 1):
        late, others = ordered[:num_late], ordered[num_late:]
        visible = total[others[0]] - total[late[-1]] >= enough_ns
        if visible and all(_apart(waits, late, others) for waits in by_step):
            return sorted(late)
    return []


def _apart(waits: list[int], late: list[int], others: list[int]) -> bool:
    """Tell whether each of the late ranks waited less than each other one."""
    return max(waits[index] for index in late) < min(waits[index] for index in others)
