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

_HELD = {True: "held", False: "did NOT hold", None: "too noisy to tell"}


def line(found: Evidence) -> tuple[str, str]:
    """Return the label and the sentence of one line."""
    match found:
        case Alone():
            return "alone", saving(found.saving)
        case GivenOthers():
            return "with others", f"on top of all others it {saving(found.saving)}"
        case Share():
            return "share", f"{amount(found.amount)} of the whole mix's saving"
        case Moved():
            return "moved", _moved(found)
        case Reconciled():
            return "reconciled", _reconciled(found)
        case Signature():
            return "signature", _signature(found)
        case Predicted():
            return "predicted", _predicted(found)
        case CouldSee():
            seen = units.percent(found.smallest_effect)
            return "could see", f"a saving of {seen} of the time, four times out of five"
        case FirstStep():
            return "first step", _first_step(found)
        case Rounding():
            return "rounding", _rounding(found)
        case LossScale():
            return "loss scale", _loss_scale(found)
        case Mathematics():
            return "mathematics", found.text


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


def _moved(found: Moved) -> str:
    shown = [f"{part.category} {_change(part.change_ns)}" for part in found.categories]
    if found.others_ns is not None:
        shown.append(f"others {_change(found.others_ns)}")
    if found.not_in_traces_ns is not None:
        shown.append(f"not in the traces {_change(found.not_in_traces_ns)}")
    return ", ".join(shown) if shown else "nothing"


def _change(ns: int) -> str:
    return f"{'+' if ns > 0 else ''}{units.duration(ns)}"


def _reconciled(found: Reconciled) -> str:
    return (
        f"the traced windows, taken once, show {units.duration(found.traced_ns)} of it; "
        f"{units.duration(found.left_ns)} is left that they do not show"
    )


def _signature(found: Signature) -> str:
    said = {
        "as expected fell": found.fell,
        "should have fallen and did not": found.not_fallen,
        "should have stayed flat and did not": found.not_flat,
        "too noisy to tell": found.unclear,
    }
    lines = [f"{what} {', '.join(movers)}" for what, movers in said.items() if movers]
    return "; ".join(lines) if lines else "nothing that it moves is measured here"


def _predicted(found: Predicted) -> str:
    low, high = units.duration(found.low_ns), units.duration(found.high_ns)
    by = "" if found.off_ns is None else f", off by {units.duration(found.off_ns)}"
    return f"{low} to {high}: {found.basis}; {_HELD[found.held]}{by}"


def _first_step(found: FirstStep) -> str:
    longer = f"{units.seconds_alone(found.extra_s, 1)} longer than the baseline's, once"
    if found.paid_back_after is None:
        return f"{longer}; nothing that is measured here pays it back"
    return f"{longer}; paid back after {units.whole(found.paid_back_after)} iterations"


def _rounding(found: Rounding) -> str:
    return (
        f"{found.of} to {found.dtype}: mean |x - Q(x)| "
        f"{units.scientific(found.mean_absolute_error)}, "
        f"{units.percent(found.relative_error, 2)} of mean |x|; "
        f"{units.percent(found.underflow, 2)} underflow, "
        f"{units.percent(found.overflow, 2)} overflow"
    )


def _loss_scale(found: LossScale) -> str:
    steps = units.count(found.num_steps, "step")
    skipped = units.count(found.num_skipped, "step")
    return f"{units.as_given(found.first)} to {units.as_given(found.last)} over {steps}, {skipped} skipped"
