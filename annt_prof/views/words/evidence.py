"""The evidence for a verdict in words, a label and a sentence for each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.evidence import (
    Alone,
    CouldSee,
    Evidence,
    FirstStep,
    GivenOthers,
    LossScale,
    Mathematics,
    Moved,
    Predicted,
    Reconciled,
    Rounding,
    Share,
    Signature,
)

if TYPE_CHECKING:
    from annt_prof.views.amounts import AmountView, SavingView

HELD = {True: "held", False: "did NOT hold", None: "too noisy to tell"}
"""Whether a prediction held."""


def line(evidence: Evidence) -> tuple[str, str]:
    """Return the label and the sentence of one line."""
    match evidence:
        case Alone():
            return "alone", saving(evidence.saving)
        case GivenOthers():
            return "with others", f"on top of all others it {saving(evidence.saving)}"
        case Share():
            return "share", f"{amount(evidence.amount)} of the whole mix's saving"
        case Moved():
            return "moved", _moved(evidence)
        case Reconciled():
            return "reconciled", _reconciled(evidence)
        case Signature():
            return "signature", _signature(evidence)
        case Predicted():
            return "predicted", _predicted(evidence)
        case CouldSee():
            seen = units.percent(evidence.smallest_effect)
            return "could see", f"a saving of {seen} of the time, four times out of five"
        case FirstStep():
            return "first step", _first_step(evidence)
        case Rounding():
            return "rounding", _rounding(evidence)
        case LossScale():
            return "loss scale", _loss_scale(evidence)
        case Mathematics():
            return "mathematics", evidence.text


def saving(view: SavingView) -> str:
    """Return what is saved or lost, never a negative amount of it."""
    return f"{'saves' if view.saves else 'costs'} {amount(view.amount)}"


def amount(view: AmountView) -> str:
    """Return an amount with its interval."""
    ns = units.milliseconds(view.ns, view.duration_decimals)
    if view.low_ns is None or view.high_ns is None:
        return f"{ns} ms (no interval)"
    low = units.milliseconds(view.low_ns, view.duration_decimals)
    high = units.milliseconds(view.high_ns, view.duration_decimals)
    return f"{ns} ms (95 % interval {low} to {high})"


def _moved(moved: Moved) -> str:
    shown = [f"{part.category} {_change(part.change_ns)}" for part in moved.categories]
    if moved.others_ns is not None:
        shown.append(f"others {_change(moved.others_ns)}")
    if moved.not_in_traces_ns is not None:
        shown.append(f"not in the traces {_change(moved.not_in_traces_ns)}")
    return ", ".join(shown) if shown else "nothing"


def _change(ns: int) -> str:
    return f"{'+' if ns > 0 else ''}{units.duration(ns)}"


def _reconciled(compared: Reconciled) -> str:
    return (
        f"the traced windows, taken once, show {units.duration(compared.traced_ns)} of it; "
        f"{units.duration(compared.left_ns)} is left that they do not show"
    )


def _signature(signature: Signature) -> str:
    said = {
        "as expected fell": signature.fell,
        "should have fallen and did not": signature.not_fallen,
        "should have stayed flat and did not": signature.not_flat,
        "too noisy to tell": signature.unclear,
    }
    lines = [f"{what} {', '.join(movers)}" for what, movers in said.items() if movers]
    return "; ".join(lines) if lines else "nothing that it moves is measured here"


def _predicted(predicted: Predicted) -> str:
    low, high = units.duration(predicted.low_ns), units.duration(predicted.high_ns)
    by = "" if predicted.off_ns is None else f", off by {units.duration(predicted.off_ns)}"
    return f"{low} to {high}: {predicted.basis}; {HELD[predicted.held]}{by}"


def _first_step(step: FirstStep) -> str:
    longer = f"{units.seconds_alone(step.extra_s, 1)} longer than the baseline's, once"
    if step.paid_back_after is None:
        return f"{longer}; nothing that is measured here pays it back"
    return f"{longer}; paid back after {units.whole(step.paid_back_after)} iterations"


def _rounding(rounding: Rounding) -> str:
    return (
        f"{rounding.of} to {rounding.dtype}: mean |x - Q(x)| "
        f"{units.scientific(rounding.mean_absolute_error)}, "
        f"{units.percent(rounding.relative_error, 2)} of mean |x|; "
        f"{units.percent(rounding.underflow, 2)} underflow, "
        f"{units.percent(rounding.overflow, 2)} overflow"
    )


def _loss_scale(scale: LossScale) -> str:
    steps = units.count(scale.num_steps, "step")
    skipped = units.count(scale.num_skipped, "step")
    first, last = units.as_given(scale.first), units.as_given(scale.last)
    return f"{first} to {last} over {steps}, {skipped} skipped"
