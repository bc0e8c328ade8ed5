"""Percentiles of durations and counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def percentiles(values: NDArray[np.int64], *percents: int) -> list[int]:
    """Return percentiles, linear between ranks, each rounded to a whole number.

    They are those of ``numpy.percentile``, which takes a tenth of a millisecond for each array
    and loads numpy's masked arrays: too much where every kernel's name asks.

    Args:
        values: Shape (n,), at least one.
        percents: From 0 to 100.
    """
    ascending = np.sort(values)
    return [_percentile(ascending, percent) for percent in percents]


def most_within(values: NDArray[np.int64], percent: int) -> int:
    """Return the least of the values that as many of them, or more, do not exceed.

    Args:
        values: Shape (n,), at least one.
        percent: Of the values; above 0 and up to 100.
    """
    return int(np.sort(values)[math.ceil(len(values) * percent / 100) - 1])


def _percentile(ascending: NDArray[np.int64], percent: int) -> int:
    rank = (len(ascending) - 1) * (percent / 100)
    below = math.floor(rank)
    low, high = (int(ns) for ns in ascending[[below, min(below + 1, len(ascending) - 1)]])
    share = rank - below
    # From the nearer rank, as numpy does, so that equal neighbours give their own value.
    return round(low + (high - low) * share if share < 0.5 else high - (high - low) * (1 - share))
