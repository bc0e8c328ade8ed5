"""Computational throughput: operations over time, beside what the machine can do at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import MATRIX_CLASSES, Precision
from annt_prof.explain.explanation import Throughput
from annt_prof.explain.precisions import MatrixTime, by_settings, matrix_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord

NOT_CALIBRATED = "annt-prof doctor --calibrate measures it"
TOO_LOW = "the calibrated ceiling is lower than what was measured: recalibrate"


def throughputs(run: Run, ceilings: Ceilings | None) -> tuple[Throughput, ...]:
    """Return each timed variant's, where its operations could be counted.

    Source: the paper's equation of computational throughput; model FLOPs utilisation as in
    Chowdhery et al., PaLM, 2022, appendix B.
    """
    return tuple(_rate_variants(run, ceilings))


def _rate_variants(run: Run, ceilings: Ceilings | None) -> Iterator[Throughput]:
    for variant in run.variants:
        if variant.step_time is None or variant.numerics is None or not variant.numerics.flops:
            continue
        per_s = variant.numerics.flops * units.NS_PER_S / variant.step_time.mean_ns
        matrix = matrix_time(variant, run)
        shares = _shares(matrix, variant, run)
        ceiling, why_not = _ceiling(shares, ceilings)
        if ceiling is not None and per_s > ceiling:
            ceiling, why_not = None, TOO_LOW
        yield Throughput(
            variant=variant.name,
            flops_per_s=per_s,
            dtype=max(shares, key=lambda precision: shares[precision])
            if shares
            else Precision.UNKNOWN,
            of_ceiling=None if ceiling is None else per_s / ceiling,
            precisions={precision.value: share for precision, share in shares.items()},
            assumed={kind.value: precision.value for kind, precision in matrix.assumed.items()},
            why_not=why_not,
            assumed_because=matrix.assumed_because,
        )


def _shares(matrix: MatrixTime, variant: VariantRecord, run: Run) -> dict[Precision, float]:
    """Return the shares of the time of matrix work by precision.

    Without a trace only settings that let all of it run in one precision tell; else there are none.
    """
    total: dict[Precision, int] = {}
    for told in matrix.ns.values():
        for precision, ns in told.items():
            total[precision] = total.get(precision, 0) + ns
    all_ns = sum(total.values())
    if all_ns:
        return {precision: ns / all_ns for precision, ns in total.items() if ns}
    allowed = {by_settings(kind, variant, run) for kind in MATRIX_CLASSES}
    return {allowed.pop(): 1.0} if len(allowed) == 1 else {}


def _ceiling(
    shares: Mapping[Precision, float], ceilings: Ceilings | None
) -> tuple[float | None, str | None]:
    """Return the operations per second that so much time in each precision allows, or why not.

    Where a share s of the time runs at a rate of at most r, all of it does at most the sum of
    s r operations; a single rate would be passed by what runs in a faster precision.
    """
    if ceilings is None:
        return None, NOT_CALIBRATED
    if not shares:
        return None, "not traced: which part ran in TF32 and which in float32 is not known"
    missing = [precision for precision in shares if precision not in ceilings.matrix_flops]
    if missing:
        return None, f"no ceiling of {', '.join(missing)} was calibrated"
    return sum(
        share * ceilings.matrix_flops[precision] for precision, share in shares.items()
    ), None
