"""What of a step lies on its critical path, so that shortening it can shorten the step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from annt_prof.categories import Category, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.categories import KernelClass, Precision


@dataclass(frozen=True)
class PathEvidence:
    """The critical path of a device's mean traced step, ns per iteration.

    A chain of work in which each part had to wait for the one before it: however much a technique
    shortens parts of it, the rest is still as long. So no technique saves more than the time on
    the path of all that it shortens. One that takes a *wait* away breaks the chain, and that
    bound does not hold for it.

    Attributes:
        device_ns: Device activities by category.
        kernel_ns: The same by kernel class, without copies from the host.
        matrix_ns: ``kernel_ns`` of convolutions, products and attention by precision; what is not
            told of a class counts as float32.
        host_ns: The host's work by phase, in launching calls and outside.
        launch_ns: What of it is inside launching calls, by the class of what they launch.
        sync_ns: Between the end of what the host waited for and the return of its call.
        queued_ns: The device's own short delays between two activities while it idles: fewer
            activities, or such as are launched at once, may spare them.
        unknown_ns: Before activities of which the trace does not hold the launch, while the device
            idles: the host may be at anything then.
        beside_busy_ns: Before activities while another stream is busy: they may wait for that, for
            its multiprocessors or an event that is not recorded.
        waits: Phases in which the host waited for the device on the path, for anything but a copy
            from the host.
        waits_for_copies: Whether it waited there for one of these, or while it copied.
        inflation_ns: What the profiler's slowing of the host may have pushed off the path: without
            it, as much more of what is not on it may be.
    """

    device_ns: Mapping[Category, int] = field(default_factory=dict)
    kernel_ns: Mapping[KernelClass, int] = field(default_factory=dict)
    matrix_ns: Mapping[KernelClass, Mapping[Precision, int]] = field(default_factory=dict)
    host_ns: Mapping[str, int] = field(default_factory=dict)
    launch_ns: Mapping[KernelClass, int] = field(default_factory=dict)
    sync_ns: int = 0
    queued_ns: int = 0
    unknown_ns: int = 0
    beside_busy_ns: int = 0
    waits: frozenset[str] = frozenset()
    waits_for_copies: bool = False
    inflation_ns: int = 0

    def device(self, *categories: Category) -> int:
        """Return the device time of these categories on the path, ns."""
        return sum(self.device_ns.get(category, 0) for category in categories)

    def kernels(self, *classes: KernelClass) -> int:
        """Return the device time of these classes of kernels on the path, ns."""
        return sum(self.kernel_ns.get(kind, 0) for kind in classes)

    def host(self, *phases: Phase) -> int:
        """Return how long the host works in these phases on the path at most, ns.

        What lies in no phase may be of any: torch's own ranges leave out what stands between them.
        """
        names = (*(phase.value for phase in phases), Category.UNATTRIBUTED.value)
        return sum(self.host_ns.get(name, 0) for name in names) + self.unknown_ns

    def launching(self, *classes: KernelClass) -> int:
        """Return the time on the path inside calls that launch these classes, ns."""
        return sum(self.launch_ns.get(kind, 0) for kind in classes)

    def waits_in(self, *phases: Phase) -> bool:
        """Tell whether the host waits for the device in one of these phases, or in none."""
        names = {*(phase.value for phase in phases), Category.UNATTRIBUTED.value}
        return not self.waits.isdisjoint(names)

    def beside_ns(self) -> int:
        """Return what may be saved beside what a technique shortens on this path, ns.

        A collective's kernel waits for the other processes, in which the technique acts as well:
        what it shortens there ends that wait sooner. So may what waits on the path for another
        stream of the device, which runs what the technique shortens.
        """
        return self.device(Category.COMMUNICATION) + self.beside_busy_ns + self.inflation_ns
