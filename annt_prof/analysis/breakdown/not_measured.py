"""Which categories a trace can show, and why not the others: not measured is not zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.analysis.breakdown.communication import is_distributed
from annt_prof.analysis.timeline.unrecorded import sign_of_a_device
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
_OF_A_DEVICE = (
    Category.H2D_COPY,
    Category.OTHER_COPY,
    Category.HOST_BOUND,
    Category.QUEUED,
)
_NO_DEVICE = "no accelerator in this trace"
# Whoever asks said so with --on-cpu.
_DEVICE_NOT_USED = "read as one of the CPU alone, although the file names a device"
NO_HOST = "nothing that the host did was recorded"
NO_LAUNCH = "the trace does not hold what launched any of its device activities"
_OF_THE_HOST = (Category.DATA_LOADING, Category.HOST_BOUND, Category.QUEUED, Category.SYNC)


def not_measured_on_device(timeline: Timeline) -> dict[Category, str]:
    """Return what a trace with device activities cannot show, each with the reason."""
    reasons = _unannotated(timeline.phases)
    if not timeline.runtime_calls.any() and Phase.SYNC not in timeline.phases.seen:
        reasons[Category.SYNC] = "no calls of the device's runtime in this trace"
    if not timeline.any_launch_known:
        reasons |= dict.fromkeys((Category.HOST_BOUND, Category.QUEUED), NO_LAUNCH)
    if not timeline.host_recorded:
        reasons |= dict.fromkeys(_OF_THE_HOST, NO_HOST)
    return reasons


def not_measured_on_host(timeline: Timeline) -> dict[Category, str]:
    """Return what a trace without device activities cannot show, each with the reason."""
    none_used = _NO_DEVICE if sign_of_a_device(timeline.trace) is None else _DEVICE_NOT_USED
    reasons = dict.fromkeys(_OF_A_DEVICE, none_used) | _unannotated(timeline.phases)
    if not is_distributed(timeline):
        reasons[Category.COMMUNICATION] = "not a distributed run"
    if not timeline.phases.annotated:
        reasons[Category.SYNC] = none_used
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
