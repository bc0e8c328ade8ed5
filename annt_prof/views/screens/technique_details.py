"""All that is known of one technique of a run: its verdict, what it rests on, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.explain.explanation import Worth
from annt_prof.views.catalogue_view import build_entry
from annt_prof.views.page import Block, Cell, Column, Lines, Row, Said, Sheet, Tone
from annt_prof.views.words import catalogue as words
from annt_prof.views.words.evidence import HELD, line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.explain.explanation import Movement, TechniqueExplanation
    from annt_prof.runs.record import Run
    from annt_prof.views.catalogue_view import OptionEntry
    from annt_prof.views.explanation_view import TechniqueView

DETAILS = frozenset(
    {
        "verdict", "evidence", "signature", "prediction", "pitfalls_found", "pitfalls", "about",
        "options",
    }
)  # fmt: skip
"""Keys of the blocks that are of the chosen technique."""

TONES = {
    Worth.HELPS: Tone.GOOD,
    Worth.HURTS: Tone.BAD,
    Worth.NO_MEASURABLE_EFFECT: Tone.STRONG,
    Worth.NOT_APPLICABLE: Tone.QUIET,
    Worth.INCONCLUSIVE: Tone.UNSURE,
    Worth.NOT_MEASURED: Tone.UNSURE,
}

_EXPECTED = {
    "falls": "falls",
    "may_fall": "may fall",
    "may_rise": "may rise",
    "stays_flat": "stays flat",
}
_NONE = "-"


def build_details(view: TechniqueView, run: Run) -> Iterator[Block]:
    """Yield the blocks of one technique, from its verdict to where it is from."""
    explained = view.explained
    worth = explained.worth.value.replace("_", " ")
    verdict = (Said(explained.reason, tone=TONES[explained.worth]),)
    yield Lines("verdict", f"{explained.name}: {worth}", verdict)
    if view.evidence:
        told = tuple(Said(text, label) for label, text in map(line, view.evidence))
        yield Lines("evidence", "Evidence", told)
    if explained.alone is not None:
        yield _signature(explained)
        yield _prediction(explained)
        yield _found(explained)
    yield from _known(explained.name, run)


def _signature(explained: TechniqueExplanation) -> Sheet:
    movements = explained.signature
    places = units.duration_decimals(abs(m.saving_ns) for m in movements)
    return Sheet(
        key="signature",
        title="Signature: expected against seen, per sample",
        columns=(
            Column("mover", "mover", "A category of the step or a class of kernels.", False),
            Column("expected", "expected", "What the technique's mechanism does to it.", False),
            Column("seen", "seen", "What the traced windows show; unclear within noise.", False),
            Column("change_ns", "moved by ms", "The variant's time less the baseline's."),
            Column("fits", "fits", "Whether what is seen is what was expected.", False),
        ),
        rows=tuple(_movement(movement, places) for movement in movements),
        empty=""
        if movements
        else "not told: it needs traces of both that agree with the timed windows, and an interval",
    )


def _movement(movement: Movement, places: int) -> Row:
    change_ns = -movement.saving_ns
    sign = "+" if change_ns > 0 else ""
    fits = {True: ("yes", Tone.GOOD), False: ("NO", Tone.BAD), None: ("unclear", Tone.UNSURE)}
    said, tone = fits[movement.as_expected]
    return Row(
        f"{movement.expected} {movement.mover}",
        (
            Cell(movement.mover, movement.mover),
            Cell(_EXPECTED.get(movement.expected, movement.expected), movement.expected),
            Cell(movement.seen, movement.seen),
            Cell(f"{sign}{units.milliseconds(change_ns, places)}", change_ns),
            Cell(said, movement.as_expected, tone),
        ),
    )


def _prediction(explained: TechniqueExplanation) -> Sheet:
    bounds, alone = explained.bounds, explained.alone
    rows: list[tuple[str, tuple[int | None, ...]]] = []
    if bounds is not None:
        rows.append(("predicted", (bounds.low_ns, None, bounds.high_ns)))
    if alone is not None:
        rows.append(("measured", (alone.low_ns, alone.ns, alone.high_ns)))
    places = units.duration_decimals(abs(ns) for _, figures in rows for ns in figures if ns)
    held = "nothing tells what it could save, so there is no prediction"
    if bounds is not None:
        held = f"the prediction {HELD[explained.prediction_held]}"
    return Sheet(
        key="prediction",
        title="Predicted against measured: saves per sample",
        columns=(
            Column("which", "", "Told from the baseline alone, or measured alone.", False),
            Column("low_ns", "at least ms", "The lower bound, or the interval's lower end."),
            Column("saving_ns", "saves ms", "What was measured; negative where time is lost."),
            Column("high_ns", "at most ms", "The upper bound, or the interval's upper end."),
        ),
        rows=tuple(
            Row(name, (Cell(name, name), *(_milliseconds(ns, places) for ns in figures)))
            for name, figures in rows
        ),
        notes=(held,),
    )


def _milliseconds(ns: int | None, places: int) -> Cell:
    if ns is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(units.milliseconds(ns, places), ns)


def _found(explained: TechniqueExplanation) -> Lines:
    found = tuple(Said(text, "!", Tone.BAD) for text in explained.pitfalls)
    none = (Said("none of those that are looked for", tone=Tone.QUIET),)
    return Lines("pitfalls_found", "Pitfalls found", found or none)


def _known(name: str, run: Run) -> Iterator[Block]:
    """Yield what is known of the technique whatever the run; a sentence where it is none."""
    try:
        entry = build_entry(name)
    except UserError as error:
        yield Lines("about", "What it is", (Said(_unknown(error, run), tone=Tone.UNSURE),))
        yield from _options(_in_effect(name, run), ())
        return
    if entry.pitfalls:
        looked_for = tuple(Said(words.pitfall(pitfall)) for pitfall in entry.pitfalls)
        yield Lines("pitfalls", "Pitfalls that are looked for", looked_for)
    parts = [Said(text, title) for title, text in words.parts(entry)]
    facts = [Said(text, label) for label, text in words.facts(entry)]
    yield Lines("about", f"What it is: {entry.summary}", (*parts, *facts))
    yield from _options(_in_effect(name, run), entry.options)


def _unknown(error: UserError, run: Run) -> str:
    if run.differences:
        return (
            "no technique, but a setting in which the two scenarios differ; how they differ is "
            "listed above"
        )
    return f"not known here any more: {error.message}"


def _in_effect(name: str, run: Run) -> Mapping[str, Any]:
    """Return a technique's options in the first variant that trains with it."""
    for variant in run.variants:
        for technique in variant.techniques:
            if technique.name == name and technique.options:
                return technique.options
    prefix = f"techniques.{name}."
    return {
        value.path.removeprefix(prefix): value.value
        for value in run.scenario
        if value.path.startswith(prefix)
    }


def _options(given: Mapping[str, Any], known: tuple[OptionEntry, ...]) -> Iterator[Lines]:
    described = {option.name: option for option in known}
    names = (*described, *(name for name in given if name not in described))
    if names:
        said = tuple(_option(name, given, described.get(name)) for name in names)
        yield Lines("options", "Options in effect", said)


def _option(name: str, given: Mapping[str, Any], known: OptionEntry | None) -> Said:
    if known is None:
        return Said(f"{name}: {given[name]}")
    default = str(known.default)
    value = str(given.get(name, default))
    changed = value != default
    of_default = f"default {default}" if changed else "the default"
    tone = Tone.STRONG if changed else Tone.PLAIN
    return Said(f"{name}: {value} ({of_default}). {known.description}", tone=tone)
