"""One figure for each launch of a variant, of every metric that a budget may be of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from annt_prof.categories import Category, KernelClass
from annt_prof.check.figures_by_launch import LaunchFigures
from annt_prof.check.timed_figures import (
    compile_time,
    energy_per_sample,
    mfu,
    peak_memory,
    skipped_steps,
    step_time,
    throughput,
    waited_for_batches,
    within_epoch_ns,
    within_epoch_per_sample_ns,
)
from annt_prof.check.traced_figures import category, kernel_class, tensor_core_share
from annt_prof.compare.figures import (
    launch_of_rounds,
    log_ratios_of_launches,
    of_one_measure,
)
from annt_prof.scenario.budget_metrics import (
    COMPILE_TIME,
    ENERGY_PER_SAMPLE,
    KERNELS,
    MFU,
    PEAK_MEMORY,
    SKIPPED_STEPS,
    STEP_TIME,
    TENSOR_CORE_SHARE,
    THROUGHPUT,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord

_WHOLE: Mapping[str, Callable[[VariantRecord], LaunchFigures]] = {
    STEP_TIME: step_time,
    THROUGHPUT: throughput,
    PEAK_MEMORY: peak_memory,
    ENERGY_PER_SAMPLE: energy_per_sample,
    COMPILE_TIME: compile_time,
    SKIPPED_STEPS: skipped_steps,
}
_TIMED: Mapping[str, Callable[[VariantRecord], dict[int, float]]] = {
    STEP_TIME: within_epoch_ns,
    THROUGHPUT: within_epoch_per_sample_ns,
}


def figures(
    run: Run,
    variant: VariantRecord,
    metric: str,
    *,
    share: bool = False,
    ceilings: Ceilings | None = None,
) -> LaunchFigures:
    """Return one figure for each launch that has one.

    Args:
        run: That the variant is of.
        variant: Measured or not.
        metric: A key of ``budget_metrics.METRICS``.
        share: Whether a part of the step is told as a fraction of it.
        ceilings: What the run's machine does at most, which ``mfu`` alone needs.

    Raises:
        UserError: ``mfu`` of a technique that is not installed any more.
    """
    if variant.status != "measured":
        reason = variant.reason or "nothing was measured of it"
        return LaunchFigures(why_not=f"{variant.status.replace('_', ' ')}: {reason}")
    if metric == MFU:
        return mfu(run, variant, ceilings)
    if metric == TENSOR_CORE_SHARE:
        return tensor_core_share(run, variant)
    if metric in _WHOLE:
        return _WHOLE[metric](variant)
    if metric.startswith(KERNELS):
        return kernel_class(run, variant, KernelClass(metric.removeprefix(KERNELS)), share=share)
    if metric == Category.DATA_LOADING and run.environment.device_type == "cpu":
        return waited_for_batches(run, variant, share=share)
    return category(run, variant, Category(metric), share=share)


def paired(
    run: Run,
    checked: VariantRecord,
    reference: VariantRecord,
    metric: str,
    *,
    share: bool = False,
    ceilings: Ceilings | None = None,
) -> tuple[list[float], list[float]]:
    """Return the figures of the launches that two variants of a run both have, in their order.

    Args:
        run: That both are of.
        checked: Whose figures come first.
        reference: The other.
        metric: As ``figures`` takes it.
        share: Likewise.
        ceilings: Likewise.
    """
    ours, theirs = (
        dict(zip(found.launches, found.values, strict=True))
        for found in (
            figures(run, each, metric, share=share, ceilings=ceilings)
            for each in (checked, reference)
        )
    )
    common = sorted(ours.keys() & theirs.keys())
    return [ours[launch] for launch in common], [theirs[launch] for launch in common]


def log_ratios(
    run: Run,
    checked: VariantRecord,
    reference: VariantRecord,
    metric: str,
    *,
    ceilings: Ceilings | None = None,
) -> tuple[float, ...]:
    """Return log(checked / reference) for each launch that both have.

    Of times windows are compared with those of their own round, as in ``compare.pairing``, so
    that what drifts within a launch cancels; of what a launch has once, launches are.

    Returns:
        Nothing where there is no common launch, where epochs' starts are part of the times of one
        alone, and where any figure is 0, of which there is no ratio: were its launch left out, the
        others would tell of less than was measured.
    """
    if metric in _TIMED:
        return _of_rounds(checked, reference, metric)
    ours, theirs = paired(run, checked, reference, metric, ceilings=ceilings)
    if not all(value > 0 for value in (*ours, *theirs)):
        return ()
    return tuple(math.log(a / b) for a, b in zip(ours, theirs, strict=True))


def _of_rounds(checked: VariantRecord, reference: VariantRecord, metric: str) -> tuple[float, ...]:
    measured = all(v.status == "measured" and v.windows for v in (checked, reference))
    if not measured or not of_one_measure(checked, reference):
        return ()
    launches = launch_of_rounds(checked, reference)
    ours, theirs = (_TIMED[metric](each) for each in (checked, reference))
    # Time over time; of samples per second it is the other way round.
    pair = (theirs, ours) if metric == THROUGHPUT else (ours, theirs)
    return tuple(log_ratios_of_launches(*pair, launches, uneven=checked.uneven))
