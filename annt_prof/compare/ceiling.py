"""What a machine can do at most in the precisions that a variant ran in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import MATRIX_CLASSES, Precision
from annt_prof.compare.precisions import MatrixTime, by_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord

NOT_CALIBRATED = "annt-prof doctor --calibrate measures it"
TOO_LOW = "the calibrated ceiling is lower than what was measured: recalibrate"


def shares_of_precisions(
    matrix: MatrixTime, variant: VariantRecord, run: Run
) -> dict[Precision, float]:
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


def ceiling_of(
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
