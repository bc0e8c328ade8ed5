"""What every technique's explanation is made from, gathered once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from annt_prof.analysis.breakdown.apportionment import whole_numbers
from annt_prof.compare.figures import launch_of_rounds, middle_ns, per_sample_ns
from annt_prof.compare.pairing import speedup
from annt_prof.explain import costs, shapley
from annt_prof.explain.prediction import evidence_of

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount
    from annt_prof.explain.shapley import Names
    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.evidence import Evidence

NO_TECHNIQUES: Names = frozenset()
"""The baseline's set of techniques."""


@dataclass(frozen=True)
class Facts:
    """Of one run.

    Attributes:
        run: Itself.
        mix: Techniques of the scenario, in its order.
        inapplicable: Those that cannot act here, each with the reason.
        acting: The others, measured or not.
        measured: Variants by their set of techniques.
        baseline_ns: The baseline's time per sample; None where it was not measured.
        orders: Over which the total is shared out; empty where the design does not allow it.
        shares: Of each technique, whole nanoseconds that sum to the total.
        total: Saving of the whole mix; None where it was not measured.
        evidence: What the baseline's step tells; None where it was not traced.
    """

    run: Run
    mix: tuple[str, ...]
    inapplicable: dict[str, str]
    acting: tuple[str, ...]
    measured: dict[Names, VariantRecord]
    baseline_ns: int | None
    orders: list[tuple[str, ...]]
    shares: dict[str, Amount]
    total: Amount | None
    evidence: Evidence | None


def gather(run: Run, ceilings: Ceilings | None) -> Facts:
    """Gather a run's facts; ``ceilings`` are of the machine that it ran on."""
    mix = tuple(dict.fromkeys(_names_in(run)))
    inapplicable = {name: why for variant in run.variants for name, why in variant.left_out.items()}
    measured = costs.measured_sets(run)
    acting = tuple(name for name in mix if name not in inapplicable)
    baseline = measured.get(NO_TECHNIQUES)
    baseline_ns = None if baseline is None else _time_per_sample(baseline)
    orders = costs.orders_of(run, acting, measured) if baseline and acting else []
    total = _total(measured, acting, baseline_ns)
    shares = _shares(measured, acting, orders, baseline_ns, total)
    return Facts(
        run=run,
        mix=mix,
        inapplicable=inapplicable,
        acting=acting,
        measured=measured,
        baseline_ns=baseline_ns,
        orders=orders if shares else [],
        shares=shares,
        total=total,
        evidence=None if baseline is None else evidence_of(run, baseline, ceilings),
    )


def _names_in(run: Run) -> list[str]:
    """Return every technique that any variant has or lacks, in the order of the variants."""
    return [name for variant in run.variants for name in (*variant.factors, *variant.left_out)]


def _time_per_sample(baseline: VariantRecord) -> int:
    """Return the mean of the launches, ns per sample."""
    launches = launch_of_rounds(baseline)
    return round(middle_ns(per_sample_ns(baseline), launches, uneven=baseline.uneven))


def _total(
    measured: dict[Names, VariantRecord], acting: tuple[str, ...], baseline_ns: int | None
) -> Amount | None:
    whole = measured.get(frozenset(acting)) if acting else None
    if baseline_ns is None or whole is None:
        return None
    found = speedup(measured[NO_TECHNIQUES], whole)
    return None if found is None else costs.saving(found, baseline_ns)


def _shares(
    measured: dict[Names, VariantRecord],
    acting: tuple[str, ...],
    orders: list[tuple[str, ...]],
    baseline_ns: int | None,
    total: Amount | None,
) -> dict[str, Amount]:
    """Share the total out along the orders; empty where that cannot be done."""
    if not orders or total is None or baseline_ns is None:
        return {}
    needed = {frozenset(order[:n]) for order in orders for n in range(len(order) + 1)}
    cost = costs.costs_of({n: measured[n] for n in needed}, measured[NO_TECHNIQUES], baseline_ns)
    if cost is None:
        return {}
    centres = {n: float(s) for n, s in shapley.shapley(cost.level, acting, orders).items()}
    spread = shapley.shapley(cost.by_launch, acting, orders)
    whole = whole_numbers(centres, total.ns)
    trims = not measured[NO_TECHNIQUES].uneven
    found = {n: costs.around(centres[n], spread[n], trims=trims) for n in acting}
    return {name: msgspec.structs.replace(found[name], ns=whole[name]) for name in acting}
