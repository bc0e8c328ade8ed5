"""What is known of a technique from sets of several, where nothing or little is of it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.compare import pairing
from annt_prof.compare.figures import of_one_measure
from annt_prof.compare.wording import without_figures
from annt_prof.explain import costs
from annt_prof.explain.attribution import place
from annt_prof.explain.explanation import TechniqueExplanation, Worth
from annt_prof.explain.facts import NO_TECHNIQUES

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount
    from annt_prof.explain.facts import Facts


def without_verdict(name: str, facts: Facts) -> TechniqueExplanation:
    """Return what is known of a technique without a verdict alone: maybe its share."""
    worth, why = _why(name, facts)
    share, on_top = facts.shares.get(name), given_others(name, facts)
    if share is None:
        return TechniqueExplanation(name, worth, why, given_others=on_top)
    placed = place(name, facts, share)
    return TechniqueExplanation(
        name,
        worth,
        why,
        given_others=on_top,
        share=share,
        saving_by_category_ns=placed.by_category_ns if placed.agrees else None,
        not_in_trace_ns=placed.not_in_trace_ns if placed.agrees else None,
        traced_ns=placed.traced_ns,
        unreconciled_ns=placed.unreconciled_ns,
        traces_agree=placed.agrees,
    )


def _why(name: str, facts: Facts) -> tuple[Worth, str]:
    alone = [variant for variant in facts.run.variants if variant.factors == (name,)]
    for variant in alone:
        if variant.status != "measured" or not variant.windows:
            refused = variant.status == "not_applicable"
            worth = Worth.NOT_APPLICABLE if refused else Worth.NOT_MEASURED
            return worth, without_figures(variant.status, variant.reason)
    baseline = facts.measured.get(NO_TECHNIQUES)
    if baseline is not None and alone and not all(of_one_measure(baseline, v) for v in alone):
        return Worth.INCONCLUSIVE, (
            "not compared: either its step or the baseline's leaves an epoch's start out"
        )
    if alone:
        return Worth.INCONCLUSIVE, "not compared: no round has both it and the baseline"
    if any(name in names for names in facts.measured):
        return Worth.NOT_MEASURED, "not measured alone, only beside other techniques"
    return Worth.NOT_MEASURED, "not measured, alone or beside other techniques"


def given_others(name: str, facts: Facts) -> Amount | None:
    """Return what it saves on top of all others, where both sets were measured."""
    baseline = facts.compared.get(NO_TECHNIQUES)
    others = facts.compared.get(frozenset(facts.acting) - {name})
    whole = facts.compared.get(frozenset(facts.acting))
    if baseline is None or others is None or whole is None or facts.baseline_ns is None:
        return None
    before, on_top = pairing.speedup(baseline, others), pairing.speedup(others, whole)
    if before is None or on_top is None:
        return None
    return costs.saving(on_top, facts.baseline_ns / before.ratio)
