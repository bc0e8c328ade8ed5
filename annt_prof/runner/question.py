"""What a run is to answer: the plan of one scenario, or how two differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.plan import Plan, as_written, only, plan, plan_against, plan_pair
from annt_prof.runner.gate import refuse_impossible, refuse_unknown
from annt_prof.runner.obstacles import obstacles
from annt_prof.scenario.effective import EffectiveValue
from annt_prof.scenario.pair import Change, changed, compare, sentences
from annt_prof.techniques.evidence import Baseline

if TYPE_CHECKING:
    from annt_prof.machine.machine import Machine
    from annt_prof.runner.gate import Gate, Reference
    from annt_prof.runner.recording import RunRequest
    from annt_prof.scenario.loading import Resolved
    from annt_prof.scenario.pair import Pair
    from annt_prof.scenario.schema import Scenario
    from annt_prof.techniques.observed import Observed


@dataclass(frozen=True)
class Question:
    """What is measured, and of two scenarios how they differ and agree.

    Attributes:
        reference: What makes the scenario of its reference; None where there is none.
    """

    scenario: Scenario
    plan: Plan
    values: tuple[EffectiveValue, ...]
    differences: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    switched_on: tuple[str, ...] = ()
    baseline: Baseline | None = None
    observed: Observed | None = None
    reference: str | None = None


def build_question(
    request: RunRequest,
    resolved: Resolved,
    machine: Machine,
    observed: Observed | None = None,
    gate: Gate | None = None,
) -> Question:
    """Return what a request asks of this machine.

    Args:
        request: Of one scenario or two.
        resolved: The first scenario, for this machine.
        machine: That it runs on.
        observed: What one batch showed; None where none was run.
        gate: What a check asks for; None of any other run.

    Raises:
        UserError: The two scenarios do not differ, the second one is at fault, or a check names a
            variant that the scenario does not have.
    """
    accelerated = machine.device_type != "cpu"
    scenario = resolved.scenario
    if request.reference is not None:
        if gate is not None:
            # They are skipped beside a reference, but not what no run could have.
            refuse_impossible(gate.variants, scenario, has=())
        return _against(request.reference, resolved, accelerated=accelerated)
    if request.other is None:
        values = {value.path: value.value for value in resolved.values}
        baseline = Baseline.of(values, machine.device_type)
        inapplicable = obstacles(scenario.techniques, machine, baseline, observed)
        made = plan(
            scenario, accelerated=accelerated, inapplicable=inapplicable, again=request.again
        )
        if gate is not None:
            made = _asked_for(made, gate)
        mix = tuple(chosen.name for chosen in scenario.techniques)
        return Question(
            scenario,
            made,
            resolved.values,
            switched_on=mix,
            baseline=baseline,
            observed=observed,
        )
    other = request.other.resolve(accelerator=accelerated)
    pair = compare(scenario, other.scenario)
    added = tuple(difference.on for difference in pair.differences if difference.on is not None)
    chosen = plan_pair(pair, inapplicable=obstacles(added, machine), again=request.again)
    both = _with_both_budgets(scenario, other.scenario)
    return Question(
        both,
        chosen,
        _values(resolved, other, pair, both.window.time_budget_s),
        tuple(difference.sentence for difference in pair.differences),
        pair.same,
        tuple(
            difference.name
            for difference in pair.differences
            if difference.off is None and difference.on is not None
        ),
    )


def _asked_for(planned: Plan, gate: Gate) -> Plan:
    """Return the plan with what a check names alone.

    Raises:
        UserError: It names a variant that the scenario does not have.
    """
    names = tuple(variant.name for variant in planned.variants)
    refuse_unknown(gate.variants, names)
    return only(planned, {as_written(names), *gate.variants})


def _against(reference: Reference, resolved: Resolved, *, accelerated: bool) -> Question:
    checked = resolved.scenario
    other = reference.document.resolve(accelerator=accelerated).scenario
    made = plan_against(
        checked, other, reference.change, side=reference.side, own_side=reference.own_side
    )
    before = {chosen.name for chosen in other.techniques}
    return Question(
        checked,
        made,
        resolved.values,
        (f"{reference.change.name}: {reference.change.change}", *sentences(other, checked)),
        switched_on=tuple(c.name for c in checked.techniques if c.name not in before),
        reference=reference.called,
    )


def _with_both_budgets(first: Scenario, second: Scenario) -> Scenario:
    """Measure for as long as the two would be measured one after the other."""
    both_s = first.window.time_budget_s + second.window.time_budget_s
    return changed(first, (Change("window", "time_budget_s", both_s),))


def _values(
    first: Resolved, second: Resolved, pair: Pair, budget_s: float
) -> tuple[EffectiveValue, ...]:
    """Return the first scenario's values with the second's options of what is a factor.

    The budget of both is among them, so that what the plan may cost can be told from the record.
    """
    prefixes = tuple(f"techniques.{difference.name}." for difference in pair.differences)
    budget = EffectiveValue("window.time_budget_s", budget_s, "both scenarios")
    kept = (value for value in first.values if not value.path.startswith(prefixes))
    added = (value for value in second.values if value.path.startswith(prefixes))
    return (*(budget if value.path == budget.path else value for value in kept), *added)
