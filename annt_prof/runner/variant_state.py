"""What is known of each variant so far."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec

from annt_prof.plan import AGAIN, Variant
from annt_prof.remarks import Mathematics, Remark, Source
from annt_prof.runner.obstacles import ask_technique, obstacles, refused_of
from annt_prof.runs.record import TechniqueInEffect, VariantRecord
from annt_prof.scenario.pair import changed
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from annt_prof.runner.job import Job
    from annt_prof.runs.record import VariantStatus
    from annt_prof.scenario.effective import Substitution
    from annt_prof.scenario.schema import ChosenTechnique
    from annt_prof.windows.messages import Reply, Request, TimedReply
    from annt_prof.workers.process import Worker


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
        """Whether it can act here and was neither lost nor skipped."""
        return self.record.status == "measured" and not self.record.skipped

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
            windows=(
                *self.record.windows,
                msgspec.structs.replace(timed.window, peak_memory_bytes=timed.peak_memory_bytes),
            ),
            peak_memory_bytes=max(known, default=None),
            peak_memory_of=timed.peak_memory_of,
        )


def make_states(job: Job) -> list[VariantState]:
    """Return one state a variant, without what cannot act on this machine."""
    states: list[VariantState] = []
    for variant in job.plan.variants:
        state = _make_state(variant, job)
        same = [e.variant.name for e in states if e.record.factors == state.record.factors]
        if state.runs and same and variant.name != AGAIN:
            left_out = " and ".join(state.record.left_out)
            reason = f"without {left_out} it is the same as {same[0]}"
            state.change(status="not_applicable", reason=reason)
        states.append(state)
    return states


def in_effect(chosen: ChosenTechnique) -> TechniqueInEffect:
    """Return a technique as a record keeps it."""
    options = cast("Any", chosen.options)
    return TechniqueInEffect(chosen.name, dataclasses.asdict(options))


def _make_state(variant: Variant, job: Job) -> VariantState:
    told = obstacles(variant.techniques, job.machine, job.baseline, job.observed)
    why = {**told, **refused_of(variant, job)}
    inapplicable = {c.name: why[c.name] for c in variant.techniques if c.name in why}
    acting = tuple(c for c in variant.techniques if c.name not in inapplicable)
    named = tuple(name for name in variant.factor_names if name not in inapplicable)
    applicable = bool(named) or not variant.factor_names
    known = [(c, registry.load(c.name)) for c in acting]
    answers = [ask_technique(c, job.machine, job.baseline, job.observed) for c in acting]
    failures = tuple(answer.failure for answer in answers if answer.failure is not None)
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
            Remark(Source.MACHINE, answer.remark, chosen.name)
            for chosen, answer in zip(acting, answers, strict=True)
            if answer.remark
        ),
        mathematics=(
            *(Mathematics(c.name, technique.mathematics) for c, technique in known
              if varied or c.name in named),
            *(Mathematics(f.name, f.change) for f in variant.factors or ()
              if f.name not in {c.name for c in acting}),
        ),
        samples_per_iteration=scenario.dataset.batch_size,
    )  # fmt: skip
    kept = dataclasses.replace(variant, techniques=acting)
    return VariantState(kept, record)
