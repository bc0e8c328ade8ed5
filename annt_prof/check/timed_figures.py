"""Figures by launch that come from timed windows, and those of a launch as a whole."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.check.figures_by_launch import LaunchFigures, by_launch
from annt_prof.compare import launch_figures
from annt_prof.compare.ceiling import TOO_LOW, ceiling_of, shares_of_precisions
from annt_prof.compare.figures import launch_of_rounds, of_launches, waited_by_launch
from annt_prof.compare.precisions import matrix_time
from annt_prof.runs.record import SCHEMA_VERSION

if TYPE_CHECKING:
    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord

_NO_WINDOW = "it has no timed window"
_WITHIN_EPOCHS = "in the middle of an epoch: what its start costs is not part of it"
_WAITS_WITHIN_EPOCHS = "in the middle of an epoch: how long its start waits is not among it"


def step_time(variant: VariantRecord) -> LaunchFigures:
    """Return nanoseconds per iteration by launch, without what an epoch's start adds.

    A start is measured in two launches and is then part of all of a run's figures alike, so that
    what it is uncertain by is in no spread of launches.
    """
    launches = launch_of_rounds(variant)
    values = of_launches(within_epoch_ns(variant), launches, uneven=variant.uneven)
    epochs = variant.epochs
    note = _WITHIN_EPOCHS if epochs is not None and epochs.counted else None
    by_number = dict(zip(sorted(set(launches.values())), values, strict=True))
    return by_launch(by_number, _NO_WINDOW, note=note)


def within_epoch_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per iteration, by the round's number."""
    return {window.round: window.per_iteration_ns for window in variant.windows}


def within_epoch_per_sample_ns(variant: VariantRecord) -> dict[int, float]:
    """Return each round's nanoseconds per sample, by the round's number."""
    return {n: ns / variant.samples_per_iteration for n, ns in within_epoch_ns(variant).items()}


def throughput(variant: VariantRecord) -> LaunchFigures:
    """Return samples per second."""
    times = step_time(variant)
    samples = variant.samples_per_iteration * units.NS_PER_S
    return msgspec.structs.replace(times, values=tuple(samples / ns for ns in times.values))


def peak_memory(variant: VariantRecord) -> LaunchFigures:
    """Return the highest bytes over a launch's timed windows."""
    peaks = launch_figures.by_launch(variant, launch_figures.Metric.PEAK_MEMORY)
    return by_launch(peaks, "its launches' own peaks were not recorded")


def energy_per_sample(variant: VariantRecord) -> LaunchFigures:
    """Return joules over the samples of the same windows."""
    energies = launch_figures.by_launch(variant, launch_figures.Metric.ENERGY_PER_SAMPLE)
    return by_launch(energies, "the energy of its windows was not sampled")


def compile_time(variant: VariantRecord) -> LaunchFigures:
    """Return nanoseconds of the very first optimizer step of each launch that began with nothing.

    A launch that finds what an earlier one compiled is not among them.
    """
    first = {step.launch: step.seconds * units.NS_PER_S for step in variant.first_steps}
    if not first and variant.first_step_s is not None:  # as recorded of the first launch alone
        first = {0: variant.first_step_s * units.NS_PER_S}
    return by_launch(first, "its first step was not timed")


def skipped_steps(variant: VariantRecord) -> LaunchFigures:
    """Return how many of a few further steps the scaler skipped; without one there are none."""
    if variant.numerics is None:
        return LaunchFigures(exact=True, may_be_zero=True, why_not=_NO_NUMERICS)
    last = max((window.launch for window in variant.windows), default=0)
    skipped = float(variant.numerics.skipped_steps)
    return LaunchFigures((skipped,), (last,), exact=True, may_be_zero=True)


_NO_NUMERICS = "its numbers were not looked at, which follows the trace"


def mfu(run: Run, variant: VariantRecord, ceilings: Ceilings | None) -> LaunchFigures:
    """Return operations per second over what the machine was measured to do at most.

    Source: model FLOPs utilisation as in Chowdhery et al., PaLM, 2022, appendix B.
    """
    flops = None if variant.numerics is None else variant.numerics.flops
    if not flops:
        return LaunchFigures(why_not="its operations could not be counted")
    shares = shares_of_precisions(matrix_time(variant, run), variant, run)
    ceiling, why_not = ceiling_of(shares, ceilings)
    if ceiling is None:
        return LaunchFigures(why_not=why_not)
    times = step_time(variant)
    rates = tuple(flops * units.NS_PER_S / ns for ns in times.values)
    if rates and fmean(rates) > ceiling:
        return LaunchFigures(why_not=TOO_LOW)
    return msgspec.structs.replace(times, values=tuple(rate / ceiling for rate in rates))


def waited_for_batches(run: Run, variant: VariantRecord, *, share: bool) -> LaunchFigures:
    """Return for how long of a timed iteration the host waits for its batch.

    On a CPU this is ``data_loading``: a profiler slows the step, and loader processes beside it
    gain what it loses, so that a trace shows too short a wait.

    Args:
        run: That the variant is of.
        variant: Which.
        share: Whether it is told as a fraction of the step.
    """
    waits = waited_by_launch(variant)
    if share:
        steps = step_time(variant)
        of_step = zip(steps.launches, steps.values, strict=True)
        waits = {launch: min(waits[launch] / ns, 1.0) for launch, ns in of_step}
    # Version 1 did not record it, and no loader ever takes no time at all.
    if run.schema_version < SCHEMA_VERSION and not any(waits.values()):
        waits = {}
    epochs = variant.epochs
    note = _WAITS_WITHIN_EPOCHS if epochs is not None and epochs.counted else None
    why_not = "how long it waits for batches was not recorded"
    return by_launch(waits, why_not, may_be_zero=True, note=note)
