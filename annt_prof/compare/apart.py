"""The ratio between figures of two runs, whose launches have no pairs.

What drifted from one run to the other is part of the ratio, and no interval tells of it: intervals
here are of what launches vary by while a run lasts.
"""

from __future__ import annotations

import math
from statistics import fmean, variance
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from annt_prof.compare.pairing import CONFIDENCE
from annt_prof.plan import LEAST_LAUNCHES

if TYPE_CHECKING:
    from collections.abc import Sequence


def log_ratio_apart(first: Sequence[float], second: Sequence[float]) -> tuple[float, float | None]:
    """Return log(second / first) and half of its two-sided 95 % interval, by Welch's t.

    Of the logarithms of the launches' figures, so that a ratio and its inverse are judged alike.
    The two groups may spread differently, and are independent.

    Args:
        first: The figure of each launch, positive, at least one.
        second: Likewise.

    Returns:
        The half-width is None with fewer than three launches on either side.

    Source: B. Welch, The Generalization of Student's Problem when Several Different Population
    Variances are Involved, Biometrika 34, 1947, with the degrees of freedom of F. Satterthwaite,
    Biometrics Bulletin 2(6), 1946.
    """
    logs = [[math.log(value) for value in figures] for figures in (first, second)]
    centre = fmean(logs[1]) - fmean(logs[0])
    if min(map(len, logs)) < LEAST_LAUNCHES:
        return centre, None
    errors = [variance(side) / len(side) for side in logs]  # squared
    total = sum(errors)
    if not total:
        return centre, 0.0
    freedom = total**2 / sum(e**2 / (len(s) - 1) for e, s in zip(errors, logs, strict=True))
    return centre, float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * math.sqrt(total)
