"""The waterfall from the baseline to the whole mix as bars on one scale, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.explain.explanation import Worth
from annt_prof.plan import AGAIN, BASELINE
from annt_prof.views.page import Bar, Bars, Part
from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from annt_prof.explain.explanation import Explanation
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.views.waterfall import Waterfall, WaterfallBar

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
    return Bars(
        key=_KEY,
        title=_TITLE,
        bars=(
            _level(waterfall.baseline, _of_factors(run, set()), places),
            *(_change(bar, places) for bar in waterfall.techniques),
            _level(waterfall.whole, _of_factors(run, acting), places),
        ),
        full=waterfall.highest_ns,
        least=waterfall.lowest_ns,
        notes=(
            "each technique's bar is its share of the saving, divided like what moved its way in "
            "the traces; the first and the last one are divided like their traced steps",
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


def _level(bar: WaterfallBar, variant: VariantRecord | None, places: int) -> Bar:
    text = f"{units.milliseconds(bar.change_ns, places)} ms"
    breakdown = None if variant is None else variant.breakdown
    by_category_ns = {} if breakdown is None else dict(breakdown.by_category_ns)
    whole_ns = sum(by_category_ns.values())
    shares = (
        (category.value, ns, f"{units.percent(share_of(ns, whole_ns) or 0.0)} of it")
        for category, ns in by_category_ns.items()
        if ns > 0
    )
    return Bar(bar.name, tuple(_parts(bar, shares, text)), text, bar.left_ns)


def _change(bar: WaterfallBar, places: int) -> Bar:
    sign = "+" if bar.change_ns > 0 else ""
    text = f"{sign}{units.milliseconds(bar.change_ns, places)} ms"
    moved = (
        (part.category, part.time_ns, f"{units.milliseconds(part.time_ns, places)} ms")
        for part in bar.parts
    )
    return Bar(bar.name, tuple(_parts(bar, moved, text)), text, bar.left_ns)


def _parts(bar: WaterfallBar, weights: Iterable[tuple[str, int, str]], text: str) -> Iterator[Part]:
    """Divide a bar's length in proportion to weights; they come to the whole of it."""
    known = tuple(weights)
    whole_ns = sum(ns for _, ns, _ in known)
    if not whole_ns:
        yield Part(UNTOLD, abs(bar.change_ns), text)
        return
    for name, ns, told in known:
        yield Part(name, abs(bar.change_ns) * ns / whole_ns, told)
