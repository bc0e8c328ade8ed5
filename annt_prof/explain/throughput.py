"""Computational throughput: operations over time, beside what the machine can do at most."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.explain.explanation import Throughput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.evidence import Ceilings

_FULL_PRECISION = "float32"


def throughputs(run: Run, ceilings: Ceilings | None) -> tuple[Throughput, ...]:
    """Return each timed variant's, where its operations could be counted.

    Source: the paper's equation of computational throughput; model FLOPs utilisation as in
    Chowdhery et al., PaLM, 2022, appendix B.
    """
    return tuple(_each(run, ceilings))


def _each(run: Run, ceilings: Ceilings | None) -> Iterator[Throughput]:
    for variant in run.variants:
        if variant.step_time is None or variant.numerics is None or not variant.numerics.flops:
            continue
        per_s = variant.numerics.flops * units.NS_PER_S / variant.step_time.mean
        dtype = _dtype(variant)
        ceiling = None if ceilings is None else ceilings.matrix_flops.get(dtype)
        yield Throughput(
            variant=variant.name,
            flops_per_s=per_s,
            dtype=dtype,
            of_ceiling=None if ceiling is None else per_s / ceiling,
        )


def _dtype(variant: VariantRecord) -> str:
    numerics = variant.numerics
    if numerics is not None and numerics.quantisation:
        return numerics.quantisation[0].dtype
    return "tf32" if "tf32" in variant.techniques else _FULL_PRECISION
