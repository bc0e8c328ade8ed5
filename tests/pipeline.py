"""A training pipeline of one host thread and one device, simulated to the nanosecond.

The host loads, copies and launches; the device runs what was launched in order. What such a
pipeline saves where a copy no longer blocks, say, is arithmetic, and bounds must hold for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category, KernelClass, Phase
from annt_prof.techniques.evidence import Baseline, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kernel(NamedTuple):
    """How long the host takes to launch it, how long it runs, and in which phase."""

    launch_ns: int
    run_ns: int
    phase: Phase


@dataclass(frozen=True)
class Pipeline:
    """What an iteration is made of.

    Attributes:
        loads_ns: Host time to load a batch, in turn.
        copy_ns: Of a batch to the device.
        staging_ns: Host time before a blocking copy begins.
        kernels: Launched one after the other.
        blocking: Whether the host waits until its copy has ended.
        ahead: Whether the next batch is loaded, and copied by an engine of its own, before this
            one's kernels are launched.
    """

    loads_ns: Sequence[int]
    copy_ns: int
    staging_ns: int
    kernels: Sequence[Kernel]
    blocking: bool = True
    ahead: bool = False

    def run(self, iterations: int) -> Timeline:
        """Run so many iterations, from an idle device until it is idle again."""
        line = Timeline()
        if self.ahead:
            arrives_ns = self._fetch(line, 0)
        for number in range(iterations):
            here_ns = arrives_ns if self.ahead else self._fetch(line, number)
            if self.ahead and number + 1 < iterations:
                arrives_ns = self._fetch(line, number + 1)
            for kernel in self.kernels:
                line.host(kernel.launch_ns, kernel.phase)
                line.device(kernel.run_ns, Category(kernel.phase.value), after_ns=here_ns)
        line.wait_until(line.device_free_ns)
        return line

    def _fetch(self, line: Timeline, number: int) -> int:
        """Load and copy a batch; return when it is there."""
        line.host(self.loads_ns[number % len(self.loads_ns)], Phase.DATA_LOADING)
        if not self.blocking:
            if self.ahead:
                return line.copy_apart(self.copy_ns)
            return line.device(self.copy_ns, Category.H2D_COPY)
        line.wait_until(line.device_free_ns)  # a pageable copy waits for its stream first
        line.host(self.staging_ns, Phase.H2D_COPY)
        there_ns = line.device(self.copy_ns, Category.H2D_COPY)
        line.wait_until(there_ns)
        return there_ns


@dataclass
class Timeline:
    """What host and device did so far: spans of (start, end, what), and when it was launched."""

    now_ns: int = 0
    device_free_ns: int = 0
    copies_free_ns: int = 0
    did: list[tuple[int, int, Phase]] = field(default_factory=list)
    ran: list[tuple[int, int, Category]] = field(default_factory=list)
    launched: list[int] = field(default_factory=list)

    def host(self, ns: int, phase: Phase) -> None:
        self.did.append((self.now_ns, self.now_ns + ns, phase))
        self.now_ns += ns

    def wait_until(self, ns: int) -> None:
        if ns > self.now_ns:
            self.host(ns - self.now_ns, Phase.SYNC)

    def device(self, ns: int, what: Category, after_ns: int = 0) -> int:
        start_ns = max(self.now_ns, self.device_free_ns, after_ns)
        self.ran.append((start_ns, start_ns + ns, what))
        self.launched.append(self.now_ns)
        self.device_free_ns = start_ns + ns
        return self.device_free_ns

    def copy_apart(self, ns: int) -> int:
        self.copies_free_ns = max(self.now_ns, self.copies_free_ns) + ns
        return self.copies_free_ns

    def evidence(self, iterations: int, workers: int | None = 0) -> Evidence:
        """Partition the time as an analysis does, per iteration; for pipelines that block."""
        found = dict.fromkeys((*_ON_DEVICE, *_IDLE.values(), Category.HOST_BOUND), 0)
        launching: dict[str, int] = {}
        busy_until_ns = 0
        for start_ns, end_ns, what in self.ran:
            for phase, ns in self._doing(busy_until_ns, start_ns):
                category = _IDLE.get(phase, Category.HOST_BOUND)
                found[category] += ns
                if category is Category.HOST_BOUND:
                    launching[phase.value] = launching.get(phase.value, 0) + ns
            found[what] += end_ns - start_ns
            busy_until_ns = end_ns
        assert sum(found.values()) == self.now_ns
        return Evidence(
            device_type="cuda",
            step_ns=self.now_ns // iterations,
            category_ns={category: ns // iterations for category, ns in found.items()},
            kernel_ns={KernelClass.OTHER: 1},
            host_bound_ns={phase: ns // iterations for phase, ns in launching.items()},
            baseline=Baseline("cuda", workers=workers),
        )

    def _doing(self, start_ns: int, end_ns: int) -> list[tuple[Phase, int]]:
        parts = ((max(a, start_ns), min(b, end_ns), phase) for a, b, phase in self.did)
        return [(phase, b - a) for a, b, phase in parts if b > a]


_ON_DEVICE = (Category.FORWARD, Category.BACKWARD, Category.OPTIMIZER, Category.H2D_COPY)
_IDLE = {Phase.DATA_LOADING: Category.DATA_LOADING, Phase.SYNC: Category.SYNC}
