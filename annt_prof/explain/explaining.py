"""From a measured run to its explanation."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.compare import pairing
from annt_prof.compare.options import options_of
from annt_prof.compare.verdict import floor_of
from annt_prof.compare.wording import without_figures
from annt_prof.errors import UserError
from annt_prof.explain import costs, shapley
from annt_prof.explain.advice import advise, machine_of_run
from annt_prof.explain.attribution import place
from annt_prof.explain.beside_others import given_others, without_verdict
from annt_prof.explain.explanation import (
    Amount,
    Bounds,
    Explanation,
    Interaction,
    TechniqueExplanation,
    Worth,
)
from annt_prof.explain.facts import NO_TECHNIQUES, Facts, gather
from annt_prof.explain.prediction import NoBounds, predict
from annt_prof.explain.prediction_check import beyond, held, outside
from annt_prof.explain.reasons import reason
from annt_prof.explain.signature import movements
from annt_prof.explain.throughput import throughputs
from annt_prof.explain.waiting import loading_decides
from annt_prof.plan import AGAIN, BASELINE
from annt_prof.remarks import Source
from annt_prof.runs.conditions import not_as_asked
from annt_prof.runs.verdict import Effect
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Movement
    from annt_prof.machine.ceilings import Ceilings
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.runs.verdict import Verdict

_WORTH_TRYING = 0.02  # of the step
_MOST_NEXT_STEPS = 5

_WORTH = {
    Effect.FASTER: Worth.HELPS,
    Effect.SLOWER: Worth.HURTS,
    Effect.NO_MEASURABLE_EFFECT: Worth.NO_MEASURABLE_EFFECT,
    Effect.INCONCLUSIVE: Worth.INCONCLUSIVE,
    Effect.NO_INTERVAL: Worth.INCONCLUSIVE,
}


def explain(run: Run, ceilings: Ceilings | None = None) -> Explanation:
    """Explain a run.

    Args:
        run: Complete or not; what is missing is None in the answer.
        ceilings: Of the machine it ran on, for sharper predictions.
    """
    facts = gather(run, ceilings)
    techniques = tuple(_technique(name, facts) for name in facts.mix)
    again = next((v for v in run.variants if v.name == AGAIN), None)
    return Explanation(
        run_id=run.run_id,
        design=run.design,
        launches=_launches(facts, techniques),
        rounds=0 if facts.whole is None else facts.whole.rounds,
        rounds_of_mix=facts.rounds_of_mix,
        baseline_ns=facts.baseline_ns,
        total=facts.total,
        techniques=techniques,
        interactions=_interactions(facts),
        baseline_again=None if again is None else again.speedup,
        verdict_on_again=None if again is None else again.verdict,
        next_steps=_next_steps(techniques, facts),
        differences=run.differences,
        same_in_both=run.same_in_both,
        throughputs=throughputs(run, ceilings),
        orders=len(facts.orders),
        stop=run.stop,
        complete=run.complete,
        not_as_asked=not_as_asked(run),
        baseline_failure=_baseline_failure(facts),
    )


def _baseline_failure(facts: Facts) -> str | None:
    baseline = next((v for v in facts.run.variants if v.name == BASELINE), None)
    if baseline is None or facts.baseline_ns is not None:
        return None
    return without_figures(baseline.status, baseline.reason)


def _launches(facts: Facts, techniques: tuple[TechniqueExplanation, ...]) -> int:
    if facts.whole is not None:
        return facts.whole.launches
    compared = [
        technique.speedup.launches for technique in techniques if technique.speedup is not None
    ]
    baseline = facts.measured.get(NO_TECHNIQUES)
    alone = 0 if baseline is None else len({window.launch for window in baseline.windows})
    return max(compared, default=alone)


def _technique(name: str, facts: Facts) -> TechniqueExplanation:
    if name in facts.inapplicable:
        return TechniqueExplanation(
            name, Worth.NOT_APPLICABLE, f"not applicable: {facts.inapplicable[name]}"
        )
    baseline = facts.measured.get(NO_TECHNIQUES)
    variant = facts.measured.get(frozenset((name,)))
    if baseline is None or facts.baseline_ns is None or variant is None:
        return without_verdict(name, facts)
    if variant.speedup is None or variant.verdict is None:
        return without_verdict(name, facts)
    worth = _WORTH[variant.verdict.effect]
    alone = costs.saving(variant.speedup, facts.baseline_ns)
    bounds = _bounds(name, facts, baseline.samples_per_iteration)
    floor_ns = variant.verdict.floor * facts.baseline_ns
    too_much = bounds is not None and beyond(alone, bounds, floor_ns)
    placed = place(name, facts, alone)
    trusted = worth not in (Worth.HELPS, Worth.HURTS) or placed.agrees
    extra_s = _extra_first_step_s(baseline, variant)
    return TechniqueExplanation(
        name=name,
        worth=worth,
        reason=reason(
            worth,
            variant.speedup,
            placed,
            bounds,
            facts.baseline_ns,
            too_much=too_much,
            decided=_decided(name, facts, bounds, baseline.samples_per_iteration),
        ),
        speedup=variant.speedup,
        alone=alone,
        given_others=given_others(name, facts),
        share=facts.shares.get(name),
        smallest_effect=costs.smallest_effect(
            pairing.log_ratios(baseline, variant), trims=not baseline.uneven
        ),
        saving_by_category_ns=placed.by_category_ns if trusted else None,
        not_in_trace_ns=placed.not_in_trace_ns if trusted else None,
        traced_ns=placed.traced_ns,
        unreconciled_ns=placed.unreconciled_ns,
        traces_agree=placed.agrees,
        signature=_signature(name, facts, alone) if trusted else (),
        bounds=bounds,
        prediction_held=None
        if bounds is None
        else held(alone, bounds, floor_ns, _narrow_ns(variant.verdict, facts.baseline_ns)),
        prediction_error_ns=None if bounds is None else outside(alone.ns, bounds),
        pitfalls=_pitfalls(name, variant, baseline),
        mathematics=_mathematics(name, variant),
        extra_first_step_s=extra_s,
        paid_back_after=_paid_back_after(extra_s, baseline, variant),
        numerics=variant.numerics,
    )


def _narrow_ns(verdict: Verdict, baseline_ns: int) -> float:
    """Return the width per sample up to which a verdict takes an interval for narrow."""
    return 2 * verdict.precision * baseline_ns


def _extra_first_step_s(baseline: VariantRecord, variant: VariantRecord) -> float | None:
    if baseline.first_step_s is None or variant.first_step_s is None:
        return None
    return variant.first_step_s - baseline.first_step_s


def _paid_back_after(
    extra_s: float | None, baseline: VariantRecord, variant: VariantRecord
) -> int | None:
    """Return the iterations whose saving makes up for a longer first step."""
    if extra_s is None or extra_s <= 0 or baseline.step_time is None:
        return None
    if variant.speedup is None or variant.speedup.low is None or variant.speedup.low <= 1:
        return None
    saved_ns = baseline.step_time.mean_ns * (1 - 1 / variant.speedup.ratio)
    return math.ceil(extra_s * units.NS_PER_S / saved_ns)


def _pitfalls(name: str, variant: VariantRecord, baseline: VariantRecord) -> tuple[str, ...]:
    """Return what its own checks found in the setup, and what its trace shows and not the baseline.

    What the baseline does too is no pitfall of the technique.
    """
    own = (Source.SETUP, Source.PITFALL)
    of_setup = [r for r in variant.remarks if r.about == name and r.source in own]
    before = {r.mistake for r in baseline.remarks if r.source is Source.TRACE}
    of_trace = [r for r in variant.remarks if r.source is Source.TRACE and r.mistake not in before]
    return tuple(remark.text for remark in (*of_setup, *of_trace))


def _signature(name: str, facts: Facts, alone: Amount | None) -> tuple[Movement, ...]:
    """Return what moved; nothing where no interval tells what is noise."""
    if alone is None or alone.low_ns is None or alone.high_ns is None:
        return ()
    noise_ns = (alone.high_ns - alone.low_ns) / 2
    before, after = facts.measured[NO_TECHNIQUES], facts.measured[frozenset((name,))]
    try:
        expected = registry.load(name).signature
    except UserError:
        return ()  # a plug-in that is no longer there
    return movements(expected, before, after, facts.run.environment.device_type, noise_ns)


def _mathematics(name: str, variant: VariantRecord) -> str:
    """Return what the variant says of it: of a technique its mathematics, else the change."""
    return next((change.text for change in variant.mathematics if change.about == name), "")


def _decided(name: str, facts: Facts, bounds: Bounds | None, samples: int) -> str | None:
    """Return what else decides, whatever the technique does."""
    if name not in facts.run.switched_on:
        return None
    try:
        signature = registry.load(name).signature
    except UserError:
        return None  # a plug-in that is no longer there
    return loading_decides(facts.evidence, signature, bounds, samples)


def _bounds(name: str, facts: Facts, samples: int) -> Bounds | None:
    """Return what the technique should save per sample, told from the baseline alone."""
    if facts.evidence is None:
        return None
    if facts.run.differences and name not in facts.run.switched_on:
        return None  # the second scenario turns it off or otherwise: no prediction of that is known
    try:
        prediction = predict(name, options_of(facts.run, name), facts.evidence)
    except UserError:
        return None  # a plug-in that is no longer there
    if isinstance(prediction, NoBounds):
        return None
    return Bounds(
        round(prediction.low_ns / samples), round(prediction.high_ns / samples), prediction.basis
    )


def _interactions(facts: Facts) -> tuple[Interaction, ...]:
    """Return the pairs whose extra saving is, by its whole interval, beyond the run's floor."""
    small = {names: v for names, v in facts.measured.items() if len(names) <= 2}
    if len(small) < 4 or facts.baseline_ns is None:
        return ()
    cost = costs.costs_of(small, facts.measured[NO_TECHNIQUES], facts.baseline_ns)
    if cost is None:
        return ()
    centres = shapley.interactions(cost.level, facts.acting)
    noise_ns = floor_of(facts.run.variants) * facts.baseline_ns
    interactions = []
    trims = not facts.measured[NO_TECHNIQUES].uneven
    for pair, spread in shapley.interactions(cost.by_launch, facts.acting).items():
        known = costs.around(float(centres[pair]), spread, trims=trims)
        if known.low_ns is None or known.high_ns is None:
            continue
        if known.low_ns > noise_ns or known.high_ns < -noise_ns:
            first, second = sorted(pair, key=facts.mix.index)
            interactions.append(Interaction((first, second), known))
    return tuple(sorted(interactions, key=lambda interaction: -abs(interaction.extra.ns)))


def _next_steps(techniques: tuple[TechniqueExplanation, ...], facts: Facts) -> tuple[str, ...]:
    """Say what to try next, ordered by what it could save."""
    said = [
        f"{technique.name}: more launches would tell (window.time_budget_s, window.rounds)"
        for technique in techniques
        if technique.worth is Worth.INCONCLUSIVE and technique.speedup is not None
    ]
    if facts.evidence is None:
        return tuple(said[:_MOST_NEXT_STEPS])
    machine = machine_of_run(facts.run)
    # What the trace lacks may be of anything, which is no reason to try one thing or another.
    shown = dataclasses.replace(facts.evidence, not_in_trace_ns=0)
    worth = {
        advice.name
        for advice in advise(shown, machine, facts.mix)
        if advice.share is not None and advice.share >= _WORTH_TRYING
    }
    for advice in advise(facts.evidence, machine, facts.mix):
        if advice.share is not None and advice.name in worth:
            at_most = units.percent(advice.share)
            said.append(f"{advice.name}: could save up to {at_most} of the step: {advice.basis}")
    return tuple(said[:_MOST_NEXT_STEPS])
