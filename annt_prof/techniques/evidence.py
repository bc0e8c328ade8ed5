"""What is known before a technique is tried, and what it could save, told from that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from annt_prof.categories import Category, Phase, Precision, WhyAssumed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from annt_prof.categories import KernelClass
    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.techniques.path_evidence import PathEvidence

_COMPUTING = (
    Phase.FORWARD, Phase.BACKWARD, Phase.GRAD_SCALING, Phase.GRAD_CLIPPING, Phase.OPTIMIZER,
    Phase.ZERO_GRAD,
)  # fmt: skip

_WHY_ASSUMED = {
    WhyAssumed.NAMES_DO_NOT_TELL: "kernel names do not tell the precision",
    WhyAssumed.NOT_RECORDED: "this record does not tell kernels' precisions",
}


@dataclass(frozen=True)
class Baseline:
    """The loop's settings before any technique edits them; None where one is not known.

    Attributes:
        device_type: ``cpu`` or ``cuda``.
        workers: Loader processes.
        pin_memory: Whether batches land in page-locked host memory.
        non_blocking: Whether host-to-device copies may return before they end.
        set_to_none: Whether zeroing drops gradients, rather than filling them with zeros.
        clipping: Kind and limit; None also where gradients are not clipped.
    """

    device_type: str
    workers: int | None = None
    pin_memory: bool | None = None
    non_blocking: bool | None = None
    set_to_none: bool | None = None
    clipping: tuple[str, float] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any], device_type: str) -> Baseline:
        """Return the settings of a scenario.

        Args:
            values: By dotted path, such as ``optimizer.set_to_none``.
            device_type: What the run uses.
        """
        kind, limit = values.get("optimizer.clipping.kind"), values.get("optimizer.clipping.limit")
        return cls(
            device_type,
            workers=values.get("dataset.workers"),
            pin_memory=values.get("dataset.pin_memory"),
            non_blocking=values.get("dataset.non_blocking"),
            set_to_none=values.get("optimizer.set_to_none"),
            clipping=None if kind is None or limit is None else (kind, limit),
        )


@dataclass(frozen=True)
class Evidence:
    """The baseline's mean step, per iteration.

    Attributes:
        device_type: ``cpu`` or ``cuda``.
        step_ns: Wall time.
        category_ns: By category; what the trace cannot show is absent.
        not_in_trace_ns: What the traced step lacks of the timed one, where it is so much shorter
            that the two do not show the same work; of no known category.
        kernel_ns: Device time by kernel class; without a device the time of forward and
            backward by what operators do; empty where neither is known.
        host_bound_ns: ``host_bound`` by the phase that the host was in; empty without a device.
        accumulation: Iterations per optimizer step of the baseline.
        matrix_ns: ``kernel_ns`` of convolutions, products and attention by the precision that they
            run in; what is not told of a class counts as float32.
        assumed: Classes of which it is not known of some kernels, each with the precision that
            the settings give it.
        assumed_because: Why it is not known; None where nothing is assumed.
        native_bfloat16: Whether the device has bfloat16 matrix instructions; None where it is not
            known.
        baseline: Its settings; None where they are not known, as of a trace.
        on: Techniques that it has already.
        ceilings: None where the machine has not been calibrated, or is another one.
        queued_long_ns: What of ``queued`` is longer than a device takes to begin what it was given:
            it waits for something else than the host, so that nothing is known to spare it.
        host_work_ns: What the host is busy with at least, but for loading, copying and waiting; 0
            where it is not known.
        copies_from_host: Whether the step copies anything from the host to a device; None where it
            is not known.
        fused_update: Whether the optimizer's kernels are known to be fused ones.
        idle_unknown_ns: How long the device has nothing to do, and nothing tells why.
        path: What lies on the step's critical path; None without a device, of a record that does
            not hold it, and where the traced step is not the timed one.
    """

    device_type: str
    step_ns: int
    category_ns: Mapping[Category, int]
    kernel_ns: Mapping[KernelClass, int] = field(default_factory=dict)
    host_bound_ns: Mapping[str, int] = field(default_factory=dict)
    accumulation: int = 1
    not_in_trace_ns: int = 0
    matrix_ns: Mapping[KernelClass, Mapping[Precision, int]] = field(default_factory=dict)
    assumed: Mapping[KernelClass, Precision] = field(default_factory=dict)
    assumed_because: WhyAssumed | None = None
    native_bfloat16: bool | None = None
    baseline: Baseline | None = None
    on: tuple[str, ...] = ()
    ceilings: Ceilings | None = None
    queued_long_ns: int = 0
    host_work_ns: int = 0
    copies_from_host: bool | None = None
    fused_update: bool = False
    idle_unknown_ns: int = 0
    path: PathEvidence | None = None

    def time(self, *categories: Category) -> int:
        """Return the time in these categories, ns; those not measured count as 0.

        A bound must rest on what is ``known``: not measured is not zero.
        """
        return sum(self.category_ns.get(category, 0) for category in categories)

    def passes_ns(self) -> int:
        """Return how long forward and backward take at most, ns.

        Where the trace does not tell one of them, any kernel may be of that one.
        """
        if self.kernel_ns and not self.known(Category.FORWARD, Category.BACKWARD):
            return sum(self.kernel_ns.values())
        return self.time(Category.FORWARD, Category.BACKWARD)

    def host_known(self) -> bool:
        """Tell whether it is known how long the device waits for the host, or there is none.

        Not so of a recording of the device alone, where no wait is no figure.
        """
        return self.device_type == "cpu" or self.known(Category.HOST_BOUND)

    def shown_ns(self) -> int:
        """Return the step as long as its categories say, ns; no shorter than it is.

        A trace of more work than the timed step has too much of some category, none knows of
        which. What is left of it beside one of them is to be taken from all that it shows: taken
        from the timed step it would be too little, and no bound.
        """
        return max(self.step_ns, sum(self.category_ns.values()))

    def host_bound(self, *phases: Phase) -> int:
        """Return how long the device waits at most while the host is in these phases, ns.

        Where the trace does not tell one of them, what is of no phase may be of that one.
        """
        names = [phase.value for phase in phases]
        if not all(self.known(Category(name)) for name in names):
            names.append(Category.UNATTRIBUTED.value)
        return sum(self.host_bound_ns.get(name, 0) for name in names)

    def idle(self) -> int:
        """Return how long the device has nothing to do, whatever the host is at meanwhile, ns.

        What shortens or frees the host can save no more than this of it. Where the idle time is
        seen says little of what causes it: with loading hidden under queued kernels, say, the
        device runs dry in the next forward pass, as the host comes late to its launches.
        """
        return self.time(Category.DATA_LOADING, Category.HOST_BOUND, Category.QUEUED, Category.SYNC)

    def launching(self) -> int:
        """Return how long the host is seen to need at least for what it launches, ns.

        It is the idle time of the device within phases that compute. Copying is left out, as its
        staging may go; so is what lies in no phase, and everything where the trace does not tell
        loading and waits from launching.
        """
        if not self.known(Category.DATA_LOADING, Category.SYNC):
            return 0
        return sum(self.host_bound_ns.get(phase.value, 0) for phase in _COMPUTING)

    def loading(self) -> int:
        """Return how long the training process itself is seen to load, ns.

        With loader processes it only waits for them, which need not take as long.
        """
        in_process = self.baseline is not None and self.baseline.workers == 0
        return self.time(Category.DATA_LOADING) if in_process else 0

    def kernels(self, *classes: KernelClass) -> int:
        """Return the device time of these classes of kernels, ns."""
        return sum(self.kernel_ns.get(kind, 0) for kind in classes)

    def matrix(self, *classes: KernelClass) -> dict[Precision, int]:
        """Return the time of these classes of matrix work by precision, ns."""
        return by_precision(self.kernel_ns, self.matrix_ns, classes)

    def rate(self, precision: Precision, to: Precision) -> float | None:
        """Return how many times as fast a large product was; None where one was not measured."""
        rates = {} if self.ceilings is None else self.ceilings.matrix_flops
        return rates[to] / rates[precision] if {precision, to} <= rates.keys() else None

    def assumption(self) -> str:
        """Return what was assumed of precisions, to append to a basis; empty where nothing was."""
        if self.assumed_because is None:
            return ""
        taken = ", ".join(f"{kind} for {precision}" for kind, precision in self.assumed.items())
        return f" ({_WHY_ASSUMED[self.assumed_because]}; by the settings taken: {taken})"

    def known(self, *categories: Category) -> bool:
        """Tell whether each of these categories is measured."""
        return all(category in self.category_ns for category in categories)

    def passes_known(self) -> bool:
        """Tell whether it is known what forward and backward spend their time on."""
        return bool(self.kernel_ns) or self.known(Category.FORWARD, Category.BACKWARD)


@dataclass(frozen=True)
class Prediction:
    """What a technique should save per iteration, ns; negative where it should cost time.

    Attributes:
        low_ns: It should save at least this.
        high_ns: It cannot save more: the bound. Of what it shortens only the part on the critical
            path counts; ``bounds.within_path`` takes it.
        basis: What the bound is made of, to follow "it cannot save more than".
        off_path_ns: What the bound lacks of what it would be wherever in the step that lay; None
            where the path is not known. Filled in by whoever asks for the prediction.
    """

    low_ns: int
    high_ns: int
    basis: str
    off_path_ns: int | None = None


def by_precision(
    kernel_ns: Mapping[KernelClass, int],
    matrix_ns: Mapping[KernelClass, Mapping[Precision, int]],
    classes: Iterable[KernelClass],
) -> dict[Precision, int]:
    """Return the time of some classes of matrix work by precision, ns, without zeros.

    Args:
        kernel_ns: By class.
        matrix_ns: The same by precision; what it does not tell of a class counts as float32.
        classes: Of matrix work.
    """
    ns_by_precision: dict[Precision, int] = {}
    for kind in classes:
        told = matrix_ns.get(kind, {})
        rest = {Precision.FLOAT32: max(0, kernel_ns.get(kind, 0) - sum(told.values()))}
        for precision, ns in (*told.items(), *rest.items()):
            ns_by_precision[precision] = ns_by_precision.get(precision, 0) + ns
    return {precision: ns for precision, ns in ns_by_precision.items() if ns}
