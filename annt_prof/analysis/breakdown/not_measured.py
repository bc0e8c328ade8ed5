"""Which categories a trace can show, and why not the others: not measured is not zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.breakdown.communication import is_distributed
from annt_prof.categories import Category, Phase

if TYPE_CHECKING:
    from annt_prof.analysis.timeline.phases import Phases
    from annt_prof.analysis.timeline.timeline import Timeline

# What torch does not annotate by itself, or only if it was used the usual way.
_UNANNOTATED = {
    Category.DATA_LOADING: "no DataLoader range in this trace",
    Category.FORWARD: "no forward pass can be told apart in this trace",
    Category.BACKWARD: "no backward pass in this trace",
    Category.GRAD_SCALING: "not annotated by torch",
    Category.GRAD_CLIPPING: "not annotated by torch",
    Category.OPTIMIZER: "no optimizer step in this trace",
    Category.ZERO_GRAD: "no zero_grad range in this trace",
}
# What only training has: of a trace that shows none, one reason for all of it.
_OF_TRAINING = (
    Category.BACKWARD,
    Category.GRAD_SCALING,
    Category.GRAD_CLIPPING,
    Category.OPTIMIZER,
    Category.ZERO_GRAD,
)
_NO_TRAINING = "no training seen in this trace"
_NO_DEVICE = {
    Category.H2D_COPY: "no accelerator to copy to",
    Category.OTHER_COPY: "no accelerator to copy from",
    Category.HOST_BOUND: "no accelerator: the host itself does the work",
    Category.QUEUED: "no accelerator to launch work on",
}
NO_HOST = "nothing that the host did was recorded"
_OF_THE_HOST = (Category.DATA_LOADING, Category.HOST_BOUND, Category.QUEUED, Category.SYNC)


def not_measured_on_device(timeline: Timeline) -> dict[Category, str]:
    """Return what a trace with device activities cannot show, each with the reason."""
    reasons = _unannotated(timeline.phases)
    if not timeline.runtime_calls.any() and Phase.SYNC not in timeline.phases.seen:
        reasons[Category.SYNC] = "no calls of the device's runtime in this trace"
    if not timeline.host_recorded:
        reasons |= dict.fromkeys(_OF_THE_HOST, NO_HOST)
    return reasons


def not_measured_on_host(timeline: Timeline) -> dict[Category, str]:
    """Return what a trace without device activities cannot show, each with the reason."""
    reasons = _NO_DEVICE | _unannotated(timeline.phases)
    if not is_distributed(timeline):
        reasons[Category.COMMUNICATION] = "not a distributed run"
    if not timeline.phases.annotated:
        reasons[Category.SYNC] = "no accelerator to wait for"
    return reasons


def _unannotated(phases: Phases) -> dict[Category, str]:
    if phases.annotated:
        return {}
    unseen = {
        category: reason
        for category, reason in _UNANNOTATED.items()
        if Phase(category.value) not in phases.seen
    }
    if all(category in unseen for category in _OF_TRAINING):
        return unseen | dict.fromkeys(_OF_TRAINING, _NO_TRAINING)
    return unseen
