"""The record of a run, as ``run.json`` holds it. Durations are integer nanoseconds."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
from annt_prof.analysis.path.on_path import OnPath
from annt_prof.machine.environment import Environment
from annt_prof.remarks import Mathematics, Remark
from annt_prof.runs.verdict import Verdict
from annt_prof.scenario.effective import EffectiveValue, Substitution
from annt_prof.telemetry.summary import TelemetrySummary

SCHEMA_VERSION = 3

VariantStatus = Literal["measured", "not_applicable", "out_of_memory", "crashed", "not_measured"]
"""``not_measured`` is what trains as a baseline that crashed before its first window, and what was
skipped before its own."""


class TimedWindow(msgspec.Struct, frozen=True):
    """Consecutive iterations of one variant, without a profiler.

    Attributes:
        round: Counted from 0; windows of one round are compared with each other.
        position: Place within the round's order, from 0.
        started_ns: ``time.monotonic_ns`` with the device idle, before the switch-in iterations.
        ended_ns: The same clock after the last iteration, with the device idle again.
        step_ns: Wall time per iteration, amortised over each optimizer step; one entry for each
            optimizer step. Those of the switch-in are not among them.
        iterations: Those behind ``step_ns`` and ``wall_ns``.
        samples: Consumed from ``started_ns`` to ``ended_ns``, switch-in included.
        wall_ns: From the end of the switch-in to the end of the last iteration: the whole time of
            ``iterations``, slow ones and all.
        launch: Which of the variant's processes ran it, counted from 0.
        first_iteration: How many iterations this process had run before the first of these.
        waited_ns: For how long of ``wall_ns`` the host waited for batches.
        dropped: Iterations of the switch-in.
        peak_memory_bytes: Highest allocation of this process over its timed windows so far; None
            where it is not known, as in older records.
        energy_j: Of the iterations behind ``wall_ns``; None where it was not sampled.
    """

    round: int
    position: int
    started_ns: int
    ended_ns: int
    step_ns: tuple[int, ...]
    iterations: int
    samples: int
    wall_ns: int
    launch: int = 0
    first_iteration: int = 0
    waited_ns: int = 0
    dropped: int = 0
    peak_memory_bytes: int | None = None
    energy_j: float | None = None

    @property
    def per_iteration_ns(self) -> float:
        """The window's one figure: its whole time over its iterations."""
        return self.wall_ns / self.iterations


class EpochStart(msgspec.Struct, frozen=True):
    """What the start of an epoch cost, told from short epochs that one process ran in a row.

    Attributes:
        launch: Of that process.
        cost_ns: By how much an epoch took longer than its iterations do in the middle of one.
    """

    launch: int
    cost_ns: int


STARTS_COUNT_FROM = 0.005
"""Share of an epoch from which, in any variant of a run, epochs' starts are part of its figures.

Below, it is less than any verdict tells from nothing.
"""


class Epochs(msgspec.Struct, frozen=True):
    """A variant's epochs, and how its figures take their starts in.

    Attributes:
        iterations: Of an epoch.
        in_windows: Whether each window holds whole epochs, so that nothing is to be added.
        starts: What was measured of them, where windows lie within an epoch; empty where it was
            not measured.
        counted: Whether the starts are part of the figures. That is so for all variants of a run
            or for none, or they would be compared by two measures; one that was skipped before
            its start was measured is without it, and is then not compared with the others.
    """

    iterations: int
    in_windows: bool = False
    starts: tuple[EpochStart, ...] = ()
    counted: bool = False

    @property
    def start_ns(self) -> float:
        """What an epoch's start costs, the mean of what was measured; 0 where nothing was.

        Negative where it is less than what steps vary by: were that cut off, noise would count in
        one direction only.
        """
        costs = [start.cost_ns for start in self.starts]
        return sum(costs) / len(costs) if costs else 0.0

    def start_share(self, per_iteration_ns: float) -> float:
        """Return the start as a share of the whole epoch.

        Args:
            per_iteration_ns: Of an iteration in the middle of an epoch.
        """
        whole_ns = self.start_ns + per_iteration_ns * self.iterations
        return self.start_ns / whole_ns if whole_ns else 0.0


_WITHOUT_UNIT = {
    "mean_ns": "mean", "p05_ns": "p05", "p95_ns": "p95", "epoch_start_ns": "epoch_start",
}  # fmt: skip
"""As records and documents have had them, under a key that says ns."""


class StepTime(msgspec.Struct, frozen=True, rename=_WITHOUT_UNIT):
    """Wall time of an iteration, over all of a variant's windows.

    Attributes:
        mean_ns: Of the launches' figures, from ten on of their middle three fifths where these are
            medians, with an epoch's start where it counts. A launch's is the
            median over its windows of their whole time over their iterations, or the mean where
            long steps of the training's own are in some windows more than in others.
        p05_ns, p95_ns: Of single steps: iterations, each with its share of its optimizer step.
        n: Windows.
        epoch_start_ns: The part of ``mean_ns`` that is an epoch's start over the epoch's
            iterations; 0 where windows hold whole epochs, or where it is too little to count.
    """

    mean_ns: int
    p05_ns: int
    p95_ns: int
    n: int
    epoch_start_ns: int = 0

    @property
    def within_epoch_ns(self) -> int:
        """The mean in the middle of an epoch, as traced windows see it."""
        return self.mean_ns - self.epoch_start_ns


class Speedup(msgspec.Struct, frozen=True):
    """Baseline time per sample over the variant's, from paired rounds.

    Attributes:
        ratio: Above 1 the variant is faster.
        low, high: 95 % interval over launches; None with fewer than three.
        rounds: Pairs of windows it comes from.
        launches: Pairs of processes that ran them.
    """

    ratio: float
    low: float | None
    high: float | None
    rounds: int
    launches: int = 1


class QuantisationError(msgspec.Struct, frozen=True):
    """What rounding one kind of number to a lower precision does, on one batch.

    Attributes:
        of: ``parameters``, ``activations`` or ``gradients``.
        dtype: The lower precision.
        mean_absolute_error: Mean of |x - Q(x)| over what stays finite.
        mean_absolute_value: Mean of |x| over the same.
        underflow: Fraction of all that is not zero before and is zero after.
        overflow: Fraction of all that is finite before and is not after.
    """

    of: str
    dtype: str
    mean_absolute_error: float
    mean_absolute_value: float
    underflow: float
    overflow: float


class Numerics(msgspec.Struct, frozen=True):
    """What was found of a variant's numbers once it was measured.

    Attributes:
        flops: Floating-point operations of an iteration, forward and backward; None where they
            cannot be counted.
        quantisation: Where a lower precision is in use.
        loss_scale: After each of a few further optimizer steps; empty without loss scaling.
        skipped_steps: Of these, how many the scaler skipped because gradients overflowed.
    """

    flops: int | None = None
    quantisation: tuple[QuantisationError, ...] = ()
    loss_scale: tuple[float, ...] = ()
    skipped_steps: int = 0


class WorkTime(msgspec.Struct, frozen=True):
    """A kernel's time, or without a device an operator's own.

    Attributes:
        name: As the trace has it.
        ns: Nanoseconds per step.
    """

    name: str
    ns: int


class TracedLaunch(msgspec.Struct, frozen=True):
    """What the traced window of one launch showed, of runs that trace several.

    Attributes:
        launch: Of which process.
        breakdown: Per step.
        work: Kernels, or without a device operators, by name, those of the most time first.
        matrix_unit_share: Share of the kernels' time that used tensor cores, as their names tell;
            None without a device.
        pitfalls: Keys of the mistakes that it shows.
    """

    launch: int
    breakdown: MeanBreakdown
    work: tuple[WorkTime, ...] = ()
    matrix_unit_share: float | None = None
    pitfalls: tuple[str, ...] = ()


class FirstStep(msgspec.Struct, frozen=True):
    """What the very first optimizer step of one process took, with nothing compiled before it."""

    launch: int
    seconds: float


class TechniqueInEffect(msgspec.Struct, frozen=True):
    """A technique that a variant trains with.

    Attributes:
        options: Every option by name, as the technique's dataclass has it.
    """

    name: str
    options: dict[str, Any] = {}


class VariantRecord(msgspec.Struct, frozen=True):
    """One variant and everything measured of it.

    Attributes:
        factors: What tells it from the baseline, in order: techniques; of a run about two
            scenarios, the differences that are brought in from the second one.
        techniques: Those in effect, with those that every variant has.
        left_out: Factors that cannot act here, each with the reason.
        reason: Why the status is not ``measured``.
        log: Of a variant that was lost: what its processes printed, a path within the run
            directory; None where none was started.
        remarks: What a reader must know: pitfalls found, emulated precision, changed settings.
        mathematics: What each factor changes in the mathematics.
        samples_per_iteration: The batch size.
        iterations_per_optimizer_step: The accumulation.
        throughput: Samples per second at the mean step time: samples over wall time.
        verdict: On the speedup; None of the baseline and where there is no speedup.
        peak_memory_bytes: Highest allocation over the timed windows.
        peak_memory_of: ``device allocations``, ``device memory reserved`` (passes replayed from
            CUDA graphs) or ``host process``.
        on_path: What lies on the traced step's critical path; None without a device and in what
            was recorded before this was told.
        profiler_inflation: Traced over timed step time, minus 1; an epoch's start is in neither.
        trace: Path of the trace within the run directory.
        first_step_s: Seconds of the very first optimizer step, in which a model is compiled.
        numerics: Found after tracing.
        epochs: None where no process was warmed up.
        uneven: Whether long steps of the training's own are in some windows of the run more than
            in others, so that only means over windows have all of them; the same for all variants.
        traced_launches: Of runs that trace several launches, what each showed; ``breakdown`` is of
            the last of all traces.
        first_steps: Of runs in which each launch compiles anew.
        skipped: Whether whoever watched asked, once it had a window, that it run no more: it may
            have fewer rounds than others, and has no trace.
    """

    name: str
    factors: tuple[str, ...]
    status: VariantStatus
    reason: str | None = None
    log: str | None = None
    techniques: tuple[TechniqueInEffect, ...] = ()
    left_out: dict[str, str] = {}
    remarks: tuple[Remark, ...] = ()
    mathematics: tuple[Mathematics, ...] = ()
    samples_per_iteration: int = 0
    iterations_per_optimizer_step: int = 1
    windows: tuple[TimedWindow, ...] = ()
    throughput: float | None = None
    step_time: StepTime | None = None
    speedup: Speedup | None = None
    verdict: Verdict | None = None
    peak_memory_bytes: int | None = None
    peak_memory_of: str | None = None
    energy_per_sample_j: float | None = None
    telemetry: TelemetrySummary | None = None
    breakdown: MeanBreakdown | None = None
    on_path: OnPath | None = None
    profiler_inflation: float | None = None
    trace: str | None = None
    first_step_s: float | None = None
    numerics: Numerics | None = None
    epochs: Epochs | None = None
    uneven: bool = False
    traced_launches: tuple[TracedLaunch, ...] = ()
    first_steps: tuple[FirstStep, ...] = ()
    skipped: bool = False


STOP_UNTOLD = "still running, or stopped without a word"
"""Why a run stopped, as its record has it until the run ends."""


class Run(msgspec.Struct, frozen=True):
    """A whole run.

    Attributes:
        run_id: The run directory's name.
        created: ISO 8601, UTC.
        scenario_name: The scenario's own name.
        scenario: Every effective value with its origin.
        overrides_in_effect: What ``when:`` changed here, one sentence each.
        telemetry_note: One line on what was sampled, or why not.
        stop: Why measuring stopped, in words: precision reached, time budget, interrupted, ...
        complete: False while it runs and where it stopped half-way.
        design: How the variants were chosen, one of ``plan.DESIGNS``.
        orders: Of a sampled design: those in which techniques were added.
        differences: Of a run about two scenarios: each setting in the first and in the second.
        reference: What the scenario is held against, where that is the baseline of the run; None
            of any other run.
        same_in_both: Settings that one might expect to differ and that do not.
        switched_on: Techniques that some variant has and the baseline lacks, whose options are
            among ``scenario``; of two scenarios, those that only the second uses.
        remarks: What a reader must know about the run as a whole.
    """

    schema_version: int
    run_id: str
    created: str
    scenario_name: str
    scenario: tuple[EffectiveValue, ...]
    environment: Environment
    substitutions: tuple[Substitution, ...]
    overrides_in_effect: tuple[str, ...]
    telemetry_note: str
    seed: int
    variants: tuple[VariantRecord, ...]
    stop: str
    complete: bool
    design: str = "alone"
    orders: tuple[tuple[str, ...], ...] = ()
    differences: tuple[str, ...] = ()
    reference: str | None = None
    same_in_both: tuple[str, ...] = ()
    switched_on: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_draft(self) -> bool:
        """Whether it was written while the run went on; its process may be gone by now."""
        return self.stop == STOP_UNTOLD
