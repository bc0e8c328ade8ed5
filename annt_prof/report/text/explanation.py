"""An explanation, for a terminal or a pipe."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from annt_prof import units
from annt_prof.explain.explanation import Amount, Worth
from annt_prof.report.text.lines import INDENT, bullets, heading, indented, labelled, plain
from annt_prof.report.text.tables import table_of
from annt_prof.report.text.waterfall import waterfall
from annt_prof.runs.verdict import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, RenderableType

    from annt_prof.explain.explanation import (
        Bounds,
        Explanation,
        TechniqueExplanation,
        Throughput,
    )
    from annt_prof.runs.record import Numerics, Speedup
    from annt_prof.runs.verdict import Verdict

_STYLES = {
    Worth.HELPS: "bold green",
    Worth.HURTS: "bold red",
    Worth.NO_MEASURABLE_EFFECT: "bold",
    Worth.NOT_APPLICABLE: "dim",
    Worth.INCONCLUSIVE: "bold yellow",
}
_MOST_CATEGORIES = 6
_LONG_FIRST_STEP_S = 1.0


def render_explanation(explanation: Explanation, console: Console) -> None:
    """Print the verdicts, each with its evidence, and how the whole saving is made up."""
    for part in _parts(explanation, console.width):
        console.print(part, highlight=False)


def _parts(explanation: Explanation, width: int) -> Iterator[RenderableType]:
    yield heading("What each technique is worth", _design(explanation))
    if not explanation.complete:
        yield plain(f"INCOMPLETE: {explanation.stop}", "bold red")
    yield from _whole(explanation)
    if explanation.not_as_asked:
        yield plain("Not as the scenario asks", "bold yellow")
        yield bullets("!", explanation.not_as_asked)
    if explanation.differences:
        yield Text()
        yield heading("How the two scenarios differ", "each is a factor below")
        yield bullets("-", explanation.differences)
        yield heading("What is the same in both", "whatever one might think")
        yield bullets("=", explanation.same_in_both)
    lines = list(waterfall(explanation, width))
    if lines:
        yield Text()
        yield from lines
    for each in explanation.techniques:
        yield Text()
        yield Text.assemble(
            plain(each.name, "bold"), "  ", plain(_said(each.worth), _STYLES[each.worth])
        )
        yield indented(plain(each.reason))
        yield labelled(_evidence(each), INDENT)
        if each.pitfalls:
            yield bullets("!", each.pitfalls)
    if explanation.throughputs:
        yield Text()
        yield heading("Computational throughput", "operations of both passes over the step's time")
        yield _throughputs(explanation)
    if explanation.interactions:
        yield Text()
        yield heading("Together they are worth more or less than alone")
        yield bullets("-", list(_interactions(explanation)))
    if explanation.next_steps:
        yield Text()
        yield heading("What to try next")
        yield bullets("-", explanation.next_steps)


def _design(explanation: Explanation) -> str:
    launches = units.count(explanation.launches, "launch", "launches")
    acting = [each for each in explanation.techniques if each.worth is not Worth.NOT_APPLICABLE]
    walked, of = explanation.orders, math.factorial(len(acting))
    shared = ""
    if walked and walked < of:
        shared = f", shares estimated from {walked} of {units.whole(of)} orders"
    return f"{explanation.design}, {launches}, per sample{shared}"


def _said(worth: Worth) -> str:
    return worth.value.replace("_", " ")


def _whole(explanation: Explanation) -> Iterator[RenderableType]:
    facts = []
    if explanation.baseline_ns is not None:
        facts.append(("baseline", units.duration(explanation.baseline_ns)))
    if explanation.total is not None:
        facts.append(("whole mix", _saves(explanation.total)))
    if explanation.launches == 1:
        facts.append(("stopped", explanation.stop))
    if explanation.baseline_again is not None and explanation.verdict_on_again is not None:
        said = _itself(explanation.baseline_again, explanation.verdict_on_again)
        facts.extend([] if said is None else [("itself", said)])
    told = [each for each in explanation.techniques if each.bounds is not None]
    if told:
        facts.append(("predictions", _predictions(told)))
    yield labelled(facts)


def _itself(again: Speedup, verdict: Verdict) -> str | None:
    """Say whether the baseline is the same as itself; nothing where there is no interval."""
    low, high = again.low, again.high
    if low is None or high is None:
        return None
    interval = f"the baseline measured twice is {units.ratio(low, 3)} to {units.ratio(high, 3)}"
    if verdict.as_far_as_baseline or verdict.effect in (Effect.FASTER, Effect.SLOWER):
        return f"{interval}, NOT 1: take differences of this size for noise"
    if verdict.effect is not Effect.NO_MEASURABLE_EFFECT:
        return f"{interval}, too wide to tell anything"
    return f"{interval}, as it should be"


def _predictions(told: list[TechniqueExplanation]) -> str:
    held = sum(each.prediction_held is True for each in told)
    unsure = sum(each.prediction_held is None for each in told)
    too_wide = f", {unsure} too noisy to tell" if unsure else ""
    return (
        f"{held} of {len(told)} held{too_wide}: told from the baseline alone, beside what was "
        "measured"
    )


def _evidence(each: TechniqueExplanation) -> Iterator[tuple[str, str]]:
    if each.alone is not None:
        yield "alone", _saves(each.alone)
    if each.given_others is not None and each.given_others != each.alone:
        yield "with others", f"on top of all others it {_saves(each.given_others)}"
    if each.share is not None:
        yield "share", f"{_amount(each.share)} of the whole mix's saving"
    if each.saving_by_category_ns is not None:
        yield "moved", _categories(each)
    if each.traced_ns is not None and each.unreconciled_ns is not None:
        yield "reconciled", _reconciled(each.traced_ns, each.unreconciled_ns)
    if each.signature:
        yield "signature", _signature(each)
    if each.bounds is not None:
        yield "predicted", _predicted(each, each.bounds)
    if each.smallest_effect is not None:
        seen = units.percent(each.smallest_effect)
        yield "could see", f"a saving of {seen} of the time, four times out of five"
    extra_s = each.extra_first_step_s
    if extra_s is not None and extra_s > _LONG_FIRST_STEP_S:
        yield "first step", _first_step(extra_s, each.paid_back_after)
    if each.numerics is not None:
        yield from _numerics(each.numerics)
    if each.mathematics:
        yield "mathematics", each.mathematics


def _predicted(each: TechniqueExplanation, bounds: Bounds) -> str:
    low, high = units.duration(bounds.low_ns), units.duration(bounds.high_ns)
    held = {True: "held", False: "did NOT hold", None: "too noisy to tell"}[each.prediction_held]
    off = each.prediction_error_ns
    by = f", off by {units.duration(abs(off))}" if off and each.prediction_held is False else ""
    return f"{low} to {high}: {bounds.basis}; {held}{by}"


def _reconciled(traced_ns: int, unreconciled_ns: int) -> str:
    return (
        f"the traced windows, taken once, show {units.duration(traced_ns)} of it; "
        f"{units.duration(unreconciled_ns)} is left that they do not show"
    )


def _first_step(extra_s: float, paid_back_after: int | None) -> str:
    longer = f"{units.seconds_alone(extra_s, 1)} longer than the baseline's, once"
    if paid_back_after is None:
        return f"{longer}; nothing that is measured here pays it back"
    return f"{longer}; paid back after {units.whole(paid_back_after)} iterations"


def _numerics(numerics: Numerics) -> Iterator[tuple[str, str]]:
    for error in numerics.quantisation:
        relative = (
            error.mean_absolute_error / error.mean_absolute_value
            if error.mean_absolute_value
            else 0.0
        )
        yield (
            "rounding",
            f"{error.of} to {error.dtype}: mean |x - Q(x)| "
            f"{units.scientific(error.mean_absolute_error)}, "
            f"{units.percent(relative, 2)} of mean |x|; {units.percent(error.underflow, 2)} "
            f"underflow, {units.percent(error.overflow, 2)} overflow",
        )
    if numerics.loss_scale:
        first, last = (units.as_given(numerics.loss_scale[end]) for end in (0, -1))
        steps = units.count(len(numerics.loss_scale) - 1, "step")
        skipped = units.count(numerics.skipped_steps, "step")
        yield "loss scale", f"{first} to {last} over {steps}, {skipped} skipped"


def _throughputs(explanation: Explanation) -> RenderableType:
    table = table_of(("variant", "left"), ("TFLOP/s", "right"), ("of the ceiling", "left"))
    for each in explanation.throughputs:
        table.add_row(plain(each.variant), units.teraflops(each.flops_per_s), plain(_ceiling(each)))
    return table


def _ceiling(each: Throughput) -> str:
    if each.of_ceiling is None:
        return f"n/a: {each.why_not}" if each.why_not else "n/a"
    if len(each.precisions) < 2:
        said = f"{units.percent(each.of_ceiling)} of {each.dtype}"
    else:
        parts = sorted(each.precisions.items(), key=lambda item: -item[1])
        mix = ", ".join(f"{units.percent(share)} {precision}" for precision, share in parts)
        said = f"{units.percent(each.of_ceiling)} of what matrix time of {mix} allows"
    if not each.assumed:
        return said
    taken = ", ".join(f"{kind} for {precision}" for kind, precision in each.assumed.items())
    return f"{said}; kernel names do not tell, by the settings taken: {taken}"


def _saves(amount: Amount) -> str:
    """Return what is saved or lost, never a negative amount of it."""
    if amount.ns >= 0:
        return f"saves {_amount(amount)}"
    turned = Amount(
        -amount.ns,
        None if amount.high is None else -amount.high,
        None if amount.low is None else -amount.low,
    )
    return f"costs {_amount(turned)}"


def _amount(amount: Amount) -> str:
    if amount.low is None or amount.high is None:
        return f"{units.duration(amount.ns)} (no interval)"
    places = units.duration_decimals([amount.ns, amount.low, amount.high])
    ns, low, high = (
        units.milliseconds(each, places) for each in (amount.ns, amount.low, amount.high)
    )
    return f"{ns} ms (95 % interval {low} to {high})"


def _categories(each: TechniqueExplanation) -> str:
    found = each.saving_by_category_ns or {}
    moved = sorted(((n, ns) for n, ns in found.items() if ns), key=lambda item: -abs(item[1]))
    shown = [f"{name} {_change(-ns)}" for name, ns in moved[:_MOST_CATEGORIES]]
    rest = sum(ns for _, ns in moved[_MOST_CATEGORIES:])
    if rest:
        shown.append(f"others {_change(-rest)}")
    lacking = each.not_in_trace_ns or 0
    if abs(lacking) > len(found):  # more than rounding leaves
        shown.append(f"not in the traces {_change(-lacking)}")
    return ", ".join(shown) if shown else "nothing"


def _change(ns: int) -> str:
    return f"{'+' if ns > 0 else ''}{units.duration(ns)}"


def _signature(each: TechniqueExplanation) -> str:
    falls = [m for m in each.signature if m.expected == "falls"]
    flat = [m for m in each.signature if m.expected == "stays_flat"]
    found = {
        "as expected fell": [m.mover for m in falls if m.seen == "fell"],
        "should have fallen and did not": [m.mover for m in falls if m.seen in ("flat", "rose")],
        "should have stayed flat and did not": [m.mover for m in flat if m.as_expected is False],
        "too noisy to tell": [m.mover for m in (*falls, *flat) if m.seen == "unclear"],
    }
    said = [f"{what} {', '.join(movers)}" for what, movers in found.items() if movers]
    return "; ".join(said) if said else "nothing that it moves is measured here"


def _interactions(explanation: Explanation) -> Iterator[str]:
    for each in explanation.interactions:
        extra, (one, other) = each.extra, each.techniques
        if extra.ns > 0:
            yield f"{one} and {other} together save {_amount(extra)} more than both alone add up to"
        else:
            less = Amount(-extra.ns, extra.high and -extra.high, extra.low and -extra.low)
            yield f"{one} and {other} together save {_amount(less)} less than both alone add up to"
