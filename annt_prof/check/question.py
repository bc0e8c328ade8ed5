"""What is asked of the launches of one budget, and the mean that answers it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from annt_prof.check.bounds import Mean, difference, mean_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROUNDING = 1e-12
"""Of a figure, and so of its logarithm as it stands: what arithmetic alone may add to it."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether launches are within a limit.

    Attributes:
        checked: The checked side's figure of each launch, finite.
        limit: In the unit of the figures; a ratio above zero, checked over reference, where there
            is a reference.
        upper: Whether more than the limit is a failure, else less.
        reference: The other side's figures; None of an absolute limit.
        paired: Whether the two sides' figures are of the same launches, in the same order; else
            they are independent, as those of a stored baseline are.
        in_logs: Whether figures are compared by their logarithms, as times, rates and the like
            are: what disturbs them multiplies. Not of shares. Figures of zero or below are never.
        trims: Whether the mean may leave launches out; not where they have unequal work.
        noise: By how much runs of the same code were seen to differ, as a fraction; None where it
            is not known or does not enter, as in pairs.
        passes_by_either: Whether it is one of two, of which either alone is a pass, as a share and
            its floor are: each then has half of the chance of a wrong one.
    """

    checked: tuple[float, ...]
    limit: float
    upper: bool
    reference: tuple[float, ...] | None = None
    paired: bool = False
    in_logs: bool = True
    trims: bool = True
    noise: float | None = None
    passes_by_either: bool = False

    def __post_init__(self) -> None:
        figures = (*self.checked, *(self.reference or ()), self.limit)
        if not all(map(math.isfinite, figures)):
            raise ValueError("a figure is not finite")
        if self.reference is not None and self.limit <= 0:
            raise ValueError("a limit on a ratio is not above zero")
        if self.paired and len(self.checked) != len(self.reference or ()):
            raise ValueError("paired sides have different numbers of launches")

    @property
    def limit_in_effect(self) -> float:
        """The limit, or what runs of the same code differ by, whichever is wider.

        A limit that asks for a change (at most 0.6 times the reference's) stays as it is: noise
        does not make less of an improvement enough.
        """
        if self.reference is None or self.noise is None:
            return self.limit
        if self.upper:
            return max(self.limit, 1 + self.noise) if self.limit >= 1 else self.limit
        return min(self.limit, 1 / (1 + self.noise)) if self.limit <= 1 else self.limit


@dataclass(frozen=True, slots=True)
class Answer:
    """A mean, on the scale that it is compared on, and how to read it.

    Attributes:
        mean: Of logarithms, figures or differences.
        limit: On the same scale.
        in_logs: Whether ``exp`` of it is in the limit's unit.
        per: Else what it is divided by: of differences the reference's mean, so that they are
            parts of it; None where that is not above zero.
        on_top_of: And what it is added to.
        pairs: Each launch's excess over the limit, on the same scale; empty where there are no
            pairs.
    """

    mean: Mean
    limit: float
    in_logs: bool
    per: float | None = 1.0
    on_top_of: float = 0.0
    pairs: tuple[float, ...] = ()

    def in_unit(self, value: float) -> float | None:
        """Return a value of the scale in the unit of the question's limit."""
        if self.in_logs:
            return math.exp(value)
        return None if self.per is None else self.on_top_of + value / self.per

    def smallest_seen(self, level: float, *, upper: bool) -> float | None:
        """Return how far beyond the limit it would be found, as a fraction above zero.

        Of the limit where figures are compared by logarithms; else of a ratio in the reference's
        figure, and of what stands alone in the checked side's own.
        """
        by = self.mean.smallest_seen(level)
        if by is None or math.isnan(by):  # beyond what the noncentral t can be told for
            return None
        if self.in_logs:
            return math.expm1(by) if upper else -math.expm1(-by)
        whole = self.per if self.on_top_of else abs(self.mean.centre)
        return by / whole if whole else None

    def smallest_failing(self, level: float, *, upper: bool) -> float | None:
        """Return the figure nearest to the limit that would be found beyond it, in its unit."""
        by = self.mean.smallest_seen(level)
        if by is None or math.isnan(by):
            return None
        return self.in_unit(self.limit + by if upper else self.limit - by)


def answer(question: Question) -> Answer | None:
    """Return the mean that answers, or None with too few launches on a side.

    1. *Pairs*: the logarithms of the launches' ratios.
    2. *Two groups*: the difference of the means of logarithms (Welch).
    3. *One group*: the mean of logarithms, or of the figures themselves.

    Where a figure of a ratio is zero there are no logarithms. Then checked - limit x reference is
    asked whether it is above zero, which at the limit is the same question. The bounds of its mean
    are told as ratios by dividing by the reference's mean as if that were known exactly, so they
    are on the right side of the limit, but approximate away from it.

    Source: E. Fieller, Some Problems in Interval Estimation, Journal of the Royal Statistical
    Society B 16(2), 1954 (a ratio of means tested by a difference).
    """
    q, limit = question, question.limit_in_effect
    in_logs = q.in_logs and min((*q.checked, *(q.reference or ()), limit), default=0.0) > 0
    if q.reference is None:
        mean = _mean_of(q.checked, in_logs, trims=q.trims)
        scaled = math.log(limit) if in_logs else limit
        return None if mean is None else Answer(mean, scaled, in_logs)
    if in_logs:
        return _of_logs(q, q.reference, limit)
    return _of_differences(q, q.reference, limit)


def middle(question: Question) -> float | None:
    """Return what so few launches have in the middle, in the limit's unit; None of none."""
    checked, reference = question.checked, question.reference
    if not checked:
        return None
    if reference is None:
        return fmean(checked)
    return fmean(checked) / fmean(reference) if reference and fmean(reference) > 0 else None


def _of_logs(q: Question, reference: tuple[float, ...], limit: float) -> Answer | None:
    excess: tuple[float, ...] = ()
    if q.paired:
        logs = [math.log(a / b) for a, b in zip(q.checked, reference, strict=True)]
        mean = mean_of(logs, trims=q.trims, rounding=_ROUNDING)
        excess = tuple(each - math.log(limit) for each in logs)
    else:
        mean = _apart(q, reference, 1.0, in_logs=True)
    return None if mean is None else Answer(mean, math.log(limit), True, pairs=excess)


def _of_differences(q: Question, reference: tuple[float, ...], limit: float) -> Answer | None:
    base = _mean_of(reference, False, trims=q.trims)
    excess: tuple[float, ...] = ()
    if q.paired:
        excess = tuple(a - limit * b for a, b in zip(q.checked, reference, strict=True))
        rounding = _ROUNDING * max(map(abs, (*q.checked, *reference)), default=0.0)
        mean = mean_of(excess, trims=q.trims, rounding=rounding)
    else:
        mean = _apart(q, reference, limit, in_logs=False)
    if mean is None or base is None:
        return None
    per = base.centre if base.centre > 0 else None
    return Answer(mean, 0.0, False, per, on_top_of=limit, pairs=excess)


def _apart(
    q: Question, reference: tuple[float, ...], factor: float, *, in_logs: bool
) -> Mean | None:
    first = _mean_of(q.checked, in_logs, trims=q.trims)
    second = _mean_of(reference, in_logs, trims=q.trims)
    return None if first is None or second is None else difference(first, second, factor)


def _mean_of(values: Sequence[float], in_logs: bool, *, trims: bool) -> Mean | None:
    if in_logs:
        return mean_of([math.log(value) for value in values], trims=trims, rounding=_ROUNDING)
    return mean_of(values, trims=trims, rounding=_ROUNDING * max(map(abs, values), default=0.0))
