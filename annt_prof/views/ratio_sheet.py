"""How many times as much of each figure the second variant has, with an interval where one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.launch_figures import Metric
from annt_prof.compare.verdict import relative_half_width
from annt_prof.views.page import Cell, Column, Row, Sheet, Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.compare.ratios import FigureRatio

_NAMES = {
    Metric.STEP_TIME: "step time",
    Metric.THROUGHPUT: "throughput",
    Metric.PEAK_MEMORY: "peak memory",
    Metric.ENERGY_PER_SAMPLE: "energy per sample",
}
_NONE = Cell("-", None, Tone.QUIET)


def build_ratio_sheet(ratios: Sequence[FigureRatio], *, by_sample: bool) -> Sheet:
    """Return the table.

    Args:
        ratios: Of each figure that both variants have.
        by_sample: Whether times are of a sample and not of an iteration, as batches differ.
    """
    return Sheet(
        key="ratios",
        title="The second over the first",
        columns=(
            Column("figure", "figure", "What it is.", False),
            Column("ratio", "ratio", "The second's figure over the first's."),
            Column(
                "interval",
                "95 % interval",
                "Of the ratio, over launches: fresh processes.",
                False,
                interval=True,
            ),
            Column("launches", "launches", "Those that it was told from.", False),
        ),
        rows=tuple(_row(ratio, by_sample=by_sample) for ratio in ratios),
        notes=_notes(ratios),
        empty="" if ratios else "the two have no figure in common",
    )


def _row(ratio: FigureRatio, *, by_sample: bool) -> Row:
    name = _NAMES[ratio.metric]
    if ratio.metric is Metric.STEP_TIME and by_sample:
        name = f"{name} per sample"
    half = None
    if ratio.low is not None and ratio.high is not None:
        half = relative_half_width(ratio.low, ratio.high)
    places = units.ratio_decimals(half)
    return Row(
        ratio.metric.value,
        (
            Cell(name, ratio.metric.value),
            Cell(units.ratio(ratio.ratio, places), ratio.ratio),
            _interval(ratio, places),
            _launches(ratio),
        ),
    )


def _interval(ratio: FigureRatio, places: int) -> Cell:
    if ratio.low is None or ratio.high is None:
        return _NONE
    low, high = units.ratio(ratio.low, places), units.ratio(ratio.high, places)
    return Cell(f"{low} to {high}", ratio.low, high=ratio.high)


def _launches(ratio: FigureRatio) -> Cell:
    first, second = ratio.launches
    if not first:
        return _NONE
    text = units.count(first, "pair") if ratio.paired else f"{first} and {second}"
    return Cell(text, text)


def _notes(ratios: Sequence[FigureRatio]) -> tuple[str, ...]:
    unknown = [_NAMES[ratio.metric] for ratio in ratios if not ratio.launches[0]]
    if not unknown:
        return ()
    return (f"{' and '.join(unknown)}: not recorded for each launch, so there is no interval",)
