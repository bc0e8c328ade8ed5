"""What an explanation says of a whole run, in words: how it was measured and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import WhyAssumed
from annt_prof.views.words.evidence import amount, saving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.explanation_view import (
        BaselineAgain,
        ExplanationView,
        InteractionView,
        PredictionsView,
        RoundsTaken,
        ThroughputView,
    )

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


def design(view: ExplanationView) -> str:
    """Say how the variants were chosen and in how many launches they were measured."""
    launches = ""
    if view.explanation.launches:
        launches = f", {units.count(view.explanation.launches, 'launch', 'launches')}"
    shared = ""
    if view.orders is not None:
        shared = (
            f", shares estimated from {view.orders.walked} of {units.whole(view.orders.of)} orders"
        )
    return f"{view.explanation.design}{launches}, per sample{shared}"


def whole(view: ExplanationView) -> Iterator[tuple[str, str]]:
    """Yield a label and a sentence for each thing that is told of the whole run."""
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


def ceiling(row: ThroughputView) -> str:
    """Say how much of what the machine can do at most a variant reaches."""
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


def interaction(view: InteractionView) -> str:
    """Say what two techniques are worth together beyond what each is alone."""
    first, second = view.techniques
    much = "more" if view.more else "less"
    return f"{first} and {second} together save {amount(view.by)} {much} than both alone add up to"
