"""When a growing run is looked at, and what chance of a wrong alarm each look may take.

Who looks often and stops at the first alarm is wrong more often than each look is: at 1 % a look,
six looks at launches whose truth lies exactly on the limit raise a wrong alarm 3.5 % of the time
(simulated, tests/unit/check/test_check_error_rates.py). So the looks share the level, each an equal
part (Bonferroni). That holds however the looks depend on one another. Pocock's boundary would give
each look more (six looks are correlated, and equal shares raise 0.8 % of the 1 %), but its
constants are for sums of normal values at equal steps, and here the looks are unequally far apart,
launches are few, and the mean is a trimmed one from ten of them on.

Looks lie about a factor of the square root of two apart. With launches that differ by 2 %, a run
that is 5 % better or worse than its limit is settled after 7 of them on average, where fewer looks,
at (5, 10, 20, 28), would take 8.

Source: S. Pocock, Group Sequential Methods in the Design and Analysis of Clinical Trials,
Biometrika 64(2), 1977; C. Jennison and B. Turnbull, Group Sequential Methods with Applications to
Clinical Trials, 2000, chapters 2 (the boundary) and 4.4 (t-tests of few values).
"""

from __future__ import annotations

from dataclasses import dataclass

ALPHA = 0.01
"""Chance of a wrong alarm of a whole invocation, over its budgets and looks."""

LEAST = 5
"""Launches below which nothing is told: with 5, Wilcoxon's p-value is 1/32 at the least."""

LOOKS = (5, 7, 10, 14, 20, 28)
"""Launches at which a growing run is looked at."""


@dataclass(frozen=True, slots=True)
class LookPlan:
    """When a run is looked at.

    Attributes:
        launches: Of each look, growing; at least one.
        alpha: Chance of a wrong alarm of all looks together.
    """

    launches: tuple[int, ...]
    alpha: float = ALPHA

    @property
    def level(self) -> float:
        """Chance of a wrong alarm of each look.

        A run that ends between two looks, as its time is up, is looked at in place of the next
        one, with that one's share. What ends it must not be what it found so far.
        """
        return self.alpha / len(self.launches)

    def next_after(self, launches: int) -> int | None:
        """Return at how many launches the next look is; None after the last."""
        return next((look for look in self.launches if look > launches), None)


def planned(most: int, *, have: int = 0, alpha: float = ALPHA) -> LookPlan:
    """Return the looks of a run that may still grow.

    Args:
        most: Launches that it may have at last.
        have: That it has already: the first look, where that are enough to tell anything.
        alpha: Of all looks together.
    """
    first = {have} if have >= LEAST else set()
    between = {look for look in LOOKS if have < look < most}
    return LookPlan(tuple(sorted(first | between | {max(most, have)})), alpha)


def at_once(launches: int, *, alpha: float = ALPHA) -> LookPlan:
    """Return the plan of a finished run: it is looked at once, with the whole level."""
    return LookPlan((launches,), alpha)
