"""Where a mean over launches lies: one-sided bounds, p-values, and what it could have seen.

The three kinds of comparison are one formula. A group's mean has a standard error and degrees of
freedom; a difference of two independent groups has theirs by Welch's rule; pairs are one group of
differences. What is done to the figures before (logarithms, differences) is the caller's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from scipy.special import nctdtrinc, stdtr, stdtrit

from annt_prof.check.looks import LEAST
from annt_prof.compare.figures import TRIMMED, TRIMMED_FROM
from annt_prof.compare.pairing import degrees_of_freedom

if TYPE_CHECKING:
    from collections.abc import Sequence

POWER = 0.8
"""How often the smallest change that is told would be found."""


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over launches, and how well it is known.

    Where all launches that are kept gave the same figure there is no error: both bounds are that
    figure, and p-values are 0 beyond a limit, else 1. That is right for what is counted and for
    what is always so (bytes of memory); of a time it says that its clock is too coarse.

    Attributes:
        centre: The mean, or the trimmed mean.
        error: Its standard error, in the figures' unit.
        freedom: Degrees of freedom of the error.
        rounding: What is no further apart differs by arithmetic alone, in the figures' unit.
    """

    centre: float
    error: float
    freedom: float
    rounding: float = 0.0

    def low(self, level: float) -> float:
        """Return what the truth is below with a chance of at most ``level``."""
        return self.centre - self._quantile(level) * self.error

    def high(self, level: float) -> float:
        """Return what the truth is above with a chance of at most ``level``."""
        return self.centre + self._quantile(level) * self.error

    def p_over(self, limit: float) -> float:
        """Return the chance of such a mean, or a higher one, if the truth were the limit."""
        return self._tail(self.centre - limit)

    def p_under(self, limit: float) -> float:
        """Return the chance of such a mean, or a lower one, if the truth were the limit."""
        return self._tail(limit - self.centre)

    def smallest_seen(self, level: float) -> float | None:
        """Return the smallest difference that is found with a chance of ``POWER``.

        From the spread that was seen, not from the difference that was. None where there is no
        spread: that a next launch would differ as little is not known.

        Source: B. Welch and N. Johnson, Applications of the Non-Central t-Distribution,
        Biometrika 31, 1940: the t of a shifted mean is noncentral, by shift over error.
        """
        if not self.error:
            return None
        quantile = self._quantile(level)
        return float(nctdtrinc(self.freedom, 1 - POWER, quantile)) * self.error

    def _quantile(self, level: float) -> float:
        return -float(stdtrit(self.freedom, level))

    def _tail(self, beyond: float) -> float:
        if not self.error:
            return 0.0 if beyond > self.rounding else 1.0
        return float(stdtr(self.freedom, -beyond / self.error))


def mean_of(values: Sequence[float], *, trims: bool, rounding: float = 0.0) -> Mean | None:
    """Return the mean of the launches' figures, or None of fewer than ``LEAST``.

    From ten launches on it is that of their middle three fifths, as everywhere: another program
    that takes a core for a while makes a few figures far off. Where 10 % of the launches are
    disturbed so, that is what makes the gate work (settled 99.7 instead of 60 % of the time).

    Args:
        values: One for each launch.
        trims: Whether it may leave figures out; not where launches have unequal work.
        rounding: In the figures' unit: what they differ by at the most where nothing but the
            arithmetic that they come from makes them differ.

    Source: J. Tukey and D. McLaughlin, Less Vulnerable Confidence and Significance Procedures for
    Location Based on a Single Sample, Sankhya A 25, 1963; scipy.stats.mstats.trimmed_mean_ci
    (importing scipy.stats takes a second, and this is asked for often).
    """
    n = len(values)
    if n < LEAST:
        return None
    ordered = sorted(values)
    freedom = degrees_of_freedom(n, trims=trims)
    cut = (n - 1 - freedom) // 2
    kept = ordered[cut : n - cut]
    if kept[-1] - kept[0] <= rounding:
        return Mean(kept[len(kept) // 2], 0.0, freedom, rounding)
    winsorized = [kept[0]] * cut + kept + [kept[-1]] * cut
    middle = fmean(winsorized)
    spread = math.sqrt(math.fsum((each - middle) ** 2 for each in winsorized) / (n - 1))
    share = 1 - 2 * TRIMMED if trims and n >= TRIMMED_FROM else 1.0
    return Mean(fmean(kept), spread / (share * math.sqrt(n)), freedom, rounding)


def difference(first: Mean, second: Mean, factor: float = 1.0) -> Mean:
    """Return the difference of two independent means, the second one times a factor.

    Source: B. Welch, The Generalization of Student's Problem when Several Different Population
    Variances are Involved, Biometrika 34, 1947. Of trimmed means K. Yuen (The Two-Sample Trimmed t
    for Unequal Population Variances, Biometrika 61, 1974) does the same, with errors that differ
    from those of ``mean_of`` by some percent.
    """
    centre = first.centre - factor * second.centre
    rounding = first.rounding + abs(factor) * second.rounding
    a, b = first.error**2, (factor * second.error) ** 2
    if not a + b:
        return Mean(centre, 0.0, min(first.freedom, second.freedom), rounding)
    # In shares of the variance, so that squares of small figures do not vanish.
    share = a / (a + b)
    freedom = 1 / (share**2 / first.freedom + (1 - share) ** 2 / second.freedom)
    return Mean(centre, math.sqrt(a + b), freedom, rounding)
