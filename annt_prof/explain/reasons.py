"""The sentence that a person would say about a technique, with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.explain.explanation import Finding
from annt_prof.explain.wording import behind

if TYPE_CHECKING:
    from annt_prof.runs.record import Speedup

_MENTIONED = 0.1  # of the saving: smaller movements are not worth a word
_MOST_MENTIONED = 3


def effect(speedup: Speedup) -> str:
    """Return a change of time in percent with its half-width: ``0.3 % ± 0.6 %``."""
    change = 1 - 1 / speedup.ratio
    if speedup.low is None or speedup.high is None:
        return f"{units.percent(change)}, no interval"
    half = (1 / speedup.low - 1 / speedup.high) / 2
    return f"{units.percent(change)} {units.plus_minus(half)}"


def reason(
    finding: Finding,
    speedup: Speedup,
    by_category_ns: dict[str, int] | None,
    bound_ns: int | None,
    bound_basis: str | None,
    baseline_ns: int,
    *,
    unexplained: bool,
) -> str:
    """Say what was found and by which mechanism.

    Args:
        finding: Of a technique that was measured.
        speedup: Against the baseline.
        by_category_ns: Savings per sample; None where they are not known.
        bound_ns: The most that it could save per sample; None where nothing tells.
        bound_basis: What the bound is made of.
        baseline_ns: Per sample.
        unexplained: Whether it saves more than the bound, interval and all.
    """
    measured = behind(speedup)
    limit = _limit(bound_ns, bound_basis, baseline_ns)
    moved = _moved(by_category_ns, helps=finding is not Finding.HURTS)
    match finding:
        case Finding.HELPS | Finding.HURTS:
            verb = "saves" if finding is Finding.HELPS else "costs"
            amount = effect(speedup).lstrip("-")
            beyond = _beyond(bound_ns, bound_basis, baseline_ns) if unexplained else ""
            return f"{verb} {amount} of the time per sample ({measured}){moved}{beyond}"
        case Finding.NO_MEASURABLE_EFFECT:
            return f"no measurable effect ({effect(speedup)}, {measured}){limit}"
        case _:
            return f"inconclusive ({effect(speedup)}, {measured}): more launches could tell{limit}"


def _moved(by_category_ns: dict[str, int] | None, *, helps: bool) -> str:
    if by_category_ns is None:
        return ""
    sign = 1 if helps else -1
    moved = {name: sign * ns for name, ns in by_category_ns.items() if sign * ns > 0}
    total = sum(moved.values())
    largest = sorted(moved.items(), key=lambda item: -item[1])[:_MOST_MENTIONED]
    named = [f"{name} {units.duration(ns)}" for name, ns in largest if ns >= _MENTIONED * total]
    if not named:
        return ""
    where = "where it was saved" if helps else "where it was lost"
    return f"; {where}, per sample: {', '.join(named)}"


def _beyond(bound_ns: int | None, basis: str | None, baseline_ns: int) -> str:
    if bound_ns is None or basis is None:
        return ""
    share = units.percent(bound_ns / baseline_ns) if baseline_ns else "0 %"
    return (
        f". Its mechanism accounts for {units.duration(bound_ns)} ({share}) at most: {basis}. The "
        "rest is real here and not explained by it; see what else moved"
    )


def _limit(bound_ns: int | None, basis: str | None, baseline_ns: int) -> str:
    if bound_ns is None or basis is None:
        return ""
    share = units.percent(bound_ns / baseline_ns) if baseline_ns else "0 %"
    return (
        f"; it could not have saved more than {units.duration(bound_ns)} of "
        f"{units.duration(baseline_ns)} per sample ({share}): {basis}"
    )
