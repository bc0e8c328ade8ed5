"""Whole numbers in place of shares, so that what is printed still adds up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

_Part = TypeVar("_Part", bound=str)


def whole_numbers(shares: Mapping[_Part, float | Fraction], total: int) -> dict[_Part, int]:
    """Round shares so that they sum to a whole total.

    Each share is rounded down, and what is left goes to the largest remainders, the earlier of
    two equal ones first. So none moves by more than 1.

    Args:
        shares: In the unit of the total; of either sign. Fractions are rounded exactly.
        total: What they come to, rounded.

    Raises:
        ValueError: They come to something else, which rounding does not make up for.

    Source: the largest remainder method (Hamilton's) of apportionment.
    """
    come_to = sum(shares.values())
    if abs(total - come_to) >= 1:
        raise ValueError(f"shares that come to {float(come_to)} cannot sum to {total}")
    parts = {part: math.floor(share) for part, share in shares.items()}
    left = total - sum(parts.values())
    by_remainder = sorted(shares, key=lambda part: parts[part] - shares[part])
    for part in by_remainder[:left]:
        parts[part] += 1
    return parts
