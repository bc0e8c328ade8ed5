"""In which precision a variant's convolutions, products and attention ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from annt_prof.categories import MATRIX_CLASSES, KernelClass, Precision, WhyAssumed
from annt_prof.compare.options import options_in_effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.analysis.breakdown.breakdown import MeanBreakdown
    from annt_prof.analysis.path.on_path import OnPath
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.shipped.amp import AmpOptions
    from annt_prof.techniques.shipped.tf32 import Tf32Options


class MatrixTime(NamedTuple):
    """Time of matrix work by class and precision.

    Attributes:
        ns: Per iteration of the traced step; empty where a variant was not traced.
        assumed: Classes of which it is not known of some kernels, each with the precision that
            the settings give it.
        assumed_because: Why it is not known; None where nothing is assumed.
    """

    ns: dict[KernelClass, dict[Precision, int]]
    assumed: dict[KernelClass, Precision]
    assumed_because: WhyAssumed | None


def matrix_time(variant: VariantRecord, run: Run) -> MatrixTime:
    """Return what the kernels' names tell, and what the settings say where they do not."""
    breakdown = variant.breakdown
    if breakdown is None:
        return MatrixTime({}, {}, None)
    totals_ns = breakdown.kernel_ns or breakdown.operator_ns
    ns, taken = _told_or_taken(totals_ns, breakdown.kernel_precision_ns, variant, run)
    assumed = taken if breakdown.kernel_ns else {}
    return MatrixTime(ns, assumed, _why(breakdown) if assumed else None)


def matrix_time_on_path(
    on_path: OnPath, variant: VariantRecord, run: Run
) -> dict[KernelClass, dict[Precision, int]]:
    """Return the same of what lies on the critical path of the traced step, ns per iteration."""
    return _told_or_taken(on_path.kernel_ns, on_path.kernel_precision_ns, variant, run)[0]


def _told_or_taken(
    totals_ns: Mapping[str, int],
    told_ns: Mapping[str, Mapping[str, int]],
    variant: VariantRecord,
    run: Run,
) -> tuple[dict[KernelClass, dict[Precision, int]], dict[KernelClass, Precision]]:
    """Return time by class and precision, and the precisions that the settings gave."""
    ns: dict[KernelClass, dict[Precision, int]] = {}
    taken: dict[KernelClass, Precision] = {}
    for kind in MATRIX_CLASSES:
        total_ns = totals_ns.get(kind, 0)
        if not total_ns:
            continue
        told = {
            Precision(name): spent
            for name, spent in told_ns.get(kind, {}).items()
            if name != Precision.UNKNOWN
        }
        rest_ns = total_ns - sum(told.values())
        if rest_ns > 0:
            precision = by_settings(kind, variant, run)
            told[precision] = told.get(precision, 0) + rest_ns
            taken[kind] = precision
        ns[kind] = told
    return ns, taken


def _why(breakdown: MeanBreakdown) -> WhyAssumed:
    """Return why not all is told: a breakdown that asked names has a precision of each class."""
    asked = bool(breakdown.kernel_precision_ns)
    return WhyAssumed.NAMES_DO_NOT_TELL if asked else WhyAssumed.NOT_RECORDED


def by_settings(kind: KernelClass, variant: VariantRecord, run: Run) -> Precision:
    """Return the precision that matrix work of a class is allowed to run in.

    Source: PyTorch CUDA semantics notes, section TensorFloat-32: ``cudnn.allow_tf32`` is on by
    default, ``cuda.matmul.allow_tf32`` off; before Ampere there is no TF32.
    """
    half = _autocast(variant, run)
    if half is not None:
        return half
    if run.environment.device_type != "cuda" or not run.environment.tf32:
        return Precision.FLOAT32
    chosen = cast("Tf32Options | None", options_in_effect(variant, "tf32"))
    if chosen is not None:
        return Precision.TF32 if chosen.allowed else Precision.FLOAT32
    return Precision.TF32 if kind is KernelClass.CONV else Precision.FLOAT32


def _autocast(variant: VariantRecord, run: Run) -> Precision | None:
    if variant.numerics is not None and variant.numerics.quantisation:
        return Precision(variant.numerics.quantisation[0].dtype)
    chosen = cast("AmpOptions | None", options_in_effect(variant, "amp"))
    if chosen is None:
        return None
    return Precision(chosen.resolved_dtype(run.environment.device_type))
