"""What predictions rest on, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from annt_prof.views.advice_view import AdviceView, PredictedSaving

_CEILINGS = {
    "not_calibrated": "this machine is not calibrated, so upper bounds are wide: annt-prof doctor "
    "--calibrate",
    "not_told": "a trace does not tell what its machine can do at most, so upper bounds are wide",
}


def step(view: AdviceView) -> str:
    """Say of which step the predictions are."""
    said = "the step as it was traced," if view.as_traced else "a step of"
    return f"{said} {units.duration(view.step_ns)}"


def ceilings(view: AdviceView) -> str | None:
    """Say why upper bounds are wide; None where they are not."""
    return _CEILINGS.get(view.ceilings)


def limit(saving: PredictedSaving) -> str:
    """Say what an upper bound is made of."""
    return f"it cannot save more than {saving.basis}"
