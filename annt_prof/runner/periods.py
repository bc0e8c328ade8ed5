"""Whether steps are long every so often: a period that windows must hold a whole number of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_CYCLES = 3  # that must have been seen
_LONGEST = 500  # steps: no window is so long, and each period tried takes time
_EXPLAINED = 0.5  # of the variance, at least; what is less moves a window little
_LEVEL = 1e-4  # of the test, over all periods together


def find_period(step_ns: Sequence[float], first: Sequence[int]) -> int | None:
    """Return the shortest period, in steps, that explains most of what steps differ by, or None.

    Steps are folded by their number modulo each period; where the folds' means differ by more
    than chance allows, it is one (one-way analysis of variance, Bonferroni's correction for the
    number of periods tried). Several processes do the same at the same step, so a step that many
    of them timed counts once, with its median: what each of them does a single time would else
    seem to come round with any period that meets it.

    Args:
        step_ns: Of each step.
        first: The number of each step, counted over those not measured as well, so that stretches
            with gaps between them are folded alike.

    Source: D. A. Leahy et al., On Searches for Pulsed Emission, ApJ 266, 1983 (epoch folding).
    """
    if not len(step_ns):
        return None
    times, numbers = _each_once(np.asarray(step_ns, float), np.asarray(first, np.int64))
    span = int(numbers.max() - numbers.min()) + 1
    longest = min(len(times) // _CYCLES, span // _CYCLES, _LONGEST)
    whole = float(((times - times.mean()) ** 2).sum())
    if longest < 2 or whole <= 0:
        return None
    for period in range(2, longest + 1):
        if _explains(times, numbers % period, period, whole, _LEVEL / (longest - 1)):
            return period
    return None


def _each_once(
    times: NDArray[np.float64], numbers: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the median time of each number, and the numbers in order."""
    order = np.argsort(numbers, kind="stable")
    distinct, begins = np.unique(numbers[order], return_index=True)
    medians = [np.median(repeats) for repeats in np.split(times[order], begins[1:])]
    return np.asarray(medians, float), distinct


def _explains(
    times: NDArray[np.float64], fold: NDArray[np.int64], period: int, whole: float, level: float
) -> bool:
    from scipy.special import fdtrc  # the F distribution's upper tail

    counts = np.bincount(fold, minlength=period)
    if counts.min() < _CYCLES - 1:
        return False
    means = np.bincount(fold, times, period) / counts
    between = float((counts * (means - times.mean()) ** 2).sum())
    within = max(whole - between, whole * 1e-12)
    if between < _EXPLAINED * whole:
        return False
    degrees = len(times) - period
    statistic = (between / (period - 1)) / (within / degrees)
    return float(fdtrc(period - 1, degrees, statistic)) < level
