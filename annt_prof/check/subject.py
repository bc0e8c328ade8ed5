"""Which variants of a run a budget is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import plan
from annt_prof.plan import BASELINE

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord


def is_against_reference(run: Run) -> bool:
    """Whether the baseline of a run is a second scenario, checkout or environment.

    A run about how two scenarios differ has differences too, and its baseline is the first of them.
    """
    return run.reference is not None


def named(run: Run, name: str) -> VariantRecord | None:
    """Return a variant of a run; None where it has none of that name."""
    return next((variant for variant in run.variants if variant.name == name), None)


def as_written(run: Run) -> str:
    """Return the name of the variant that is the run's scenario, with what of it can act here.

    Where techniques cannot act, a set of them may be the same as a smaller one, which alone is
    measured then. Of a run about two scenarios the first one is the run's.
    """
    if run.differences and not is_against_reference(run):
        return BASELINE
    name = plan.as_written(tuple(variant.name for variant in run.variants))
    variant = named(run, name)
    if variant is None or variant.status != "not_applicable":
        return name
    same = (v for v in run.variants if v.status == "measured" and v.factors == variant.factors)
    return next((each.name for each in same), name)
