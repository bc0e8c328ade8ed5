"""What several techniques can save alike, in time and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import MATRIX_CLASSES, Category, KernelClass, Phase
from annt_prof.techniques.evidence import Prediction, by_precision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from annt_prof.categories import Precision
    from annt_prof.techniques.evidence import Evidence
    from annt_prof.techniques.path_evidence import PathEvidence
    from annt_prof.techniques.technique import Signature

CONVOLUTIONS = "the convolutions of the baseline and the transposes around them"

_IDLE = (
    "the exposed host-to-device copies of the baseline and all time in which its device has "
    "nothing to do"
)
HOST_AHEAD = f"{_IDLE}, as the host runs ahead once no copy holds it up"
HOST_EARLIER = f"{_IDLE}, as the host comes to its launches earlier"


def within_path(
    evidence: Evidence, high_ns: float, on_path: Callable[[PathEvidence], float]
) -> int:
    """Return an upper bound that holds for the critical path as well, ns.

    Shortening what is not on the path saves nothing. What is on it may save less than its time, as
    another path takes over, but never more.

    Args:
        evidence: Of the step; where its path is not known the bound stays as it is.
        high_ns: What the technique could save wherever in the step it lies.
        on_path: Tells how much of what it shortens lies on the path, ns: of the device and of the
            host, each as far as the technique shortens it.
    """
    path = evidence.path
    if path is None:
        return round(high_ns)
    return round(min(high_ns, on_path(path) + path.beside_ns()))


def kernels_on_path(path: PathEvidence) -> int:
    """Return the most that shorter or fewer kernels can save, with the calls that launch them, ns.

    Host operators around the launches are not among it.
    """
    copies_ns = path.device(Category.H2D_COPY, Category.COMMUNICATION)
    device_ns = sum(path.device_ns.values()) - copies_ns
    return device_ns + path.queued_ns + path.launching(*KernelClass)


def of_kernels_alone(signature: Signature, prediction: Prediction, evidence: Evidence) -> int:
    """Return the upper bound of a technique as its signature allows, ns.

    One that lowers kernels alone can save no more than lies on the path of any kernels; see
    ``Signature.shortens_kernels_alone``.
    """
    if not signature.shortens_kernels_alone:
        return prediction.high_ns
    return within_path(evidence, prediction.high_ns, kernels_on_path)


def idle_ns(evidence: Evidence) -> int:
    """Return how long the device does no work of its own, ns.

    It has nothing to do, known why or not, or a collective may be waiting for other processes,
    whose hosts a technique frees as well, or it only copies, which a host that comes sooner may
    hide under other work. Where what comes next was launched long ago no host is to blame: of such
    a wait only the device's own short delay can go.
    """
    path, unknown_ns = evidence.path, evidence.idle_unknown_ns
    if path is None:
        return evidence.idle() + unknown_ns
    unknown_ns = max(unknown_ns, path.unknown_ns)
    beside_ns = _waiting_for_others_ns(evidence) + _copying_alone_ns(evidence)
    return evidence.idle() - evidence.queued_long_ns + unknown_ns + beside_ns


def _waiting_for_others_ns(evidence: Evidence) -> int:
    # Without the path bounds stay what they are in older records.
    return 0 if evidence.path is None else evidence.time(Category.COMMUNICATION)


def _copying_alone_ns(evidence: Evidence) -> int:
    if evidence.path is None:
        return 0
    return evidence.time(Category.H2D_COPY, Category.OTHER_COPY)


def unknown_kernels(evidence: Evidence) -> str:
    """Name the kernels of which nothing is known, for a bound that has them; empty if none are."""
    return ", and kernels of no known kind" if evidence.kernels(KernelClass.OTHER) else ""


def idle(evidence: Evidence) -> str:
    """Say what that time is."""
    others = ", or may wait for other processes" if _waiting_for_others_ns(evidence) else ""
    long = evidence.path is not None and evidence.queued_long_ns
    but = ", but for long waits of what was launched" if long else ""
    copies = ", or only copies" if _copying_alone_ns(evidence) else ""
    return f"all time in which the device of the baseline has nothing to do{copies}{others}{but}"


def beside(evidence: Evidence) -> str:
    """Say what a bound by the path has beside what its technique shortens; empty without that."""
    if evidence.path is None or not evidence.path.device(Category.COMMUNICATION):
        return ""
    return ", with collectives, which may wait for other processes"


def freed(
    evidence: Evidence, device_ns: int, on_path: Callable[[PathEvidence], float] | None
) -> int:
    """Return what can be saved where both the host and the device have less to do, ns.

    What the device has left to do takes as long as before, so that only its idle time and its work
    that is spared can go.

    Args:
        evidence: Of a device whose path is known.
        device_ns: What of its work can go.
        on_path: As for ``within_path``; None where the path does not tell, as a wait on it goes.
    """
    high_ns = idle_ns(evidence) + device_ns
    return high_ns if on_path is None else within_path(evidence, high_ns, on_path)


def of_part(
    evidence: Evidence, categories: tuple[Category, ...], share: float = 1.0
) -> Callable[[PathEvidence], float] | None:
    """Return how a part of the training step is told on the path, for ``freed``.

    Args:
        evidence: Of the step.
        categories: The part's, each of which is a phase of the host's too.
        share: How much of the part goes, a fraction.

    Returns:
        None where the host waits on the path for the device within the part: with the part that
        wait goes, and the host may run ahead.
    """
    phases = tuple(Phase(category.value) for category in categories)
    if evidence.path is None or evidence.path.waits_in(*phases):
        return None
    return lambda path: share * (path.device(*categories) + path.host(*phases)) + path.queued_ns


def convolutions(evidence: Evidence) -> str:
    """Say what that time is of."""
    if evidence.path is None:
        return CONVOLUTIONS
    return f"{CONVOLUTIONS}, and their launches{beside(evidence)}"


def convolutions_ns(evidence: Evidence) -> int:
    """Return the time of convolutions and of the copies around them, ns.

    Without convolutions there are no copies around them either. Where transposes go their launches
    go too.
    """
    kinds = (KernelClass.CONV, KernelClass.MEMORY)
    if not evidence.kernels(KernelClass.CONV):
        return 0
    spent_ns = evidence.kernels(*kinds)
    if evidence.path is None:
        return spent_ns
    return freed(evidence, spent_ns, lambda path: path.kernels(*kinds) + path.launching(*kinds))


def matrix_on_path(
    path: PathEvidence, classes: tuple[KernelClass, ...] = MATRIX_CLASSES
) -> Mapping[Precision, int]:
    """Return the time of these classes of matrix work on the path by precision, ns."""
    return by_precision(path.kernel_ns, path.matrix_ns, classes)


def copies_and_idle_ns(evidence: Evidence, needed_ns: int) -> int:
    """Return how much time exposed copies and an idle device take that can be saved, ns.

    Args:
        evidence: Of a device's trace that tells copies and what is bound by the host.
        needed_ns: What the host needs all the same; no step is shorter.
    """
    high_ns = idle_ns(evidence)
    if evidence.path is None:
        high_ns += evidence.time(Category.H2D_COPY)
    return max(0, min(high_ns, evidence.shown_ns() - needed_ns))


def host_needs_ns(evidence: Evidence) -> int:
    """Return what the host needs at least where no copy holds it up any more, ns.

    No step is shorter: it launches, loads where no process does so for it, and does whatever else
    it is seen to work at outside waits, in a phase or in none.
    """
    return max(evidence.launching() + evidence.loading(), evidence.host_work_ns)


def host_ahead(evidence: Evidence) -> str:
    """Say what may go where no copy holds the host up."""
    but = ", but for the host's own work" if evidence.host_work_ns else ""
    return f"{HOST_AHEAD}{but}{beside(evidence)}"


NOTHING_TO_COPY = "nothing: no step copies anything from the host to the device"


def batches_ns(
    evidence: Evidence,
    needed_ns: int,
    *,
    gives_back_cores: bool = False,
) -> int:
    """Return what can be saved where batches come to the device with less work or none, ns.

    On the path that is their loading, their copying and the copies themselves. Where the host
    waits on the path for a copy, and that wait goes, it may run ahead of the device: then the
    path does not tell what is left.

    Args:
        evidence: Of a device's trace that tells copies and what is bound by the host.
        needed_ns: What the host needs all the same; no step is shorter.
        gives_back_cores: Whether everything that the host does may become faster.
    """
    high_ns = copies_and_idle_ns(evidence, needed_ns)
    if evidence.path is not None and evidence.path.waits_for_copies:
        return high_ns
    phases = tuple(Phase) if gives_back_cores else (Phase.DATA_LOADING, Phase.H2D_COPY)
    return within_path(
        evidence,
        high_ns,
        lambda path: (
            path.host(*phases) + path.device(Category.H2D_COPY) + path.sync_ns + path.queued_ns
        ),
    )


def of_less_on_the_host(evidence: Evidence) -> Prediction | None:
    """Return what it saves that the host loads and copies less, as kernels take the work over.

    Loading that queued kernels hide is not seen as such, yet makes the host late for its next
    launches. So all idle time of the device may go, down to what the host needs to launch. Loader
    processes that do less leave it more of their cores too, so that there even that may shrink.
    A trace that does not show loading tells nothing of it.
    """
    if not evidence.known(Category.H2D_COPY, Category.HOST_BOUND):
        return None
    loads_itself = evidence.baseline is not None and evidence.baseline.workers == 0
    if evidence.path is not None and not evidence.known(Category.DATA_LOADING):
        return None
    if loads_itself:
        high_ns = batches_ns(evidence, evidence.launching())
    else:
        high_ns = batches_ns(evidence, 0, gives_back_cores=True)
    return Prediction(
        low_ns=-round(evidence.step_ns / 20), high_ns=high_ns, basis=HOST_EARLIER + beside(evidence)
    )
