"""Figures by launch that come from traced windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.check.figures_by_launch import LaunchFigures, by_launch
from annt_prof.check.timed_figures import step_time, waited_for_batches
from annt_prof.check.timed_parts import Timed, by_name, factor
from annt_prof.runs.record import TracedLaunch

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.categories import Category, KernelClass
    from annt_prof.runs.record import Run, VariantRecord

_NOT_TRACED = "it was not traced"
_TRACED_ALONE = "none of its launches was both timed and traced"
_NO_DEVICE = "no accelerator in its trace"
_OF_TIMED = "of the timed step, divided as the traced one is"
_BY_OPERATORS = "without a device: host time of forward and backward, by what their operators do"


def traced_launches(variant: VariantRecord) -> tuple[TracedLaunch, ...]:
    """Return what was traced of each launch; of a run with one trace that of its last launch."""
    if variant.traced_launches or variant.breakdown is None:
        return variant.traced_launches
    last = max((window.launch for window in variant.windows), default=0)
    return (TracedLaunch(last, variant.breakdown),)


def category(run: Run, variant: VariantRecord, which: Category, *, share: bool) -> LaunchFigures:
    """Return nanoseconds of a category per step, or its share of that step.

    Of the traced step; without a device of the timed one, as ``timed_parts`` tells it.
    """
    return _parts(
        run,
        variant,
        lambda traced: traced.by_category_ns.get(which),
        lambda traced: traced.not_measured.get(which, "this trace cannot show it"),
        share=share,
    )


def kernel_class(
    run: Run, variant: VariantRecord, which: KernelClass, *, share: bool
) -> LaunchFigures:
    """Return nanoseconds of a class of kernels per step, or their share of that step.

    Kernels that overlap all count. Without a device it is the host's time in operators, as a part
    of the timed step.
    """

    def of(traced: MeanBreakdown) -> int | None:
        by_class = traced.kernel_ns or traced.operator_ns
        return by_class.get(which, 0) if by_class else None

    return _parts(
        run, variant, of, lambda _: "its trace shows no kernels", share=share, of_work=True
    )


def tensor_core_share(run: Run, variant: VariantRecord) -> LaunchFigures:
    """Return the share of kernels' time that used tensor cores, as their names tell."""
    shares = {
        traced.launch: traced.matrix_unit_share
        for traced in variant.traced_launches
        if traced.matrix_unit_share is not None
    }
    why_not = _NOT_TRACED
    if run.environment.device_type == "cpu":
        why_not = _NO_DEVICE
    elif variant.breakdown is not None:
        why_not = "its traces were not asked for it"
    return by_launch(shares, why_not, may_be_zero=True)


def _parts(
    run: Run,
    variant: VariantRecord,
    of: Callable[[MeanBreakdown], int | None],
    why_not_of: Callable[[MeanBreakdown], str],
    *,
    share: bool,
    of_work: bool = False,
) -> LaunchFigures:
    traced = traced_launches(variant)
    if not traced:
        return LaunchFigures(may_be_zero=True, why_not=_NOT_TRACED)
    timed = _timed(run, variant)
    if timed is not None:
        # How long another launch's step was says nothing of the launches that were traced alone.
        traced = tuple(launch for launch in traced if launch.launch in timed)
        if not traced:
            return LaunchFigures(may_be_zero=True, why_not=_TRACED_ALONE)
    values: dict[int, float] = {}
    for launch in traced:
        ns, step_ns = of(launch.breakdown), float(launch.breakdown.step_ns)
        if ns is None or not step_ns:
            continue
        by = 1.0
        if timed is not None:
            step_ns = timed[launch.launch].step_ns
            by = factor(by_name(launch.breakdown), timed[launch.launch])
        values[launch.launch] = by * ns / step_ns if share else by * ns
    by_operators = of_work and not traced[-1].breakdown.kernel_ns
    notes = (
        _BY_OPERATORS if by_operators else None,
        _OF_TIMED if timed is not None else None if share else _inflation(variant),
    )
    return by_launch(
        values,
        why_not_of(traced[-1].breakdown),
        may_be_zero=True,
        note="; ".join(note for note in notes if note) or None,
    )


def _timed(run: Run, variant: VariantRecord) -> dict[int, Timed] | None:
    """Return the timed step of each launch; None where parts are of the traced step."""
    if run.environment.device_type != "cpu" or variant.step_time is None:
        return None
    steps = step_time(variant)
    waits = waited_for_batches(run, variant, share=False)
    step_ns = dict(zip(steps.launches, steps.values, strict=True))
    waited = dict(zip(waits.launches, waits.values, strict=True))
    return {launch: Timed(ns, waited.get(launch)) for launch, ns in step_ns.items()}


def _inflation(variant: VariantRecord) -> str | None:
    """Say that a time is of the traced step, where that is another one than the timed."""
    inflation = variant.profiler_inflation
    if inflation is None or inflation <= 0:
        return None
    return f"of the traced step, which takes {units.percent(inflation)} longer than the timed one"
