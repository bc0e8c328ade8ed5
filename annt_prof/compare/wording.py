"""A verdict in words: what the interval allows one to say, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.runs.verdict import Effect

if TYPE_CHECKING:
    from annt_prof.compare.ratios import SpeedupApart
    from annt_prof.runs.record import Speedup, VariantStatus
    from annt_prof.runs.verdict import Verdict


def behind(speedup: Speedup) -> str:
    """Return what a speedup was measured in: ``8 rounds in 4 launches``, or ``5 launches``."""
    launches = units.count(speedup.launches, "launch", "launches")
    if speedup.rounds == speedup.launches:
        return launches
    return f"{units.count(speedup.rounds, 'round')} in {launches}"


def without_figures(status: VariantStatus, reason: str | None) -> str:
    """Say why a variant has no figures: ``crashed: killed by signal 9``."""
    if status == "measured":
        return "no window was measured"
    return status.replace("_", " ") + (f": {reason}" if reason else "")


def phrase(verdict: Verdict, speedup: Speedup) -> str:
    """Say a verdict, with the ratio, its interval and the rounds.

    Args:
        verdict: On this speedup.
        speedup: Of a variant against the baseline.
    """
    return _phrase(verdict, speedup, behind(speedup))


def phrase_apart(apart: SpeedupApart) -> str:
    """Say what a speedup between two runs came to, with its verdict where there is one."""
    speedup, (first, second) = apart.speedup, apart.launches
    measured = f"{first} and {units.count(second, 'launch', 'launches')}"
    if apart.verdict is not None:
        return _phrase(apart.verdict, speedup, measured)
    if speedup.low is None or speedup.high is None:
        return _without_interval(speedup, measured)
    low, ratio, high = _told_apart(speedup.low, speedup.ratio, speedup.high)
    return f"{ratio} (95 % interval {low} to {high}, {measured})"


def _phrase(verdict: Verdict, speedup: Speedup, measured: str) -> str:
    if speedup.low is None or speedup.high is None or verdict.half_width is None:
        return _without_interval(speedup, measured)
    if verdict.effect in (Effect.FASTER, Effect.SLOWER):
        low, ratio, high = _told_apart(speedup.low, speedup.ratio, speedup.high)
        return f"{verdict.effect}: {ratio} (95 % interval {low} to {high}, {measured})"
    ratio = units.ratio(speedup.ratio, units.ratio_decimals(verdict.half_width))
    spread = f"{units.plus_minus(verdict.half_width)} at {measured}"
    if verdict.as_far_as_baseline:
        within = "no more than the baseline differs from itself by"
        return f"inconclusive: {ratio} {spread}, {within}"
    if verdict.effect is Effect.NO_MEASURABLE_EFFECT:
        return f"no measurable effect ({ratio} {spread})"
    return f"inconclusive: {spread} ({ratio})"


def _without_interval(speedup: Speedup, measured: str) -> str:
    return f"{units.ratio(speedup.ratio)} in {measured}: too few launches for an interval"


def _told_apart(low: float, ratio: float, high: float) -> tuple[str, str, str]:
    """Format with the fewest decimals, 2 to 4, at which the ends differ and neither reads 1."""
    for places in (2, 3, 4):
        if len({round(low, places), 1.0, round(high, places)}) == 3:
            break
    return units.ratio(low, places), units.ratio(ratio, places), units.ratio(high, places)
