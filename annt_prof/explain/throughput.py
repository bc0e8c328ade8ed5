"""Computational throughput: operations over time, beside what the machine can do at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.categories import Precision
from annt_prof.compare.ceiling import TOO_LOW, ceiling_of, shares_of_precisions
from annt_prof.compare.precisions import matrix_time
from annt_prof.explain.explanation import Throughput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run


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
        shares = shares_of_precisions(matrix, variant, run)
        ceiling, why_not = ceiling_of(shares, ceilings)
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
