"""What techniques could save, told from the baseline's step alone."""

from __future__ import annotations

import dataclasses
from enum import Enum, auto
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import Category, KernelClass
from annt_prof.compare.precisions import matrix_time
from annt_prof.explain.agreement import agreement
from annt_prof.explain.device_kernels import device_kernel_ns
from annt_prof.explain.path_bounds import path_of_run
from annt_prof.explain.profiler_overhead import deflated
from annt_prof.plan import BASELINE
from annt_prof.techniques import bounds, registry
from annt_prof.techniques.evidence import Baseline, Evidence, Prediction
from annt_prof.techniques.technique import REDUNDANT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.categories import Precision
    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.technique import Options, Signature, Technique


class NoBounds(Enum):
    """Why it is not known what a technique could save.

    Nothing saves more than the step, so a bound that is no smaller says nothing.

    Attributes:
        NOT_TOLD: The step lacks what the technique acts on, or does not tell it.
        OTHER_WORK: The bound is the whole step or more, as the traced step is longer or shorter
            than the timed one by what is of no known category.
        WHOLE_STEP: The bound is the whole step or more.
    """

    NOT_TOLD = auto()
    OTHER_WORK = auto()
    WHOLE_STEP = auto()


def evidence_of(run: Run, baseline: VariantRecord, ceilings: Ceilings | None) -> Evidence | None:
    """Return what the baseline shows in its traced step, without what the profiler added.

    None where the baseline was not traced.
    """
    breakdown, timed = baseline.breakdown, baseline.step_time
    step, compared = deflated(baseline, run.environment.device_type), agreement(baseline)
    if breakdown is None or timed is None or step is None or compared is None:
        return None
    category_ns = step.by_category_ns
    values = {value.path: value.value for value in run.scenario}
    matrix = matrix_time(baseline, run)
    kernel_ns = _by_class(breakdown, category_ns)
    return Evidence(
        device_type=run.environment.device_type,
        step_ns=timed.mean_ns,
        category_ns=category_ns,
        kernel_ns=kernel_ns,
        not_in_trace_ns=step.not_in_trace_ns if compared.finding == "shorter" else 0,
        matrix_ns=matrix.ns if breakdown.kernel_ns else _one_precision(matrix.ns, kernel_ns),
        assumed=matrix.assumed,
        assumed_because=matrix.assumed_because,
        host_bound_ns=_host_bound(breakdown, category_ns),
        accumulation=baseline.iterations_per_optimizer_step,
        native_bfloat16=run.environment.native_bfloat16,
        # Between two scenarios the baseline is the first one with its techniques, which may have
        # set what its other values say otherwise.
        baseline=None if run.differences else Baseline.of(values, run.environment.device_type),
        on=on_in_baseline(run),
        ceilings=ceilings,
        path=path_of_run(baseline, run, compared),
    )


def on_in_baseline(run: Run) -> tuple[str, ...]:
    """Return the techniques that the baseline has, and so every variant."""
    baseline = next((v for v in run.variants if v.name == BASELINE), None)
    return () if baseline is None else tuple(technique.name for technique in baseline.techniques)


def _by_class(
    breakdown: MeanBreakdown, category_ns: Mapping[Category, int]
) -> dict[KernelClass, int]:
    """Return time by class: a device's as it is, a host's shrunk like the rest of its step."""
    if breakdown.kernel_ns:
        return device_kernel_ns(breakdown)
    traced_ns, left_ns = (
        sum(ns for category, ns in by_category.items() if category is not Category.DATA_LOADING)
        for by_category in (breakdown.by_category_ns, category_ns)
    )
    shrunk = left_ns / traced_ns if traced_ns else 1.0
    return {KernelClass(name): round(ns * shrunk) for name, ns in breakdown.operator_ns.items()}


def _one_precision(
    matrix_ns: Mapping[KernelClass, Mapping[Precision, int]], kernel_ns: Mapping[KernelClass, int]
) -> dict[KernelClass, dict[Precision, int]]:
    """Return the same precisions with a host's times as they were shrunk; each class has one."""
    return {kind: {next(iter(told)): kernel_ns[kind]} for kind, told in matrix_ns.items()}


def _host_bound(breakdown: MeanBreakdown, category_ns: dict[Category, int]) -> dict[str, int]:
    """Return ``host_bound`` by phase, without the part that the profiler added."""
    traced_ns = breakdown.by_category_ns.get(Category.HOST_BOUND, 0)
    kept = category_ns.get(Category.HOST_BOUND, 0) / traced_ns if traced_ns else 0.0
    return {phase: round(ns * kept) for phase, ns in breakdown.host_bound_ns.items()}


def predict(name: str, options: Options, evidence: Evidence) -> Prediction | NoBounds:
    """Return what a technique could save per iteration, or why that is not known.

    What the baseline does already saves nothing. What its trace lacks may be of what a technique
    shortens, so it widens bounds. What it has too much of makes bounds wide by itself. Every bound
    that is returned is smaller than the step.

    Raises:
        UserError: The technique is not installed any more, or the code of its plug-in fails.
    """
    technique = registry.load(name)
    with registry.answering(name):
        if evidence.baseline is not None and technique.redundant(options, evidence.baseline):
            return Prediction(low_ns=0, high_ns=0, basis=f"nothing: {REDUNDANT}")
        prediction = _asked(technique, options, evidence)
        if prediction is None:
            return NoBounds.NOT_TOLD
        if evidence.path is not None:
            wherever = _asked(technique, options, dataclasses.replace(evidence, path=None))
            prediction = _on_path(prediction, wherever, technique.signature, evidence)
        if evidence.not_in_trace_ns > 0:
            prediction = _widened(prediction, technique.signature, evidence)
    if not 0 < evidence.step_ns <= prediction.high_ns:
        return prediction
    other_work = evidence.not_in_trace_ns > 0 or evidence.shown_ns() > evidence.step_ns
    return NoBounds.OTHER_WORK if other_work else NoBounds.WHOLE_STEP


def _asked(
    technique: Technique[Options], options: Options, evidence: Evidence
) -> Prediction | None:
    prediction: object = technique.predict(options, evidence)
    if not isinstance(prediction, Prediction | None):
        raise TypeError(f"predict returned {prediction!r}, which is no Prediction")
    return prediction


def _on_path(
    prediction: Prediction, wherever: Prediction | None, signature: Signature, evidence: Evidence
) -> Prediction:
    """Hold a bound to the critical path, and tell what of it the path takes away.

    Args:
        prediction: As the technique gives it.
        wherever: The same told without the path.
        signature: Of the technique.
        evidence: Of a step whose path is known.
    """
    high_ns = bounds.of_kernels_alone(signature, prediction, evidence)
    off_path_ns = 0 if wherever is None else max(0, wherever.high_ns - high_ns)
    if not off_path_ns:
        return dataclasses.replace(prediction, off_path_ns=0)
    # A share, since bounds are told per step or per sample.
    off_path = units.percent(off_path_ns / evidence.step_ns) if evidence.step_ns else "0 %"
    hidden = _HIDDEN_BY_PROFILER if evidence.path and evidence.path.inflation_ns else ""
    return Prediction(
        low_ns=min(prediction.low_ns, high_ns),
        high_ns=high_ns,
        basis=f"{prediction.basis}; {off_path} of the step less than that, as only what it "
        f"shortens on the critical path can shorten the step{hidden}",
        off_path_ns=off_path_ns,
    )


_HIDDEN_BY_PROFILER = ", and what the profiler may have pushed off it by slowing the host"


def _widened(prediction: Prediction, signature: Signature, evidence: Evidence) -> Prediction:
    """Add what the trace lacks to both bounds, but for what is nothing by its mechanism.

    A window that a full queue feeds shows no loading at all, so a bound of 0 on that is none.
    """
    lacking_ns = evidence.not_in_trace_ns
    loads = signature.lowers(Category.DATA_LOADING)
    saves = prediction.high_ns > 0 or loads
    # A share, since bounds are told per step or per sample.
    lacking = units.percent(lacking_ns / evidence.step_ns)
    return Prediction(
        low_ns=prediction.low_ns - lacking_ns if prediction.low_ns < 0 else prediction.low_ns,
        high_ns=prediction.high_ns + lacking_ns if saves else prediction.high_ns,
        basis=f"{prediction.basis}; and {lacking} of the step, which the traced one lacks and "
        "which may be of it too"
        if saves
        else prediction.basis,
        off_path_ns=prediction.off_path_ns,
    )
