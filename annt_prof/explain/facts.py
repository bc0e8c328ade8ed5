"""What every technique's explanation is made from, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from annt_prof.explain import costs, lattice
from annt_prof.explain.prediction import evidence_of
from annt_prof.explain.wording import DEFAULT_PRECISION

if TYPE_CHECKING:
    from annt_prof.explain.lattice import Floats, Names
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.evidence import Ceilings, Evidence

NOBODY: Names = frozenset()
"""The baseline's set of techniques."""


@dataclass(frozen=True)
class Facts:
    """Of one run.

    Attributes:
        run: Itself.
        mix: Techniques of the scenario, in its order.
        idle: Those that cannot act here, each with the reason.
        acting: The others, as far as they were measured in any variant.
        measured: Variants by their set of techniques.
        orders: Over which the total is shared out; empty where the design does not allow it.
        shares: Savings of each technique by launch.
        total: Saving of the whole mix by launch; None where it was not measured.
        evidence: What the baseline's step tells; None where it was not traced.
        precision: Half-width, a fraction, up to which an interval counts as narrow.
    """

    run: Run
    mix: tuple[str, ...]
    idle: dict[str, str]
    acting: tuple[str, ...]
    measured: dict[Names, VariantRecord]
    orders: list[tuple[str, ...]]
    shares: dict[str, Floats]
    total: Floats | None
    evidence: Evidence | None
    precision: float


def gather(run: Run, ceilings: Ceilings | None) -> Facts:
    """Gather a run's facts; ``ceilings`` are of the machine that it ran on."""
    mix = tuple(dict.fromkeys(_names_in(run)))
    idle = {name: why for variant in run.variants for name, why in variant.left_out.items()}
    measured = costs.measured_sets(run)
    acting = tuple(name for name in mix if name not in idle)
    whole = frozenset(acting)
    baseline = measured.get(NOBODY)
    orders = costs.orders_of(run, acting, measured) if baseline and acting else []
    total, shares = None, {}
    if orders:
        needed = {frozenset(order[:n]) for order in orders for n in range(len(order) + 1)}
        cost = costs.by_launch({names: measured[names] for names in needed})
        if len(cost[NOBODY]):
            shares = lattice.shapley(cost, acting, orders)
            total = cost[NOBODY] - cost[whole]
    elif baseline and whole in measured and acting:
        both = costs.by_launch({NOBODY: baseline, whole: measured[whole]})
        total = both[NOBODY] - both[whole] if len(both[whole]) else None
    evidence = None if baseline is None else evidence_of(run, baseline, ceilings)
    values = {value.path: value.value for value in run.scenario}
    precision = values.get("window.precision", DEFAULT_PRECISION)
    return Facts(
        run, mix, idle, acting, measured, orders, shares, total, evidence, float(precision)
    )


def _names_in(run: Run) -> list[str]:
    """Return every technique that any variant has or lacks, in the order of the variants."""
    return [name for variant in run.variants for name in (*variant.techniques, *variant.left_out)]


def baseline_ns(baseline: VariantRecord) -> int:
    """Return the median over windows, ns per sample."""
    median = np.median([window.median_ns for window in baseline.windows])
    return round(float(median) / baseline.samples_per_iteration)
