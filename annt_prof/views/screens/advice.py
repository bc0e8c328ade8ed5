"""What to try next: what each technique could save, and the lines that turn it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.views.catalogue_view import build_entry
from annt_prof.views.page import Block, Cell, Column, Lines, Page, Row, Said, Sheet, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.technique_details import TONES
from annt_prof.views.words import advice as words
from annt_prof.views.words import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.explain.explanation import Explanation, Worth
    from annt_prof.views.advice_view import AdviceView, PredictedSaving

PREDICTIONS = "predictions"
"""The key of the sheet whose cursor chooses."""

DETAILS = frozenset({"limit", "change", "technique"})
"""Keys of the blocks that are of the chosen technique."""

CHANGE = "change"
"""The key of the lines that turn it on, which are verbatim, or of a sentence that says why none."""

_NONE = "-"


def build_advice_page(
    title: str,
    advice: AdviceView | UserError | None,
    explanation: Explanation | None = None,
    chosen: str | None = None,
) -> Page:
    """Return what to try next.

    Args:
        title: Of the run or the trace.
        advice: Told from it; why there is none, or None where it is not there yet.
        explanation: Of the run; None of a trace, and where it is not there yet.
        chosen: Of which technique all is to be told; the first, unless it is one of them.
    """
    return Page(Screen.ADVICE, title, tuple(_blocks(advice, explanation, chosen)))


def _blocks(
    advice: AdviceView | UserError | None, explanation: Explanation | None, chosen: str | None
) -> Iterator[Block]:
    measured = {} if explanation is None else {t.name: t.worth for t in explanation.techniques}
    if advice is None:
        waiting = Said(
            "reading, and working out what each technique could save ...", tone=Tone.QUIET
        )
        yield Lines("waiting", "", (waiting,))
    elif isinstance(advice, UserError):
        said = (Said(f"nothing to predict from: {advice.message}", tone=Tone.UNSURE),)
        yield Lines("why_none", "What each technique could save", said)
    else:
        yield _sheet(advice, measured)
    if explanation is not None:
        steps = tuple(Said(step) for step in explanation.next_steps)
        none = (Said("nothing that this run tells of is worth a try", tone=Tone.QUIET),)
        yield Lines("next_steps", "What to try next", steps or none)
    if advice is None or isinstance(advice, UserError):
        return
    if advice.not_predicted:
        reasons = tuple(Said(f"{none.name}: {none.reason}") for none in advice.not_predicted)
        yield Lines("not_predicted", "Not predicted", reasons)
    if advice.predicted:
        named = {saving.name: saving for saving in advice.predicted}
        yield from _details(named.get(chosen or "", advice.predicted[0]), measured)


def _sheet(advice: AdviceView, measured: Mapping[str, Worth]) -> Sheet:
    ceilings = words.ceilings(advice)
    return Sheet(
        key=PREDICTIONS,
        title=f"What each technique could save of {words.step(advice)}",
        columns=tuple(_columns(of_a_run=not advice.as_traced)),
        rows=tuple(_row(saving, advice, measured) for saving in advice.predicted),
        notes=() if ceilings is None else (ceilings,),
        empty="" if advice.predicted else "no technique could act on this step",
    )


def _columns(*, of_a_run: bool) -> Iterator[Column]:
    yield Column("technique", "technique", "One tuning switch, with its default options.", False)
    yield Column("low_ns", "at least ms", "Of an iteration; negative where it may cost time.")
    yield Column("high_ns", "at most ms", "Of an iteration: what its mechanism accounts for.")
    yield Column("share", "of the step", "The upper bound as a share of the step.")
    if of_a_run:
        yield Column(
            "measured", "measured", "What it was worth alone, where this run tells.", False
        )


def _row(saving: PredictedSaving, advice: AdviceView, measured: Mapping[str, Worth]) -> Row:
    nothing = saving.high_ns <= 0
    tone = Tone.QUIET if nothing else Tone.PLAIN
    cells = [
        Cell(saving.name, saving.name, tone if nothing else Tone.STRONG),
        Cell(units.milliseconds(saving.low_ns, advice.decimals), saving.low_ns, tone),
        Cell(units.milliseconds(saving.high_ns, advice.decimals), saving.high_ns, tone),
        Cell(units.percent(saving.share), saving.share, tone),
    ]
    if not advice.as_traced:
        cells.append(_measured(measured.get(saving.name)))
    return Row(saving.name, tuple(cells))


def _measured(worth: Worth | None) -> Cell:
    if worth is None:
        return Cell(_NONE, None, Tone.QUIET)
    return Cell(worth.value.replace("_", " "), worth.value, TONES[worth])


def _details(saving: PredictedSaving, measured: Mapping[str, Worth]) -> Iterator[Block]:
    yield Lines("limit", saving.name, (Said(words.limit(saving)),))
    yield _change(saving.name, in_mix=saving.name in measured)
    try:
        entry = build_entry(saving.name)
    except UserError as error:
        yield Lines("technique", "What it is", (Said(error.message, tone=Tone.UNSURE),))
        return
    parts = tuple(Said(text, label) for label, text in catalogue.parts(entry))
    changes = Said(entry.mathematics, "mathematics")
    yield Lines("technique", f"What it is: {entry.summary}", (*parts, changes))


def _change(name: str, *, in_mix: bool) -> Lines:
    if in_mix:
        said = Said("it is in this run's mix already: the Techniques screen tells its worth")
        return Lines(CHANGE, "The change", (said,))
    # Writing YAML is slow to import.
    from annt_prof.scenario.addition import lines_to_add

    try:
        lines = lines_to_add(name)
    except UserError as error:
        return Lines(CHANGE, "The change", (Said(error.message, tone=Tone.UNSURE),))
    text = tuple(map(Said, lines.splitlines()))
    return Lines(CHANGE, "Lines to add to the scenario", text, verbatim=True)
