"""A speedup in words: what the interval allows one to say, and no more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple

from annt_prof import units
from annt_prof.plan import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.runs.record import Speedup, VariantRecord

Finding = Literal["faster", "slower", "no_measurable_effect", "inconclusive", "no_interval"]

DEFAULT_PRECISION = 0.02
"""Half-width, a fraction, up to which an interval is always narrow enough to show nothing."""

SAME_CODE = 0.01
"""How much two processes that run the same code may differ for as long as they live.

Memory layout, page placement and the like are drawn once per process, so no number of rounds
averages them out: of intervals of a baseline against itself one in five left out 1, where one in
twenty should, by up to 0.6 % (benchmarks/README.md). Source: T. Mytkowicz et al.,
Producing Wrong Data Without Doing Anything Obviously Wrong, ASPLOS 2009.
"""


class Verdict(NamedTuple):
    """What one speedup shows.

    Attributes:
        text: A phrase for people, with the ratio, its interval and the rounds.
    """

    finding: Finding
    text: str


def same_code(variants: Iterable[VariantRecord]) -> float:
    """Return how much processes of the same code may differ by in a run, as a fraction.

    Where the baseline was measured twice, it is at least what the second one differs by.
    """
    again = (v.speedup for v in variants if v.name == AGAIN and v.speedup is not None)
    return max([SAME_CODE, *(abs(speedup.ratio - 1) for speedup in again)])


def verdict(
    speedup: Speedup, precision: float = DEFAULT_PRECISION, floor: float = SAME_CODE
) -> Verdict:
    """Say what a speedup's interval shows.

    An interval that leaves out 1 and all that two processes of the same code may differ by shows an
    effect, however wide it is. Any other shows that there is no measurable effect only where it is
    narrow; a wide one shows nothing.

    Args:
        speedup: Of a variant against the baseline.
        precision: Fraction up to which an interval counts as narrow: the one that lets rounds
            stop early.
        floor: Fraction that processes of the same code may differ by.
    """
    rounds = units.count(speedup.rounds, "round")
    if speedup.low is None or speedup.high is None:
        return Verdict("no_interval", f"{units.ratio(speedup.ratio)} in {rounds}: no interval")
    half = relative_half_width(speedup.low, speedup.high)
    if speedup.low > 1 + floor or speedup.high < 1 - floor:
        finding: Finding = "faster" if speedup.low > 1 else "slower"
        low, ratio, high = _told_apart(speedup.low, speedup.ratio, speedup.high)
        interval = f"95 % interval {low} to {high}, {rounds}"
        return Verdict(finding, f"{finding}: {ratio} ({interval})")
    ratio = units.ratio(speedup.ratio, units.ratio_decimals(half))
    spread = f"{units.plus_minus(half)} at {rounds}"
    if half <= max(precision, DEFAULT_PRECISION, floor):
        return Verdict("no_measurable_effect", f"no measurable effect ({ratio} {spread})")
    return Verdict("inconclusive", f"inconclusive: {spread} ({ratio})")


def relative_half_width(low: float, high: float) -> float:
    """Return the half-width of an interval as a fraction of its (geometric) centre."""
    return math.sqrt(high / low) - 1


def _told_apart(low: float, ratio: float, high: float) -> tuple[str, str, str]:
    """Format with the fewest decimals, 2 to 4, at which the ends differ and neither reads 1."""
    for places in (2, 3, 4):
        if len({round(low, places), 1.0, round(high, places)}) == 3:
            break
    return units.ratio(low, places), units.ratio(ratio, places), units.ratio(high, places)
