"""How many more launches an interval needs to become narrow enough."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import stdtrit

from annt_prof.compare.pairing import CONFIDENCE, degrees_of_freedom
from annt_prof.plan import LEAST_LAUNCHES

if TYPE_CHECKING:
    from annt_prof.runs.record import Speedup

MOST_LAUNCHES = 1_000
"""Launches beyond which no estimate is told: no run holds as many."""


def launches_to_go(speedup: Speedup, precision: float, *, trims: bool) -> int | None:
    """Return about how many more launches narrow an interval to the precision that is wanted.

    The interval of n launches is t(n - 1) s / sqrt(n) wide on either side of the logarithm. The
    spread s is told back from the interval that there is, and n is raised until that is narrow.
    From few launches the spread is known badly, so that the estimate is often off by half of it.

    Args:
        speedup: So far.
        precision: Half-width, a fraction, up to which its interval is narrow enough.
        trims: Whether intervals from ten launches on are of the middle three fifths of them.

    Returns:
        0 where it is narrow already; None with fewer than three launches, which tell no spread,
        and where more than ``MOST_LAUNCHES`` would be needed.

    Source: NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.2.2 (sample sizes required), with
    Student's t for the number that is asked for.
    """
    n = speedup.launches
    if n < LEAST_LAUNCHES or speedup.low is None or speedup.high is None:
        return None
    half = math.log(speedup.high / speedup.low) / 2
    spread = half * math.sqrt(n) / _t(n, trims=trims)
    wanted = math.log1p(precision)
    if half <= wanted:
        return 0
    for more in range(1, MOST_LAUNCHES - n + 1):
        if _t(n + more, trims=trims) * spread / math.sqrt(n + more) <= wanted:
            return more
    return None


def _t(launches: int, *, trims: bool) -> float:
    freedom = degrees_of_freedom(launches, trims=trims)
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2))
