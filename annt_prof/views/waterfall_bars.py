"""The waterfall from the baseline to the whole mix as bars on one scale, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.explain.explanation import Worth
from annt_prof.plan import AGAIN, BASELINE
from annt_prof.views.page import Bar, Bars, Part
from annt_prof.views.waterfall_levels import divide_level

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.views.waterfall import Waterfall, WaterfallBar
    from annt_prof.views.waterfall_levels import LevelParts

UNTOLD = "not told by traces"
"""Stands for the parts of a bar where no trace tells them."""

_KEY, _TITLE = "waterfall", "From the baseline to the whole mix, time per sample"


def build_waterfall_bars(
    waterfall: Waterfall | None, explanation: Explanation | None, run: Run
) -> Bars:
    """Return the bars.

    A bar is as long as its time or its change, and divided like what the traces show of it. What
    moved against a change is in no bar.

    Args:
        waterfall: None where there is none.
        explanation: Of the same run; None where it is not there yet.
        run: What was measured.
    """
    if explanation is None or waterfall is None:
        why = "" if explanation is None else _why_none(explanation)
        return Bars(_KEY, _TITLE, (), 1.0, empty=why or "not worked out yet")
    places = waterfall.duration_decimals
    acting = {t.name for t in explanation.techniques if t.worth is not Worth.NOT_APPLICABLE}
    first = _divided(waterfall.baseline, run, set(), places)
    last = _divided(waterfall.whole, run, acting, places)
    return Bars(
        key=_KEY,
        title=_TITLE,
        bars=(
            _level(waterfall.baseline, first, places),
            *(_change(bar, places) for bar in waterfall.techniques),
            _level(waterfall.whole, last, places),
        ),
        full=waterfall.highest_ns,
        least=waterfall.lowest_ns,
        notes=(
            "each technique's bar is its share of the saving, divided like what moved its way in "
            "the traces; the first and the last one are divided like their traced steps, without "
            "what the profiler added",
            *(note for bar in waterfall.techniques for note in _moved(bar, places)),
            *_why_undivided(waterfall.baseline, first),
            *_why_undivided(waterfall.whole, last),
        ),
    )


def _why_none(explanation: Explanation) -> str:
    total = explanation.total
    if explanation.baseline_ns is None:
        why = explanation.baseline_failure
        return "the baseline has no figures" + (f": {why}" if why else "")
    if total is None:
        return "the whole mix was not measured, so there is no saving to share out"
    if total.low_ns is None:
        return "too few launches for an interval, and a share without one is no fact"
    return (
        f"the design ({explanation.design}) does not tell how the saving is shared out among the "
        "techniques"
    )


def _of_factors(run: Run, factors: set[str]) -> VariantRecord | None:
    """Return the variant with exactly these factors; the baseline itself for none."""
    for variant in run.variants:
        alike = set(variant.factors) == factors and variant.name != AGAIN
        if variant.status == "measured" and (variant.name == BASELINE if not factors else alike):
            return variant
    return None


def _divided(bar: WaterfallBar, run: Run, factors: set[str], places: int) -> LevelParts:
    unseen_ns = units.NS_PER_MS * 10.0**-places / 2
    variant = _of_factors(run, factors)
    return divide_level(bar.change_ns, variant, run.environment.device_type, unseen_ns)


def _level(bar: WaterfallBar, divided: LevelParts, places: int) -> Bar:
    untold = ((UNTOLD, divided.untold_ns),) if divided.untold_ns else ()
    parts = _parts(bar, (*divided.by_category_ns, *untold), places)
    return Bar(bar.name, tuple(parts), _milliseconds(bar.change_ns, places), bar.left_ns)


def _why_undivided(bar: WaterfallBar, divided: LevelParts) -> Iterator[str]:
    if divided.why_none:
        yield f"{bar.name}: {divided.why_none}"


def _change(bar: WaterfallBar, places: int) -> Bar:
    sign = "+" if bar.change_ns > 0 else ""
    parts = _parts(bar, ((part.category, part.time_ns) for part in bar.parts), places)
    return Bar(bar.name, tuple(parts), f"{sign}{_milliseconds(bar.change_ns, places)}", bar.left_ns)


def _parts(bar: WaterfallBar, weights: Iterable[tuple[str, int]], places: int) -> Iterator[Part]:
    """Divide a bar's length in proportion to weights; they come to the whole of it."""
    known, length_ns = tuple(weights), abs(bar.change_ns)
    whole_ns = sum(ns for _, ns in known)
    if not whole_ns:
        known, whole_ns = ((UNTOLD, 1),), 1
    for name, ns in known:
        value_ns = length_ns * ns / whole_ns
        yield Part(name, value_ns, _milliseconds(value_ns, places))


def _moved(bar: WaterfallBar, places: int) -> Iterator[str]:
    """Yield what the traces show to have moved, which seldom sums to what the bar comes to."""
    if bar.parts:
        told = ", ".join(f"{p.category} {_milliseconds(p.time_ns, places)}" for p in bar.parts)
        yield f"{bar.name}, moved its way in the traces: {told}"


def _milliseconds(ns: float, places: int) -> str:
    return f"{units.milliseconds(ns, places)} ms"
