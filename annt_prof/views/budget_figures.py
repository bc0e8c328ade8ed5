"""The figures of one budget in words: measured, limit and margin, in one unit and as many decimals.

The decimals go on until figures that differ read differently, so that no budget is broken by
``1.050x`` over a limit of ``1.050x``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from annt_prof import units
from annt_prof.check.result import Outcome
from annt_prof.scenario.budget_metrics import METRICS, Dimension
from annt_prof.scenario.budgets import LimitKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from annt_prof.check.result import Checked, Estimate
    from annt_prof.scenario.budgets import Budget

_MORE_DECIMALS = 3
_RATIO_DECIMALS = 3  # an interval over launches is some tenths of a percent wide
NOTHING = "-"


class _Write(Protocol):
    def __call__(self, value: float, /, *, places: int) -> str: ...


@dataclass(frozen=True)
class BudgetFigures:
    """What is printed of one budget's numbers.

    Attributes:
        measured: With the bound that decided, or both where none did: ``1.102x (at least
            1.071x)``; ``-`` where nothing was measured.
        limit: ``at most 1.050x``: the one that was held.
        margin: How far the figure is from the limit, ``4.9 % over`` or ``3.0 % to spare``; ``-``
            where there is none.
        excess: The same as a number to sort by: above 0 beyond the limit, the more the further, a
            tenth of a limit as far as ten times one; None where nothing was measured.
        unit: Of the raw figures, for documents.
        would_fail: ``1.071x or more``: the figure nearest to the limit that would have been told to
            break it; None where that is not known.
    """

    measured: str
    limit: str
    margin: str
    excess: float | None
    unit: str
    would_fail: str | None = None


def figures_of(checked: Checked) -> BudgetFigures:
    """Write the numbers of one verdict."""
    budget, estimate = checked.budget, checked.estimate
    if budget.kind is LimitKind.NONE_OF:
        return _of_pitfalls(checked)
    limit = budget.limit if checked.limit_in_effect is None else checked.limit_in_effect
    beside = [limit, budget.limit]
    failing = None if estimate is None else estimate.smallest_failing
    if estimate is not None:
        told = (estimate.value, estimate.low, estimate.high, failing)
        beside += [figure for figure in told if figure is not None]
    write = _writer(budget, beside)
    word = "at most" if budget.kind.is_upper else "at least"
    held = f"{word} {write(limit)}"
    if budget.floor_ns:
        held += f" or {_floor(budget.floor_ns)}"
    if estimate is None:
        return BudgetFigures(NOTHING, held, NOTHING, None, unit_of(budget))
    excess = _excess(budget, estimate.value, limit)
    is_untold = checked.outcome is Outcome.INCONCLUSIVE
    return BudgetFigures(
        measured=f"{write(estimate.value)}{_bounds(checked, estimate, write)}",
        limit=held,
        margin=NOTHING if is_untold else _margin(budget, estimate.value, limit, excess),
        excess=excess,
        unit=unit_of(budget),
        would_fail=None if failing is None else f"{write(failing)} or {_further(budget)}",
    )


def _further(budget: Budget) -> str:
    return "more" if budget.kind.is_upper else "less"


def unit_of(budget: Budget) -> str:
    """Return the unit of a budget's raw figures."""
    if budget.kind is LimitKind.NONE_OF:
        return "count"
    if budget.kind.is_ratio:
        return "ratio"
    if budget.kind is LimitKind.MAX_SHARE:
        return "fraction"
    return {
        Dimension.TIME: "ns",
        Dimension.RATE: "samples/s",
        Dimension.MEMORY: "bytes",
        Dimension.ENERGY: "J",
        Dimension.SHARE: "fraction",
        Dimension.COUNT: "count",
    }[METRICS[budget.metric].dimension]


def as_written(budget: Budget) -> str:
    """Return a budget as a file has it, on one line: ``step_time: {max: 42 ms}``."""
    if budget.kind is LimitKind.NONE_OF:
        keys = f"[{', '.join(budget.pitfalls)}]" if budget.pitfalls else "all"
        return f"{budget.metric}: {keys}"
    parts = [f"{budget.kind.value}: {budget.text}"]
    if budget.to is not None:
        parts.append(f"to: {budget.to.text}")
    if budget.floor_ns:
        parts.append(f"floor: {_floor(budget.floor_ns)}")
    if budget.variant is not None:
        parts.append(f"variant: {budget.variant}")
    return f"{budget.metric}: {{{', '.join(parts)}}}"


def _floor(ns: int) -> str:
    """Return a time in the largest unit in which a person would write it."""
    per_unit = {"s": units.NS_PER_S, "ms": units.NS_PER_MS, "us": units.NS_PER_US, "ns": 1}
    unit = next((name for name, per in per_unit.items() if ns >= per), "ns")
    return f"{units.as_given(ns / per_unit[unit])} {unit}"


def written_limit(checked: Checked) -> str:
    """Return the limit of the file beside the one in effect, in the same decimals."""
    beside = [checked.budget.limit, checked.limit_in_effect or checked.budget.limit]
    return _writer(checked.budget, beside)(checked.budget.limit)


def _of_pitfalls(checked: Checked) -> BudgetFigures:
    said = NOTHING
    if checked.estimate is not None:
        said = f"{units.whole(round(checked.estimate.value))} found"
    return BudgetFigures(said, "none", NOTHING, None, unit_of(checked.budget))


def _bounds(checked: Checked, estimate: Estimate, write: Callable[[float], str]) -> str:
    """Return the bound that the verdict was told by, or both where it could not be told."""
    low, high = estimate.low, estimate.high
    if checked.outcome is Outcome.FAIL:
        by_low = checked.budget.kind.is_upper
    elif checked.outcome is Outcome.PASS:
        by_low = not checked.budget.kind.is_upper
    elif low is not None and high is not None:
        return f" (between {write(low)} and {write(high)})"
    else:
        by_low = low is not None
    bound = low if by_low else high
    return "" if bound is None else f" ({'at least' if by_low else 'at most'} {write(bound)})"


def _excess(budget: Budget, value: float, limit: float) -> float:
    beyond = value - limit if budget.kind.is_upper else limit - value
    per = limit if budget.kind.is_upper else value
    if not per:
        return beyond and beyond * float("inf")
    return beyond / abs(per)


def _margin(budget: Budget, value: float, limit: float, excess: float) -> str:
    side = "to spare" if excess <= 0 else "over" if budget.kind.is_upper else "under"
    if unit_of(budget) == "fraction":
        return f"{units.points(abs(value - limit))} {side}"
    if not limit or unit_of(budget) == "count":
        return f"{_writer(budget, [value, limit])(abs(value - limit))} {side}"
    return f"{units.percent(abs(value - limit) / abs(limit))} {side}"


def _writer(budget: Budget, beside: Sequence[float]) -> Callable[[float], str]:
    """Return what writes each of these figures, those that differ from the first differently.

    Args:
        budget: Tells the unit.
        beside: The limit, then what is held to it.
    """
    least, write = _decimals(budget, beside)
    limit, *others = beside
    for places in range(least, least + _MORE_DECIMALS):
        if all(
            write(figure, places=places) != write(limit, places=places)
            for figure in others
            if figure != limit
        ):
            return partial(write, places=places)
    return partial(write, places=least + _MORE_DECIMALS)


def _decimals(budget: Budget, beside: Sequence[float]) -> tuple[int, _Write]:
    """Return the decimals to begin with, and what writes a figure with some of them."""
    unit = unit_of(budget)
    if unit == "ratio":
        return _RATIO_DECIMALS, units.ratio
    if unit == "fraction":
        return 1, units.percent
    if unit == "ns":
        return units.duration_decimals(beside), units.duration_in
    if unit == "samples/s":
        return units.throughput_decimals(beside), units.throughput_in
    if unit == "bytes":
        size = units.memory_unit(map(round, beside))
        return size.places, partial(units.memory_in, unit=size)
    if unit == "J":
        return units.energy_decimals(beside), units.energy
    return 0, units.number
