"""Budgets that say the same thing twice, or that nothing can keep together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.scenario.budgets import LimitKind
from annt_prof.scenario.problems import problem_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.scenario.budgets import Against, Budget
    from annt_prof.scenario.problems import Problem
    from annt_prof.scenario.tree import KeyPath, Origin

_OPPOSITE = {
    LimitKind.MAX: LimitKind.MIN,
    LimitKind.MIN: LimitKind.MAX,
    LimitKind.MAX_RATIO: LimitKind.MIN_RATIO,
    LimitKind.MIN_RATIO: LimitKind.MAX_RATIO,
}


@dataclass(frozen=True)
class Placed:
    """A budget and where its limit came from.

    Attributes:
        path: The limit's, from ``budgets`` on.
        origin: The limit's.
    """

    budget: Budget
    path: KeyPath
    origin: Origin


_Subject = tuple[str, str | None, "Against | None"]


def budget_conflicts(placed: Sequence[Placed]) -> list[Problem]:
    """Return a problem for each budget that does not go with an earlier one."""
    limits = [each for each in placed if each.budget.kind is not LimitKind.NONE_OF]
    pitfalls = [each for each in placed if each.budget.kind is LimitKind.NONE_OF]
    return [*_limits(limits), *_pitfalls(pitfalls)]


def _limits(placed: Sequence[Placed]) -> Iterator[Problem]:
    seen: dict[tuple[_Subject, LimitKind], Placed] = {}
    for each in placed:
        budget = each.budget
        subject = (budget.metric, budget.variant, budget.to)
        first = seen.setdefault((subject, budget.kind), each)
        if first is not each:
            yield _problem(each, f"{budget.metric} has this limit already, {_where(first)}")
            continue
        opposite = _OPPOSITE.get(budget.kind)
        other = seen.get((subject, opposite)) if opposite else None
        if other is not None and _exclude(budget, other.budget):
            yield _problem(
                each,
                f"{budget.text} contradicts {other.budget.kind.value} {other.budget.text} "
                f"{_where(other)}; nothing is within both",
            )


def _exclude(one: Budget, other: Budget) -> bool:
    upper, lower = (one, other) if one.kind.is_upper else (other, one)
    return upper.limit < lower.limit


def _pitfalls(placed: Sequence[Placed]) -> Iterator[Problem]:
    """Yield what names a pitfall of a variant again; to name none is to name all."""
    seen: dict[str | None, list[Placed]] = {}
    for each in placed:
        earlier = seen.setdefault(each.budget.variant, [])
        for other in earlier:
            ours, theirs = set(each.budget.pitfalls), set(other.budget.pitfalls)
            if not ours or not theirs or ours & theirs:
                again = ", ".join(sorted(ours & theirs or ours or theirs))
                yield _problem(each, f"{again} is asked for already, {_where(other)}")
        earlier.append(each)


def _problem(placed: Placed, message: str) -> Problem:
    return problem_at(placed.path, message, placed.origin, at_key=True)


def _where(placed: Placed) -> str:
    origin = placed.origin
    if origin.key is None:
        return f"by {origin.outside}"
    return f"on line {origin.key.line}, column {origin.key.column}"
