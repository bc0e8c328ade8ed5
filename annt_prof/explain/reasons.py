"""The sentence that a person would say about a technique, with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.wording import behind
from annt_prof.explain.explanation import Worth

if TYPE_CHECKING:
    from annt_prof.explain.attribution import Placed
    from annt_prof.explain.explanation import Bounds
    from annt_prof.runs.record import Speedup

_HIDDEN = 0.0005  # of the time: less reads as nothing with one decimal of a percentage
_MENTIONED = 0.1  # of the saving: smaller movements are not worth a word
_MOST_MENTIONED = 3


def reason(
    worth: Worth,
    speedup: Speedup,
    placed: Placed,
    bounds: Bounds | None,
    baseline_ns: int,
    *,
    too_much: bool,
    decided: str | None = None,
) -> str:
    """Say what was found and by which mechanism.

    Args:
        worth: Of a technique that was measured.
        speedup: Against the baseline.
        placed: Where in the step it lies.
        bounds: What its mechanism accounts for; None where nothing tells.
        baseline_ns: Per sample.
        too_much: Whether more was measured than that.
        decided: What else decides, so that nothing could be saved.
    """
    limit = _limit(bounds, baseline_ns, too_much=too_much)
    limit += "" if decided is None or too_much else f"; {decided}"
    match worth:
        case Worth.HELPS:
            said = f"saves {_effect(speedup, 1)}{_where(placed, helps=True)}"
            return said + _beyond(bounds, baseline_ns, too_much=too_much)
        case Worth.HURTS:
            return f"costs {_effect(speedup, -1)}{_where(placed, helps=False)}"
        case Worth.NO_MEASURABLE_EFFECT:
            return f"no measurable effect: {_moved(speedup)}{limit}"
        case _:
            return f"inconclusive: {_moved(speedup)}; more launches could tell{limit}"


def _effect(speedup: Speedup, sign: int) -> str:
    """Return what is saved (1) or lost (-1) of the baseline's time, with its interval."""
    share = units.percent(sign * (1 - 1 / speedup.ratio), _places(speedup))
    return f"{share} of the time per sample ({_interval(speedup, sign)})"


def _moved(speedup: Speedup) -> str:
    """Return by how much the time moved: negative where it fell."""
    change = units.percent(1 / speedup.ratio - 1, _places(speedup))
    return f"the time per sample moved by {change} ({_interval(speedup, -1)})"


def _interval(speedup: Speedup, sign: int) -> str:
    if speedup.low is None or speedup.high is None:
        return f"no interval, {behind(speedup)}"
    low, high = sorted(sign * (1 - 1 / end) for end in (speedup.low, speedup.high))
    between = " to ".join(units.percent(end, _places(speedup)) for end in (low, high))
    return f"95 % interval {between}, {behind(speedup)}"


def _places(speedup: Speedup) -> int:
    """Return the decimals of percentages: two where one would hide on which side of 0 an end is."""
    known = [end for end in (speedup.low, speedup.ratio, speedup.high) if end is not None]
    return 2 if any(abs(1 - 1 / end) < _HIDDEN for end in known) else 1


def _where(placed: Placed, *, helps: bool) -> str:
    if placed.by_category_ns is None:
        return ""
    if not placed.agrees:
        return (
            f"; where is not told, as the traced windows differ by "
            f"{units.duration(placed.traced_ns or 0)} and not by {units.duration(placed.timed_ns)}"
        )
    sign = 1 if helps else -1
    moved = {name: sign * ns for name, ns in placed.by_category_ns.items() if sign * ns > 0}
    total = sum(moved.values())
    largest = sorted(moved.items(), key=lambda item: -item[1])[:_MOST_MENTIONED]
    named = [f"{name} {units.duration(ns)}" for name, ns in largest if ns >= _MENTIONED * total]
    if not named:
        return ""
    where = "where it was saved" if helps else "where it was lost"
    return f"; {where}, per sample: {', '.join(named)}"


def _beyond(bounds: Bounds | None, baseline_ns: int, *, too_much: bool) -> str:
    if bounds is None or not too_much:
        return ""
    return (
        ". That is more than its mechanism accounts for: suspect noise, or something else that "
        f"changed with it, and measure again. The mechanism: {_at_most(bounds, baseline_ns)}"
    )


def _limit(bounds: Bounds | None, baseline_ns: int, *, too_much: bool) -> str:
    if bounds is None:
        return ""
    if too_much:
        return f"; its mechanism accounts for less than that: {_at_most(bounds, baseline_ns)}"
    return f"; it could not have saved more than {_at_most(bounds, baseline_ns)}"


def _at_most(bounds: Bounds, baseline_ns: int) -> str:
    high_ns = max(bounds.high_ns, 0)
    share = units.percent(high_ns / baseline_ns) if baseline_ns else "0 %"
    return (
        f"{units.duration(high_ns)} of {units.duration(baseline_ns)} per sample ({share}): "
        f"{bounds.basis}"
    )
