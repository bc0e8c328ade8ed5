"""The one decision on what a variant is worth, from its speedup and what the run can tell."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from annt_prof.plan import AGAIN
from annt_prof.runs.verdict import Effect, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.runs.record import Run, Speedup, VariantRecord

DEFAULT_PRECISION = 0.02
"""Half-width, a fraction, up to which an interval is always narrow enough to show nothing."""

NOT_WORTH_TELLING = 0.005
"""An effect, as a fraction, that is called none even where an interval leaves 1 out.

One interval in twenty leaves out 1 where there is no effect, and then mostly by little; a run
looks at several techniques. Whoever needs to tell less than this looks at the interval itself.
"""


def precision_of(run: Run) -> float:
    """Return the half-width, a fraction, up to which a run's scenario calls an interval narrow."""
    asked = precision_asked(run)
    return DEFAULT_PRECISION if asked is None else asked


def precision_asked(run: Run) -> float | None:
    """Return the same; None where the record does not tell."""
    asked = (value.value for value in run.scenario if value.path == "window.precision")
    told = next(asked, None)
    return None if told is None else float(told)


def floor_of(variants: Iterable[VariantRecord]) -> float:
    """Return the effect, as a fraction, up to which a run tells nothing from none.

    Where the baseline was measured twice, it is at least what the second one differs by, either
    way.
    """
    again = (v.speedup for v in variants if v.name == AGAIN and v.speedup is not None)
    differs = (math.expm1(abs(math.log(speedup.ratio))) for speedup in again)
    return max([NOT_WORTH_TELLING, *differs])


def decide(
    speedup: Speedup, precision: float = DEFAULT_PRECISION, floor: float = NOT_WORTH_TELLING
) -> Verdict:
    """Decide what a speedup's interval shows.

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
    precision = max(precision, DEFAULT_PRECISION)
    if speedup.low is None or speedup.high is None:
        return Verdict(Effect.NO_INTERVAL, precision, floor)
    half = relative_half_width(speedup.low, speedup.high)
    beyond = False
    if _leaves_out(speedup.low, speedup.high, floor):
        effect = Effect.FASTER if speedup.low > 1 else Effect.SLOWER
    elif _leaves_out(speedup.low, speedup.high, NOT_WORTH_TELLING):
        effect, beyond = Effect.INCONCLUSIVE, True
    else:
        effect = Effect.NO_MEASURABLE_EFFECT if half <= precision else Effect.INCONCLUSIVE
    return Verdict(effect, precision, floor, half, as_far_as_baseline=beyond)


def relative_half_width(low: float, high: float) -> float:
    """Return the half-width of an interval as a fraction of its (geometric) centre."""
    return math.sqrt(high / low) - 1


def _leaves_out(low: float, high: float, effect: float) -> bool:
    """Tell whether all of an interval lies further from 1 than an effect, on either side."""
    return low > 1 + effect or high < 1 / (1 + effect)
