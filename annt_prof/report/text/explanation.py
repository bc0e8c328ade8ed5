"""An explanation, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.explain.explanation import Worth
from annt_prof.report.text.lines import INDENT, bullets, heading, indented, labelled, plain
from annt_prof.report.text.tables import Column, Table, names
from annt_prof.report.text.waterfall import waterfall
from annt_prof.views.words import explanation as words
from annt_prof.views.words.evidence import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.explanation_view import ExplanationView, TechniqueView, ThroughputView

_STYLES = {
    Worth.HELPS: "bold green",
    Worth.HURTS: "bold red",
    Worth.NO_MEASURABLE_EFFECT: "bold",
    Worth.NOT_APPLICABLE: "dim",
    Worth.INCONCLUSIVE: "bold yellow",
    Worth.NOT_MEASURED: "bold yellow",
}


def render_explanation(view: ExplanationView, console: Console) -> None:
    """Print the verdicts, each with its evidence, and how the whole saving is made up."""
    for part in _parts(view, console.width):
        console.print(part, highlight=False)


def _parts(view: ExplanationView, width: int) -> Iterator[RenderableType]:
    explanation = view.explanation
    yield heading("What each technique is worth", words.design(view))
    if not explanation.complete:
        yield plain(f"INCOMPLETE: {explanation.stop}", "bold red")
    yield labelled(words.whole(view))
    if explanation.not_as_asked:
        yield plain("Not as the scenario asks", "bold yellow")
        yield bullets("!", explanation.not_as_asked)
    if explanation.differences:
        yield Text()
        yield heading("How the two scenarios differ", "each is a factor below")
        yield bullets("-", explanation.differences)
        yield heading("What is the same in both", "whatever one might think")
        yield bullets("=", explanation.same_in_both)
    if view.waterfall is not None:
        yield Text()
        yield from waterfall(view.waterfall, width)
    for technique in view.techniques:
        yield Text()
        yield from _technique(technique)
    if view.throughputs:
        yield Text()
        yield heading("Computational throughput", "operations of both passes over the step's time")
        yield _throughputs(view.throughputs)
    if view.interactions:
        yield Text()
        yield heading("Together they are worth more or less than alone")
        yield bullets("-", map(words.interaction, view.interactions))
    if explanation.next_steps:
        yield Text()
        yield heading("What to try next")
        yield bullets("-", explanation.next_steps)


def _technique(view: TechniqueView) -> Iterator[RenderableType]:
    explained = view.explained
    worth = plain(explained.worth.value.replace("_", " "), _STYLES[explained.worth])
    yield Text.assemble(plain(explained.name, "bold"), "  ", worth)
    yield indented(plain(explained.reason))
    yield labelled(map(line, view.evidence), INDENT)
    if explained.pitfalls:
        yield bullets("!", explained.pitfalls)


def _throughputs(rows: tuple[ThroughputView, ...]) -> RenderableType:
    return Table(
        (names("variant"), Column("TFLOP/s"), names("of the ceiling")),
        tuple((row.variant, units.teraflops(row.flops_per_s), words.ceiling(row)) for row in rows),
    )
