"""A ratio and its 95 % interval from the logarithms of paired ratios; nothing of annt-prof's."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from scipy.special import stdtrit

if TYPE_CHECKING:
    from collections.abc import Sequence

_UPPER = 0.975


def interval(logs: Sequence[float]) -> tuple[float, float, float]:
    """Return the geometric mean with Student's t-interval; two logarithms at least."""
    centre, count = fmean(logs), len(logs)
    half = float(stdtrit(count - 1, _UPPER)) * stdev(logs) / math.sqrt(count)
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)
