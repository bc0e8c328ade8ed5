"""What is measured, and of each variant what is known so far. Free of torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import msgspec

from annt_prof.plan import AGAIN, Variant
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runs.record import TechniqueInEffect, VariantRecord
from annt_prof.scenario.pair import changed
from annt_prof.techniques import registry
from annt_prof.techniques.technique import REDUNDANT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from annt_prof.machine.machine import Machine
    from annt_prof.plan import Plan
    from annt_prof.runs.record import VariantStatus
    from annt_prof.scenario.effective import Substitution
    from annt_prof.scenario.schema import ChosenTechnique, Scenario
    from annt_prof.techniques.evidence import Baseline
    from annt_prof.techniques.observed import Observed
    from annt_prof.windows.messages import Reply, Request, TimedReply
    from annt_prof.workers.process import Worker


@dataclass(frozen=True)
class Job:
    """What is to be measured, where.

    Attributes:
        search_path: Folder of the user's own modules.
        logs: Folder for what the workers print, and for what is compiled; gone after the run.
        baseline: The baseline's settings, which a technique may find to be its own; None between
            two scenarios, where what differs is the question.
        refused: Techniques that the scenario's own model or data turned out to refuse, each with
            the reason; they are left out of every variant in which no other technique may free
            them.
        refused_beside: Those of them that were refused beside such a technique, too.
        observed: What one batch of the baseline showed; None where it is not known, and between
            two scenarios, whose models may differ.
    """

    scenario: Scenario
    plan: Plan
    machine: Machine
    data_dir: Path | None
    search_path: Path
    logs: Path
    baseline: Baseline | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    refused_beside: frozenset[str] = frozenset()
    observed: Observed | None = None


@dataclass
class VariantState:
    """One variant of a run.

    Attributes:
        worker: Its process; None while it has none, and for good once it was lost.
    """

    variant: Variant
    record: VariantRecord
    worker: Worker[Request, Reply] | None = None
    substitutions: tuple[Substitution, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it can act here and was not lost."""
        return self.record.status == "measured"

    @property
    def built(self) -> bool:
        """Whether one of its processes has been warmed up."""
        return self.record.first_step_s is not None

    def change(self, **changes: object) -> None:
        """Replace attributes of the record."""
        self.record = msgspec.structs.replace(self.record, **changes)

    def add(self, timed: TimedReply) -> None:
        """Take a timed window in."""
        peaks = (self.record.peak_memory_bytes, timed.peak_memory_bytes)
        known = [peak for peak in peaks if peak is not None]
        self.change(
            windows=(*self.record.windows, timed.window),
            peak_memory_bytes=max(known, default=None),
            peak_memory_of=timed.peak_memory_of,
        )


def make_states(job: Job) -> list[VariantState]:
    """Return one state a variant, without what cannot act on this machine."""
    found: list[VariantState] = []
    for variant in job.plan.variants:
        state = _make_state(variant, job)
        same = [e.variant.name for e in found if e.record.factors == state.record.factors]
        if state.runs and same and variant.name != AGAIN:
            left_out = " and ".join(state.record.left_out)
            reason = f"without {left_out} it is the same as {same[0]}"
            state.change(status="not_applicable", reason=reason)
        found.append(state)
    return found


def in_effect(chosen: ChosenTechnique) -> TechniqueInEffect:
    """Return a technique as a record keeps it."""
    options = cast("Any", chosen.options)
    return TechniqueInEffect(chosen.name, dataclasses.asdict(options))


def obstacles(
    mix: tuple[ChosenTechnique, ...],
    machine: Machine,
    baseline: Baseline | None = None,
    observed: Observed | None = None,
) -> dict[str, str]:
    """Return the techniques that cannot act here, each with the reason.

    Where the baseline's settings are given, that is also one whose doing is the baseline's own:
    the two would run the same code, and a run could only show noise. So it would of one that
    finds nothing to act on in what a batch of the baseline showed.

    One that raises when asked is not among them: it costs the variants that it is in.
    """
    told = {chosen.name: _told(chosen, machine, baseline, observed) for chosen in mix}
    return {name: each.obstacle for name, each in told.items() if each.obstacle is not None}


@dataclass(frozen=True)
class _Told:
    """What a technique says of this machine.

    Attributes:
        failure: That of a plug-in which raised in place of an answer.
    """

    obstacle: str | None = None
    remark: str | None = None
    failure: str | None = None


def _told(
    chosen: ChosenTechnique,
    machine: Machine,
    baseline: Baseline | None,
    observed: Observed | None,
) -> _Told:
    technique = registry.load(chosen.name)
    asked = "obstacle"
    try:
        obstacle = technique.obstacle(chosen.options, machine)
        asked = "redundant"
        if obstacle is None and baseline and technique.redundant(chosen.options, baseline):
            obstacle = REDUNDANT
        asked = "inaction"
        if obstacle is None and observed:
            inaction = technique.inaction(chosen.options, observed)
            obstacle = None if inaction is None else f"it did not act: {inaction}"
        asked = "remark"
        remark = None if obstacle else technique.remark(chosen.options, machine)
    except Exception as error:  # noqa: BLE001 - a plug-in's failure costs its own variants only
        module = type(chosen.options).__module__
        cause = f"{type(error).__name__}: {error}"
        return _Told(failure=f"{chosen.name} of {module}: its {asked} raised {cause}")
    return _Told(obstacle, remark)


def _make_state(variant: Variant, job: Job) -> VariantState:
    told = obstacles(variant.techniques, job.machine, job.baseline, job.observed)
    why = {**told, **_refused(variant, job)}
    inapplicable = {c.name: why[c.name] for c in variant.techniques if c.name in why}
    acting = tuple(c for c in variant.techniques if c.name not in inapplicable)
    named = tuple(name for name in variant.factor_names if name not in inapplicable)
    applicable = bool(named) or not variant.factor_names
    known = [(c, registry.load(c.name)) for c in acting]
    answers = [_told(c, job.machine, job.baseline, job.observed) for c in acting]
    failures = tuple(each.failure for each in answers if each.failure is not None)
    varied = variant.factors is None
    scenario = changed(job.scenario, variant.changes)
    status: VariantStatus = "measured" if applicable else "not_applicable"
    record = VariantRecord(
        name=variant.name,
        factors=named,
        techniques=tuple(in_effect(chosen) for chosen in acting),
        status="crashed" if failures else status,
        reason="; ".join(failures or (() if applicable else inapplicable.values())) or None,
        left_out={n: reason for n, reason in inapplicable.items() if n in variant.factor_names},
        remarks=tuple(
            Remark(Source.MACHINE, each.remark, chosen.name)
            for chosen, each in zip(acting, answers, strict=True)
            if each.remark
        ),
        mathematics=(
            *(Mathematics(c.name, technique.mathematics) for c, technique in known
              if varied or c.name in named),
            *(Mathematics(f.name, f.change) for f in variant.factors or ()
              if f.name not in {c.name for c in acting}),
        ),
        samples_per_iteration=scenario.dataset.batch_size,
    )  # fmt: skip
    kept = Variant(variant.name, acting, variant.changes, variant.factors)
    return VariantState(kept, record)


def _refused(variant: Variant, job: Job) -> dict[str, str]:
    """Return what the scenario refuses of a variant's techniques, each with the reason.

    What stands beside another one that may free it is tried together with that one.
    """
    beside = {chosen.name for chosen in variant.techniques}
    return {
        name: reason
        for name, reason in job.refused.items()
        if name in job.refused_beside or not registry.load(name).freed_by & beside
    }
