"""What each technique is worth: the waterfall, a table of all, and all that is known of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.explanation_view import build_explanation_view
from annt_prof.views.page import Block, Cell, Column, Lines, Page, Row, Said, Sheet, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.technique_details import TONES, build_details
from annt_prof.views.waterfall_bars import build_waterfall_bars
from annt_prof.views.words import explanation as words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.explain.explanation import Amount, Explanation, TechniqueExplanation
    from annt_prof.views.explanation_view import ExplanationView, ThroughputView
    from annt_prof.views.screens.source import RunSource

TECHNIQUES = "techniques"
"""The key of the sheet whose cursor chooses."""

_NONE = "-"
_HELD = {True: ("held", Tone.GOOD), False: ("NOT held", Tone.BAD), None: ("noisy", Tone.UNSURE)}


def build_techniques_page(
    source: RunSource, explanation: Explanation | None, chosen: str | None = None
) -> Page:
    """Return what each technique is worth and why.

    Args:
        source: Of a run, finished or not.
        explanation: Of the same run; None where it is not there yet.
        chosen: Of which technique all is to be told; the first, unless it is one of the run.
    """
    if explanation is None:
        waiting = Said("working out what each technique is worth ...", tone=Tone.QUIET)
        return Page(Screen.TECHNIQUES, source.title, (Lines("waiting", "", (waiting,)),))
    view = build_explanation_view(explanation)
    return Page(Screen.TECHNIQUES, source.title, tuple(_blocks(source, view, chosen)))


def _blocks(source: RunSource, view: ExplanationView, chosen: str | None) -> Iterator[Block]:
    explanation = view.explanation
    yield _sheet(view)
    yield build_waterfall_bars(view.waterfall, explanation, source.run)
    yield Lines("whole", "The whole mix", tuple(_whole(view)))
    if explanation.not_as_asked:
        said = tuple(Said(text, tone=Tone.UNSURE) for text in explanation.not_as_asked)
        yield Lines("not_as_asked", "Not as the scenario asks", said)
    if explanation.differences:
        yield _listed("differences", "How the two scenarios differ", explanation.differences)
        yield _listed("same", "What is the same in both", explanation.same_in_both)
    if view.interactions:
        said = tuple(Said(words.interaction(pair)) for pair in view.interactions)
        title = "Together they are worth more or less than alone"
        yield Lines("interactions", title, said)
    if view.throughputs:
        yield _throughputs(view.throughputs)
    named = {technique.explained.name: technique for technique in view.techniques}
    if named:
        yield from build_details(named.get(chosen or "", view.techniques[0]), source.run)


def _whole(view: ExplanationView) -> Iterator[Said]:
    explanation = view.explanation
    if not explanation.complete:
        yield Said(f"INCOMPLETE: {explanation.stop}", tone=Tone.BAD)
    yield Said(words.design(view), "design")
    yield from (Said(text, label) for label, text in words.whole(view))


def _listed(key: str, title: str, sentences: tuple[str, ...]) -> Lines:
    return Lines(key, title, tuple(map(Said, sentences)))


def _sheet(view: ExplanationView) -> Sheet:
    explained = [technique.explained for technique in view.techniques]
    places = units.duration_decimals(abs(ns) for each in explained for ns in _figures(each))
    return Sheet(
        key=TECHNIQUES,
        title="Techniques, time saved per sample",
        columns=tuple(_columns()),
        rows=tuple(_row(each, places) for each in explained),
        empty="" if explained else "no technique was to be measured: the baseline is alone",
    )


def _figures(technique: TechniqueExplanation) -> Iterator[int]:
    for amount in (technique.alone, technique.given_others, technique.share):
        if amount is not None:
            yield amount.ns
    if technique.bounds is not None:
        yield from (technique.bounds.low_ns, technique.bounds.high_ns)


def _columns() -> Iterator[Column]:
    yield Column("technique", "technique", "One tuning switch.", False, True)
    yield Column("worth", "worth", "What it is worth alone, as far as launches tell.", False)
    yield Column(
        "alone_ns", "saves ms", "Alone against the baseline, per sample; negative: it costs time."
    )
    yield Column(
        "interval_ns",
        "95 % interval",
        "Of that, over launches: fresh processes.",
        False,
        interval=True,
    )
    yield Column(
        "given_others_ns", "on top ms", "What it saves per sample on top of all the others."
    )
    yield Column(
        "share_ns", "share ms", "Its share of the whole mix's saving; the shares sum to that."
    )
    yield Column("low_ns", "at least ms", "What it should save, told from the baseline alone.")
    yield Column("high_ns", "at most ms", "What its mechanism accounts for, at most.")
    yield Column("held", "prediction", "Whether the measured saving meets these bounds.", False)


def _row(technique: TechniqueExplanation, places: int) -> Row:
    bounds = technique.bounds
    worth = technique.worth
    held = Cell(_NONE, None, Tone.QUIET)
    if bounds is not None:
        said, tone = _HELD[technique.prediction_held]
        held = Cell(said, technique.prediction_held, tone)
    return Row(
        technique.name,
        (
            Cell(technique.name, technique.name, Tone.STRONG),
            Cell(worth.value.replace("_", " "), worth.value, TONES[worth]),
            _amount(technique.alone, places),
            _interval(technique.alone, places),
            _amount(_with_interval(technique.given_others), places),
            _amount(_with_interval(technique.share), places),
            _time(None if bounds is None else bounds.low_ns, places),
            _time(None if bounds is None else bounds.high_ns, places),
            held,
        ),
    )


def _with_interval(amount: Amount | None) -> Amount | None:
    """Return what has one: it has no column here, and a saving without it is no fact."""
    return None if amount is None or amount.low_ns is None else amount


def _amount(amount: Amount | None, places: int) -> Cell:
    return _time(None if amount is None else amount.ns, places)


def _time(ns: int | None, places: int) -> Cell:
    if ns is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(units.milliseconds(ns, places), ns)


def _interval(amount: Amount | None, places: int) -> Cell:
    if amount is None:
        return Cell(_NONE, None, Tone.QUIET)
    if amount.low_ns is None or amount.high_ns is None:
        return Cell("none: too few launches", None, Tone.UNSURE)
    low, high = (units.milliseconds(ns, places) for ns in (amount.low_ns, amount.high_ns))
    return Cell(f"{low} to {high}", amount.low_ns, high=amount.high_ns)


def _throughputs(rows: tuple[ThroughputView, ...]) -> Sheet:
    return Sheet(
        key="throughputs",
        title="Computational throughput: operations of both passes over the step's time",
        columns=(
            Column("variant", "variant", "One set of techniques.", False, True),
            Column("flops_per_s", "TFLOP/s", "Operations of both passes over the step's time."),
            Column(
                "of_ceiling",
                "of the ceiling",
                "Of what this machine was measured to do at most in the same precisions.",
                False,
            ),
        ),
        rows=tuple(
            Row(
                row.variant,
                (
                    Cell(row.variant, row.variant),
                    Cell(units.teraflops(row.flops_per_s), row.flops_per_s),
                    Cell(words.ceiling(row), row.of_ceiling),
                ),
            )
            for row in rows
        ),
    )
