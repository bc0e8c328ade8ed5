"""What is known so far of each variant of a run that goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare.launches import launches_to_go
from annt_prof.compare.verdict import relative_half_width
from annt_prof.plan import BASELINE, LEAST_LAUNCHES
from annt_prof.views.notices import EstimateNotice, WindowsNotice
from annt_prof.views.page import Cell, Chart, Column, Curve, Row, Sheet, Strip, Strips, Tone
from annt_prof.views.tones import EFFECT_TONES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from annt_prof.runs.record import Speedup
    from annt_prof.views.live_view import GoneHow, LiveState, VariantSoFar

_NONE = Cell("-", None, Tone.QUIET)
_GONE: dict[GoneHow, tuple[str, Tone]] = {
    "lost": ("lost", Tone.BAD),
    "inapplicable": ("not applicable", Tone.QUIET),
    "withheld": ("not measured", Tone.UNSURE),
    "skipped": ("skipped", Tone.UNSURE),
}
_COLUMNS = (
    Column("variant", "variant", "One set of techniques; the baseline has none.", False, True),
    Column("now", "now", "What the variant does now, or why it does nothing any more.", False),
    Column("windows", "windows", "Timed windows that are done, one in each round."),
    Column("last_throughput", "last samples/s", "Samples per second of its last timed window."),
    Column("last_step_ns", "last step ms", "Mean time of an iteration in its last timed window."),
    Column(
        "speedup",
        "speedup",
        "The baseline's time per sample over the variant's, from windows paired by round.",
    ),
    Column(
        "interval",
        "95 % interval",
        "Of the speedup, over launches; from three launches on.",
        interval=True,
    ),
    Column("half_width", "+/-", "Half of the interval's width, as a share of the speedup."),
    Column(
        "launches_to_go",
        "launches to go",
        "How many more launches the run needs at least, and about how many the interval needs to "
        "be as narrow as the scenario asks, told from the spread so far.",
        False,
    ),
)


def build_variants(state: LiveState, precision: float | None) -> Sheet:
    """Return the table.

    Args:
        state: Of the run.
        precision: Half-width, a fraction, up to which the scenario calls an interval narrow; None
            where that is not known, and then nothing is said of it.
    """
    return Sheet(
        key="variants",
        title="Variants so far",
        columns=_COLUMNS,
        rows=tuple(_row(state, variant, precision) for variant in state.variants),
        notes=tuple(_notes(precision)),
        empty="" if state.variants else "the plan is not known yet",
    )


def _notes(precision: float | None) -> Iterator[str]:
    yield "last: of one window alone; speedups are of all, and 2 has the figures of the whole"
    if precision is not None:
        yield f"an interval is narrow enough within ± {units.limit_percent(precision)}"


def build_step_strips(state: LiveState) -> Strips:
    """Return a strip for each variant: the shortest and the longest step of each window."""
    timed = [v for v in state.variants if v.shortest_ns]
    return Strips(
        key="steps",
        title="Step times, from the shortest to the longest of each window",
        strips=tuple(map(_step_strip, timed)),
        empty="" if timed else "no window is done yet",
    )


def build_speedup_chart(state: LiveState, chosen: str | None) -> Chart:
    """Return how speedups have settled, round by round.

    Args:
        state: Of the run.
        chosen: The variant that it is about; None for all of them.
    """
    of = [v for v in state.variants if v.speedups and v.name != BASELINE]
    if chosen is not None and any(v.name == chosen for v in of):
        of = [v for v in of if v.name == chosen]
    named = f" of {of[0].name}" if len(of) == 1 else ""
    return Chart(
        key="speedups",
        title=f"Speedup{named} with its 95 % interval, round by round",
        x_title="rounds that are paired",
        y_title="times the baseline's throughput",
        curves=tuple(_curve(v) for v in of),
        empty="" if of else "no variant is paired with the baseline yet",
        x_unit="rounds",
        x_places=0,
        y_unit="x",
        y_places=3,
    )


def _row(state: LiveState, variant: VariantSoFar, precision: float | None) -> Row:
    last = variant.windows[-1] if variant.windows else None
    step_ns = None if last is None else last.per_iteration_ns
    cells = [
        Cell(variant.name, variant.name, Tone.STRONG),
        _now(state, variant),
        Cell(units.whole(len(variant.windows)), len(variant.windows)),
        _NONE if last is None else Cell(units.number(last.throughput, 1), last.throughput),
        _NONE
        if step_ns is None
        else Cell(units.milliseconds(step_ns, units.duration_decimals([step_ns])), step_ns),
        *_speedup(variant),
        _to_go(state, variant, precision),
    ]
    return Row(variant.name, tuple(cells))


def _now(state: LiveState, variant: VariantSoFar) -> Cell:
    if variant.gone is not None:
        text, tone = _GONE[variant.gone.how]
        return Cell(text, variant.gone.how, tone)
    doing = state.run.doing
    if doing is not None and doing.variant == variant.name:
        return Cell(doing.kind.replace("_", " "), doing.kind, Tone.STRONG)
    if state.broken_off:
        return Cell("broken off", "broken_off", Tone.UNSURE)
    done = state.over or (bool(variant.windows) and variant.windows[-1].round >= state.round)
    return Cell("done", "done", Tone.QUIET) if done else Cell("waiting", "waiting", Tone.QUIET)


def _speedup(variant: VariantSoFar) -> tuple[Cell, Cell, Cell]:
    speedup = variant.speedup
    if speedup is None or variant.name == BASELINE:
        return _NONE, _NONE, _NONE
    if speedup.low is None or speedup.high is None:
        few = Cell("from 3 launches on", None, Tone.QUIET)
        return Cell(units.ratio(speedup.ratio), speedup.ratio), few, _NONE
    half = relative_half_width(speedup.low, speedup.high)
    places = units.ratio_decimals(half)
    tone = Tone.PLAIN if variant.verdict is None else EFFECT_TONES[variant.verdict.effect]
    interval = f"{units.ratio(speedup.low, places)} to {units.ratio(speedup.high, places)}"
    return (
        Cell(units.ratio(speedup.ratio, places), speedup.ratio, tone),
        Cell(interval, speedup.low, high=speedup.high),
        Cell(units.plus_minus(half), half),
    )


def _to_go(state: LiveState, variant: VariantSoFar, precision: float | None) -> Cell:
    speedup = variant.speedup
    if state.over or variant.gone is not None or variant.name == BASELINE or speedup is None:
        return _NONE
    least = max(0, launches_needed(state) - speedup.launches)
    if precision is None:
        return Cell(f"at least {units.whole(least)}", least) if least else _NONE
    uneven = any(record.uneven for record in state.run.records)
    about = launches_to_go(speedup, precision, trims=not uneven)
    if about is not None and about > least:
        return Cell(f"about {units.whole(about)}", about)
    if least:
        return Cell(f"at least {units.whole(least)}", least)
    if about is None:
        return Cell("too many to tell", None, Tone.UNSURE)
    return Cell("none", 0, Tone.GOOD)


def launches_needed(state: LiveState) -> int:
    """Return how many launches the run should have: those of an interval before that is told."""
    told = [n.notice for n in state.log if isinstance(n.notice, EstimateNotice | WindowsNotice)]
    return told[-1].budget.needed if told else LEAST_LAUNCHES


def _step_strip(variant: VariantSoFar) -> Strip:
    last_ns = variant.windows[-1].per_iteration_ns or 0.0
    ends = (min(variant.shortest_ns), max(variant.longest_ns))
    places = units.duration_decimals(ends)
    return Strip(
        name=variant.name,
        lows=variant.shortest_ns,
        highs=variant.longest_ns,
        text=f"last {units.milliseconds(last_ns, places)} ms",
        range_text=f"{_range(ends, places)} ms",
    )


def _range(ends: Sequence[float], places: int) -> str:
    return " to ".join(units.milliseconds(end, places) for end in ends)


def _curve(variant: VariantSoFar) -> Curve:
    def ends(speedup: Speedup) -> tuple[float, float]:
        nothing = float("nan")
        low, high = speedup.low, speedup.high
        return (nothing if low is None else low), (nothing if high is None else high)

    sides = [ends(speedup) for speedup in variant.speedups]
    last = variant.speedups[-1]
    return Curve(
        name=variant.name,
        xs=tuple(float(speedup.rounds) for speedup in variant.speedups),
        ys=tuple(speedup.ratio for speedup in variant.speedups),
        lows=tuple(low for low, _ in sides),
        highs=tuple(high for _, high in sides),
        last=units.ratio(last.ratio, 3),
    )
