"""From a measured run to its explanation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from annt_prof import units
from annt_prof.errors import UserError
from annt_prof.explain import costs, lattice, pairing
from annt_prof.explain.advice import advise, machine_of_run
from annt_prof.explain.explanation import (
    Amount,
    Explanation,
    Finding,
    Interaction,
    TechniqueExplanation,
)
from annt_prof.explain.facts import NOBODY, Facts, baseline_ns, gather
from annt_prof.explain.prediction import options_of, predict
from annt_prof.explain.reasons import reason
from annt_prof.explain.signature import movements
from annt_prof.explain.throughput import throughputs
from annt_prof.explain.wording import floor_of, verdict
from annt_prof.plan import AGAIN
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Movement
    from annt_prof.explain.lattice import Names
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.techniques.evidence import Ceilings, Prediction

_WORTH_TRYING = 0.02  # of the step
_MOST_NEXT_STEPS = 5

_FINDINGS = {
    "faster": Finding.HELPS,
    "slower": Finding.HURTS,
    "no_measurable_effect": Finding.NO_MEASURABLE_EFFECT,
    "inconclusive": Finding.INCONCLUSIVE,
    "no_interval": Finding.INCONCLUSIVE,
}


def explain(run: Run, ceilings: Ceilings | None = None) -> Explanation:
    """Explain a run.

    Args:
        run: Complete or not; what is missing is None in the answer.
        ceilings: Of the machine it ran on, for sharper predictions.
    """
    facts = gather(run, ceilings)
    baseline = facts.measured.get(NOBODY)
    total = None if facts.total is None else costs.amount(facts.total)
    techniques = tuple(_technique(name, facts) for name in facts.mix)
    again = next((v for v in run.variants if v.name == AGAIN), None)
    return Explanation(
        run_id=run.run_id,
        design=run.design,
        launches=0 if facts.total is None else len(facts.total),
        baseline_ns=None if baseline is None else baseline_ns(baseline),
        total=total,
        techniques=_with_shares(techniques, facts, total),
        interactions=_interactions(facts),
        baseline_again=None if again is None else again.speedup,
        next_steps=_next_steps(techniques, facts),
        differences=run.differences,
        same_in_both=run.same_in_both,
        throughputs=throughputs(run, ceilings),
    )


def _technique(name: str, facts: Facts) -> TechniqueExplanation:
    if name in facts.idle:
        return TechniqueExplanation(
            name, Finding.NOT_APPLICABLE, f"not applicable: {facts.idle[name]}"
        )
    baseline = facts.measured.get(NOBODY)
    variant = facts.measured.get(frozenset((name,)))
    if baseline is None or variant is None or variant.speedup is None:
        return TechniqueExplanation(name, Finding.INCONCLUSIVE, _why_not_measured(name, facts))
    said = verdict(variant.speedup, facts.precision, floor_of(facts.run.variants)).finding
    finding = _FINDINGS[said]
    prediction = _prediction(name, facts)
    by_category, unreconciled = _by_category(name, facts)
    samples = baseline.samples_per_iteration
    bound_ns = None if prediction is None else max(0, round(prediction.high_ns / samples))
    basis = None if prediction is None else prediction.basis
    alone = _saving(NOBODY, frozenset((name,)), facts)
    low = None if prediction is None else round(prediction.low_ns / samples)
    high = None if prediction is None else round(prediction.high_ns / samples)
    per_sample_ns = baseline_ns(baseline)
    extra_s = _extra_first_step_s(baseline, variant)
    return TechniqueExplanation(
        name=name,
        finding=finding,
        reason=reason(
            finding,
            variant.speedup,
            by_category,
            bound_ns,
            basis,
            per_sample_ns,
            unexplained=_unexplained(alone, bound_ns),
        ),
        speedup=variant.speedup,
        alone=alone,
        given_others=_saving(frozenset(facts.acting) - {name}, frozenset(facts.acting), facts),
        smallest_effect=costs.smallest_effect(pairing.log_ratios(baseline, variant)),
        saving_by_category_ns=by_category,
        unreconciled_ns=unreconciled,
        signature=_signature(name, facts, alone),
        bound_ns=bound_ns,
        bound_basis=basis,
        predicted_low_ns=low,
        predicted_high_ns=high,
        prediction_held=_held(alone, low, high),
        pitfalls=_pitfalls(name, variant),
        mathematics=_mathematics(name, variant),
        extra_first_step_s=extra_s,
        paid_back_after=_paid_back_after(extra_s, baseline, variant),
        numerics=variant.numerics,
    )


def _unexplained(alone: Amount | None, bound_ns: int | None) -> bool:
    """Tell whether a saving is larger than its mechanism accounts for, interval and all."""
    return (
        alone is not None
        and alone.low is not None
        and bound_ns is not None
        and alone.low > bound_ns
    )


def _extra_first_step_s(baseline: VariantRecord, variant: VariantRecord) -> float | None:
    if baseline.first_step_s is None or variant.first_step_s is None:
        return None
    return variant.first_step_s - baseline.first_step_s


def _paid_back_after(
    extra_s: float | None, baseline: VariantRecord, variant: VariantRecord
) -> int | None:
    """Return the iterations whose saving makes up for a longer first step."""
    if extra_s is None or extra_s <= 0 or not baseline.step_time or not variant.step_time:
        return None
    if variant.speedup is None or variant.speedup.low is None or variant.speedup.low <= 1:
        return None
    saved_s = (baseline.step_time.median - variant.step_time.median) / units.NS_PER_S
    return math.ceil(extra_s / saved_s) if saved_s > 0 else None


def _why_not_measured(name: str, facts: Facts) -> str:
    for variant in facts.run.variants:
        if variant.techniques == (name,) and variant.status != "measured":
            return f"not measured: {variant.reason or variant.status.replace('_', ' ')}"
    return "not measured: no round has both it and the baseline"


def _saving(before: Names, after: Names, facts: Facts) -> Amount | None:
    """Return what the second set saves over the first, where both were measured."""
    if before not in facts.measured or after not in facts.measured:
        return None
    both = costs.by_launch({before: facts.measured[before], after: facts.measured[after]})
    savings = both[before] - both[after]
    return costs.amount(savings) if len(savings) else None


def _by_category(name: str, facts: Facts) -> tuple[dict[str, int] | None, int | None]:
    """Return the technique's saving by category, and what of the timed one it does not explain."""
    alone = frozenset((name,))
    orders = facts.orders or [(name,)]
    needed = {frozenset(order[:n]) for order in orders for n in range(len(order) + 1)}
    players = facts.acting if facts.orders else (name,)
    variants = {names: facts.measured[names] for names in needed}
    found = costs.by_category(variants, facts.run.environment.device_type)
    if not found:
        return None, None
    savings = {
        category: float(lattice.shapley(cost, players, orders)[name])
        for category, cost in found.items()
    }
    if facts.orders:
        timed = float(facts.shares[name].mean())
    else:
        both = costs.by_launch({NOBODY: facts.measured[NOBODY], alone: facts.measured[alone]})
        timed = float((both[NOBODY] - both[alone]).mean())
    rounded = {category: round(ns) for category, ns in savings.items()}
    return rounded, round(timed) - sum(rounded.values())


def _pitfalls(name: str, variant: VariantRecord) -> tuple[str, ...]:
    """Return what its own checks found in the setup, and what the variant's trace shows."""
    prefixes = (f"{name}: ", "trace: ")
    return tuple(
        remark.removeprefix(prefix)
        for prefix in prefixes
        for remark in variant.remarks
        if remark.startswith(prefix)
    )


def _signature(name: str, facts: Facts, alone: Amount | None) -> tuple[Movement, ...]:
    """Return what moved; nothing where no interval tells what is noise."""
    if alone is None or alone.low is None or alone.high is None:
        return ()
    noise_ns = (alone.high - alone.low) / 2
    before, after = facts.measured[NOBODY], facts.measured[frozenset((name,))]
    try:
        expected = registry.load(name).signature
    except UserError:
        return ()  # a plug-in that is no longer there
    return movements(expected, before, after, facts.run.environment.device_type, noise_ns)


def _mathematics(name: str, variant: VariantRecord) -> str:
    """Return what the variant says of it: of a technique its mathematics, else the change."""
    prefix = f"{name}: "
    said = [line for line in variant.mathematics if line.startswith(prefix)]
    return said[0].removeprefix(prefix) if said else ""


def _prediction(name: str, facts: Facts) -> Prediction | None:
    if facts.evidence is None:
        return None
    try:
        return predict(name, options_of(facts.run, name), facts.evidence)
    except UserError:
        return None


def _held(alone: Amount | None, low: int | None, high: int | None) -> bool | None:
    """Tell whether the measured interval meets the predicted one."""
    if alone is None or low is None or high is None or alone.low is None or alone.high is None:
        return None
    return alone.low <= high and alone.high >= low


def _with_shares(
    techniques: tuple[TechniqueExplanation, ...], facts: Facts, total: Amount | None
) -> tuple[TechniqueExplanation, ...]:
    """Fill in the shares, whole nanoseconds that sum to the total."""
    if not facts.shares or total is None:
        return techniques
    means = {name: float(savings.mean()) for name, savings in facts.shares.items()}
    whole = lattice.whole_numbers(means, total.ns)
    return tuple(
        msgspec.structs.replace(
            each,
            share=msgspec.structs.replace(
                costs.amount(facts.shares[each.name]), ns=whole[each.name]
            ),
        )
        if each.name in whole
        else each
        for each in techniques
    )


def _interactions(facts: Facts) -> tuple[Interaction, ...]:
    """Return the pairs whose extra saving is beyond what is told from none."""
    small = {names: v for names, v in facts.measured.items() if len(names) <= 2}
    if len(small) < 4:
        return ()
    found = []
    cost = costs.by_launch(small)
    for pair, extra in lattice.interactions(cost, facts.acting).items():
        known = costs.amount(extra) if len(extra) else None
        if known is None or known.low is None or known.high is None:
            continue
        noise_ns = floor_of(facts.run.variants) * float(np.mean(cost[NOBODY]))
        if known.low > noise_ns or known.high < -noise_ns:
            one, other = sorted(pair, key=facts.mix.index)
            found.append(Interaction((one, other), known))
    return tuple(sorted(found, key=lambda each: -abs(each.extra.ns)))


def _next_steps(techniques: tuple[TechniqueExplanation, ...], facts: Facts) -> tuple[str, ...]:
    """Say what to try next, ordered by what it could save."""
    said = [
        f"{each.name}: more launches would tell (window.time_budget_s, window.rounds)"
        for each in techniques
        if each.finding is Finding.INCONCLUSIVE and each.speedup is not None
    ]
    if facts.evidence is None:
        return tuple(said)
    for advice in advise(facts.evidence, machine_of_run(facts.run), facts.mix):
        if advice.share is not None and advice.share >= _WORTH_TRYING:
            at_most = units.percent(min(advice.share, 1.0))
            said.append(f"{advice.name}: could save up to {at_most} of the step: {advice.basis}")
    return tuple(said[:_MOST_NEXT_STEPS])
