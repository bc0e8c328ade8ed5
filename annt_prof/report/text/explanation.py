"""An explanation, for a terminal or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.categories import WhyAssumed
from annt_prof.explain.explanation import Worth
from annt_prof.report.text.lines import INDENT, bullets, heading, indented, labelled, plain
from annt_prof.report.text.tables import Column, Table, names
from annt_prof.report.text.waterfall import waterfall
from annt_prof.views.words.evidence import amount, line, saving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.views.explanation_view import (
        BaselineAgain,
        ExplanationView,
        InteractionView,
        PredictionsView,
        RoundsTaken,
        TechniqueView,
        ThroughputView,
    )

_STYLES = {
    Worth.HELPS: "bold green",
    Worth.HURTS: "bold red",
    Worth.NO_MEASURABLE_EFFECT: "bold",
    Worth.NOT_APPLICABLE: "dim",
    Worth.INCONCLUSIVE: "bold yellow",
    Worth.NOT_MEASURED: "bold yellow",
}
_ITSELF = {
    "differs": "NOT 1: take differences of this size for noise",
    "too_wide": "too wide to tell anything",
    "same": "as it should be",
    "no_interval": "and so no smaller effect is told from none",
}
_WHY_ASSUMED = {
    WhyAssumed.NAMES_DO_NOT_TELL: "kernel names do not tell",
    WhyAssumed.NOT_RECORDED: "this record does not tell kernels' precisions",
}


def render_explanation(view: ExplanationView, console: Console) -> None:
    """Print the verdicts, each with its evidence, and how the whole saving is made up."""
    for part in _parts(view, console.width):
        console.print(part, highlight=False)


def _parts(view: ExplanationView, width: int) -> Iterator[RenderableType]:
    explanation = view.explanation
    yield heading("What each technique is worth", _design(view))
    if not explanation.complete:
        yield plain(f"INCOMPLETE: {explanation.stop}", "bold red")
    yield labelled(_whole(view))
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
        yield bullets("-", map(_interaction, view.interactions))
    if explanation.next_steps:
        yield Text()
        yield heading("What to try next")
        yield bullets("-", explanation.next_steps)


def _design(view: ExplanationView) -> str:
    launches = ""
    if view.explanation.launches:
        launches = f", {units.count(view.explanation.launches, 'launch', 'launches')}"
    shared = ""
    if view.orders is not None:
        shared = (
            f", shares estimated from {view.orders.walked} of {units.whole(view.orders.of)} orders"
        )
    return f"{view.explanation.design}{launches}, per sample{shared}"


def _whole(view: ExplanationView) -> Iterator[tuple[str, str]]:
    if view.explanation.baseline_ns is not None:
        yield "baseline", units.duration(view.explanation.baseline_ns)
    if view.explanation.baseline_failure is not None:
        yield "baseline", view.explanation.baseline_failure
    if view.total is not None:
        yield "whole mix", f"{saving(view.total)}{_over(view.rounds)}"
    if view.stop_matters:
        yield "stopped", view.explanation.stop
    if view.baseline_again is not None:
        yield "itself", _itself(view.baseline_again)
    if view.predictions is not None:
        yield "predictions", _predictions(view.predictions)


def _over(rounds: RoundsTaken | None) -> str:
    if rounds is None:
        return ""
    return f", over {rounds.taken} of {rounds.of} rounds: those of all that it is shared out over"


def _itself(again: BaselineAgain) -> str:
    measured = f"{units.ratio(again.ratio, 3)} (no interval)"
    if again.low is not None and again.high is not None:
        measured = f"{units.ratio(again.low, 3)} to {units.ratio(again.high, 3)}"
    return f"the baseline measured twice is {measured}, {_ITSELF[again.judgement]}"


def _predictions(told: PredictionsView) -> str:
    too_wide = f", {told.num_unsure} too noisy to tell" if told.num_unsure else ""
    return (
        f"{told.num_held} of {told.num_told} held{too_wide}: told from the baseline alone, beside "
        "what was measured"
    )


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
        tuple((row.variant, units.teraflops(row.flops_per_s), _ceiling(row)) for row in rows),
    )


def _ceiling(row: ThroughputView) -> str:
    if row.of_ceiling is None:
        return f"n/a: {row.why_not}" if row.why_not else "n/a"
    said = f"{units.percent(row.of_ceiling)} of {row.dtype}"
    if row.mix:
        mix = ", ".join(f"{units.percent(part.share)} {part.precision}" for part in row.mix)
        said = f"{units.percent(row.of_ceiling)} of what matrix time of {mix} allows"
    if row.assumed_because is None:
        return said
    taken = ", ".join(f"{kind} for {precision}" for kind, precision in row.assumed.items())
    return f"{said}; {_WHY_ASSUMED[row.assumed_because]}, by the settings taken: {taken}"


def _interaction(view: InteractionView) -> str:
    first, second = view.techniques
    much = "more" if view.more else "less"
    return f"{first} and {second} together save {amount(view.by)} {much} than both alone add up to"
