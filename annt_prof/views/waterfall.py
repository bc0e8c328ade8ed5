"""From the baseline to the whole mix: the levels between which each technique's share lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Explanation, TechniqueExplanation


class MovingPart(msgspec.Struct, frozen=True):
    """A category that moved the way of a technique's share.

    Attributes:
        time_ns: By how much, per sample; positive.
    """

    category: str
    time_ns: int


class WaterfallBar(msgspec.Struct, frozen=True):
    """One bar.

    Attributes:
        change_ns: Of the time per sample; negative where a technique saves. Of the first and the
            last bar it is the time itself.
        left_ns: Where the bar begins; it is as long as the change is large.
        parts: What moved the way of the change, the largest first; what moved the other way is
            not drawn. Empty where no trace tells, or where the traces show another saving.
    """

    name: str
    change_ns: int
    left_ns: int
    parts: tuple[MovingPart, ...] = ()


class Waterfall(msgspec.Struct, frozen=True, kw_only=True):
    """How the whole saving is made up, in times per sample.

    Attributes:
        baseline: From 0.
        techniques: One after the other, each from where the one before it ends.
        whole: The mix, from 0, or up to it.
        lowest_ns, highest_ns: That any bar touches; 0 is within.
        duration_decimals: Of all figures, in milliseconds.
    """

    baseline: WaterfallBar
    techniques: tuple[WaterfallBar, ...]
    whole: WaterfallBar
    lowest_ns: int
    highest_ns: int
    duration_decimals: int

    @property
    def span_ns(self) -> int:
        """From the lowest to the highest, at least 1."""
        return max(self.highest_ns - self.lowest_ns, 1)


def build_waterfall_view(explanation: Explanation) -> Waterfall | None:
    """Return the bars; None where the design does not share out the total.

    Nor with too few launches: shares without an interval are no facts.
    """
    shares = [(t, t.share.ns) for t in explanation.techniques if t.share is not None]
    total, start_ns = explanation.total, explanation.baseline_ns
    if not shares or start_ns is None or total is None or total.low_ns is None:
        return None
    levels_ns = [start_ns]
    bars = []
    for technique, saving_ns in shares:
        level_ns = levels_ns[-1]
        left_ns = min(level_ns, level_ns - saving_ns)
        parts = _moving(technique, saving_ns)
        bars.append(WaterfallBar(technique.name, -saving_ns, left_ns, parts))
        levels_ns.append(level_ns - saving_ns)
    highest_ns = max(0, *levels_ns)
    end_ns = start_ns - total.ns
    return Waterfall(
        baseline=WaterfallBar("baseline", start_ns, 0),
        techniques=tuple(bars),
        whole=WaterfallBar("the whole mix", end_ns, min(end_ns, 0)),
        lowest_ns=min(0, *levels_ns),
        highest_ns=highest_ns,
        duration_decimals=units.duration_decimals([highest_ns]),
    )


def _moving(technique: TechniqueExplanation, saving_ns: int) -> tuple[MovingPart, ...]:
    if not technique.traces_agree:
        return ()
    sign = 1 if saving_ns >= 0 else -1
    moved = (technique.saving_by_category_ns or {}).items()
    parts = [MovingPart(name, sign * ns) for name, ns in moved if sign * ns > 0]
    return tuple(sorted(parts, key=lambda part: -part.time_ns))
