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
    from annt_prof.runs.record import Run, Speedup, VariantRecord
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
        compared: The same; those that the total is shared out over have only the rounds that all
            of these have, so that what is told of them together adds up.
        baseline_ns: The baseline's time per sample; None where it was not measured.
        orders: Over which the total is shared out; empty where the design does not allow it.
        shares: Of each technique, whole nanoseconds that sum to the total.
        whole: Of the whole mix against the baseline, as ``compared``; None where it was not
            measured.
        total: What that saves.
        rounds_of_mix: In which the whole mix and the baseline were measured; more than ``whole`` is
            of, where not all of them are ``compared``.
        evidence: What the baseline's step tells; None where it was not traced.
    """

    run: Run
    mix: tuple[str, ...]
    inapplicable: dict[str, str]
    acting: tuple[str, ...]
    measured: dict[Names, VariantRecord]
    compared: dict[Names, VariantRecord]
    baseline_ns: int | None
    orders: list[tuple[str, ...]]
    shares: dict[str, Amount]
    whole: Speedup | None
    total: Amount | None
    rounds_of_mix: int
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
    shared_out = costs.in_common_rounds({n: measured[n] for n in shapley.sets_along(orders)})
    compared = measured | shared_out
    whole, over_all = _whole(compared, acting), _whole(measured, acting)
    total = None if whole is None or baseline_ns is None else costs.saving(whole, baseline_ns)
    shares = _shares(shared_out, acting, orders, baseline_ns, total)
    return Facts(
        run=run,
        mix=mix,
        inapplicable=inapplicable,
        acting=acting,
        measured=measured,
        compared=compared,
        baseline_ns=baseline_ns,
        orders=orders if shares else [],
        shares=shares,
        whole=whole,
        total=total,
        rounds_of_mix=0 if over_all is None else over_all.rounds,
        evidence=None if baseline is None else evidence_of(run, baseline, ceilings),
    )


def _names_in(run: Run) -> list[str]:
    """Return every technique that any variant has or lacks, in the order of the variants."""
    return [name for variant in run.variants for name in (*variant.factors, *variant.left_out)]


def _time_per_sample(baseline: VariantRecord) -> int:
    """Return the mean of the launches, ns per sample."""
    launches = launch_of_rounds(baseline)
    return round(middle_ns(per_sample_ns(baseline), launches, uneven=baseline.uneven))


def _whole(compared: dict[Names, VariantRecord], acting: tuple[str, ...]) -> Speedup | None:
    baseline, whole = compared.get(NO_TECHNIQUES), compared.get(frozenset(acting))
    if not acting or baseline is None or whole is None:
        return None
    return speedup(baseline, whole)


def _shares(
    shared_out: dict[Names, VariantRecord],
    acting: tuple[str, ...],
    orders: list[tuple[str, ...]],
    baseline_ns: int | None,
    total: Amount | None,
) -> dict[str, Amount]:
    """Share the total out along the orders; empty where that cannot be done."""
    if not shared_out or total is None or baseline_ns is None:
        return {}
    baseline = shared_out[NO_TECHNIQUES]
    cost = costs.costs_of(shared_out, baseline, baseline_ns)
    if cost is None:
        return {}
    centres = {n: float(s) for n, s in shapley.shapley(cost.level, acting, orders).items()}
    spread = shapley.shapley(cost.by_launch, acting, orders)
    whole = whole_numbers(centres, total.ns)
    trims = not baseline.uneven
    shares = {n: costs.around(centres[n], spread[n], trims=trims) for n in acting}
    return {name: msgspec.structs.replace(shares[name], ns=whole[name]) for name in acting}
