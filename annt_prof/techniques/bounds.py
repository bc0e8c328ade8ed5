"""What several techniques can save alike, in time and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass
from annt_prof.techniques.evidence import Prediction

if TYPE_CHECKING:
    from annt_prof.techniques.evidence import Evidence

CONVOLUTIONS = "the convolutions of the baseline and the transposes around them"

_IDLE = (
    "the exposed host-to-device copies of the baseline and all time in which its device has "
    "nothing to do"
)
HOST_AHEAD = f"{_IDLE}, as the host runs ahead once no copy holds it up"
HOST_EARLIER = f"{_IDLE}, as the host comes to its launches earlier"


def convolutions_ns(evidence: Evidence) -> int:
    """Return the time of convolutions and of the copies around them, ns.

    Without convolutions there are no copies around them either.
    """
    alone_ns = evidence.kernels(KernelClass.CONV)
    return alone_ns and alone_ns + evidence.kernels(KernelClass.MEMORY)


def copies_and_idle_ns(evidence: Evidence, needed_ns: int) -> int:
    """Return how much time exposed copies and an idle device take that can be saved, ns.

    Args:
        evidence: Of a device's trace that tells copies and what is bound by the host.
        needed_ns: What the host needs all the same; no step is shorter.
    """
    high_ns = evidence.time(Category.H2D_COPY) + evidence.idle()
    return max(0, min(high_ns, evidence.shown_ns() - needed_ns))


def of_less_on_the_host(evidence: Evidence) -> Prediction | None:
    """Return what it saves that the host loads and copies less, as kernels take the work over.

    Loading that queued kernels hide is not seen as such, yet makes the host late for its next
    launches. So all idle time of the device may go, down to what the host needs to launch. Loader
    processes that do less leave it more of their cores too, so that there even that may shrink.
    """
    if not evidence.known(Category.H2D_COPY, Category.HOST_BOUND):
        return None
    loads_itself = evidence.baseline is not None and evidence.baseline.workers == 0
    return Prediction(
        low_ns=-round(evidence.step_ns / 20),
        high_ns=copies_and_idle_ns(evidence, evidence.launching() if loads_itself else 0),
        basis=HOST_EARLIER,
    )
