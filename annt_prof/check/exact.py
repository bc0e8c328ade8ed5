"""Budgets that need no statistics: what was counted, and which mistakes were found."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from annt_prof.analysis.tables.pitfalls import LEAST_STEPS, TOLD_BY_TRACES
from annt_prof.check.result import Estimate, Outcome, Reason
from annt_prof.check.verdicts import decide_exactly
from annt_prof.errors import UserError
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.scenario.budgets import Budget

Told = tuple[Outcome, Estimate | None, Reason | None, str | None]
"""Outcome, what was counted, and why, as a key and for people."""

_BY_TECHNIQUES = "no technique that is on checks for it"


def pitfalls(run: Run, variant: VariantRecord, budget: Budget) -> Told:
    """Tell whether a variant makes a mistake that its budget forbids.

    Only some mistakes are looked for: those that a trace of a device can show, and those that a
    technique of the variant checks its setup for. What ``inspect`` alone finds in a script is not
    among them. Where a budget asks for nothing that was looked for it is not held, and where it
    does among others, that is said.
    """
    found = {
        remark.key: remark.sentence
        for remark in variant.remarks
        if remark.key is not None and (not budget.pitfalls or remark.key in budget.pitfalls)
    }
    count = Estimate(float(len(found)))
    if found:
        return Outcome.FAIL, count, None, "; ".join(found.values())
    why_no_trace = _why_no_trace(run, variant)
    by_traces = {key.value for key in TOLD_BY_TRACES}
    looked_for = _of_techniques(variant) | (by_traces if why_no_trace is None else set())
    asked = set(budget.pitfalls) or looked_for | by_traces
    unseen = asked - looked_for
    why = [
        f"{', '.join(sorted(keys))}: {reason}"
        for keys, reason in (
            (unseen & by_traces, why_no_trace),
            (unseen - by_traces, _BY_TECHNIQUES),
        )
        if keys
    ]
    detail = f"not looked for: {'; '.join(why)}" if why else None
    if unseen == asked:
        return Outcome.SKIPPED, None, Reason.NOT_MEASURED, detail
    return Outcome.PASS, count, None, detail


def count(value: float, budget: Budget) -> Told:
    """Hold a count to its limit."""
    verdict = decide_exactly(value, budget.limit, upper=budget.kind.is_upper)
    return verdict.outcome, verdict.estimate, verdict.reason, None


def _of_techniques(variant: VariantRecord) -> set[str]:
    keys: set[str] = set()
    for technique in variant.techniques:
        with contextlib.suppress(UserError):  # not installed here: what it checks is not known
            known = registry.load(technique.name).pitfalls
            keys |= {pitfall.key for pitfall in known if pitfall.key is not None}
    return keys


def _why_no_trace(run: Run, variant: VariantRecord) -> str | None:
    """Return why no trace shows waits for a device; None where one does."""
    if run.environment.device_type == "cpu":
        return "without an accelerator no trace shows waits for one"
    if variant.breakdown is None:
        return "it was not traced"
    if variant.breakdown.num_steps < LEAST_STEPS:
        return "one traced step shows no habit"
    return None
