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

NOT_WORTH_TELLING = 0.005
"""An effect, as a fraction, that is called none even where an interval leaves 1 out.

One interval in twenty leaves out 1 where there is no effect, and then mostly by little; a run
looks at several techniques. Whoever needs to tell less than this looks at the interval itself.
"""


class Verdict(NamedTuple):
    """What one speedup shows.

    Attributes:
        text: A phrase for people, with the ratio, its interval and the rounds.
    """

    finding: Finding
    text: str


def floor_of(variants: Iterable[VariantRecord]) -> float:
    """Return the effect, as a fraction, up to which a run tells nothing from none.

    Where the baseline was measured twice, it is at least what the second one differs by, either
    way.
    """
    again = (v.speedup for v in variants if v.name == AGAIN and v.speedup is not None)
    differs = (math.expm1(abs(math.log(speedup.ratio))) for speedup in again)
    return max([NOT_WORTH_TELLING, *differs])


def behind(speedup: Speedup) -> str:
    """Return what a speedup was measured in: ``8 rounds in 4 launches``, or ``5 launches``."""
    launches = units.count(speedup.launches, "launch", "launches")
    if speedup.rounds == speedup.launches:
        return launches
    return f"{units.count(speedup.rounds, 'round')} in {launches}"


def verdict(
    speedup: Speedup, precision: float = DEFAULT_PRECISION, floor: float = NOT_WORTH_TELLING
) -> Verdict:
    """Say what a speedup's interval shows.

    An interval that leaves out 1 and all up to the floor shows an effect, however wide it is. Any
    other shows that there is none only where it is narrow and meets what is not worth telling; a
    wide one shows nothing. With fewer than three launches there is no interval, since processes of
    the same code differ for as long as they live, and two tell next to nothing of by how much. A
    ratio and its inverse are judged alike.

    Args:
        speedup: Of a variant against the baseline.
        precision: Fraction up to which an interval counts as narrow: the one that lets a run
            stop early.
        floor: Effect, as a fraction, up to which nothing is told from none.
    """
    measured = behind(speedup)
    if speedup.low is None or speedup.high is None:
        few = "too few launches for an interval"
        return Verdict("no_interval", f"{units.ratio(speedup.ratio)} in {measured}: {few}")
    half = relative_half_width(speedup.low, speedup.high)
    if speedup.low > 1 + floor or speedup.high < 1 / (1 + floor):
        finding: Finding = "faster" if speedup.low > 1 else "slower"
        low, ratio, high = _told_apart(speedup.low, speedup.ratio, speedup.high)
        interval = f"95 % interval {low} to {high}, {measured}"
        return Verdict(finding, f"{finding}: {ratio} ({interval})")
    ratio = units.ratio(speedup.ratio, units.ratio_decimals(half))
    spread = f"{units.plus_minus(half)} at {measured}"
    least = 1 + NOT_WORTH_TELLING
    if speedup.low > least or speedup.high < 1 / least:
        within = "no more than the baseline differs from itself by"
        return Verdict("inconclusive", f"inconclusive: {ratio} {spread}, {within}")
    if half <= max(precision, DEFAULT_PRECISION):
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
