"""A check as one JSON document, with keys that stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.report.json.encoding import encode

if TYPE_CHECKING:
    from annt_prof.check.result import Estimate, GrownKind, Outcome, Part, Reason, Where
    from annt_prof.scenario.budgets import LimitKind
    from annt_prof.views.check_view import BudgetRow, CheckView

DOCUMENT_VERSION = 1
"""Raised when a key changes its meaning or goes; new keys do not raise it."""


@dataclass(frozen=True)
class GrownDocument:
    """A part of the step that grew; nanoseconds per step, of the timed one if ``of_timed``."""

    kind: GrownKind
    name: str
    before_ns: int
    after_ns: int
    by_ns: int
    interval_ns: tuple[int, int] | None


@dataclass(frozen=True)
class WhereDocument:
    """Where the time went: the categories, kernels and operators that grew most.

    ``grew_ns`` and ``shrank_ns`` are of all categories; ``parts`` are of the step itself, of a
    limit that is compared with nothing.
    """

    step_before_ns: int | None
    step_after_ns: int | None
    grown: tuple[GrownDocument, ...]
    new_pitfalls: tuple[str, ...]
    why_not: str | None
    parts: tuple[Part, ...]
    grew_ns: int
    shrank_ns: int
    of_timed: bool


@dataclass(frozen=True)
class BudgetDocument:
    """One budget; its figures are in ``unit``, ``noise`` is a fraction.

    ``limit`` is the one of the file, ``limit_in_effect`` the one that was held.
    """

    metric: str
    kind: LimitKind
    written: str
    place: str | None
    pitfalls: tuple[str, ...]
    variant: str
    to: str | None
    against: str | None
    outcome: Outcome
    is_win: bool
    reason: Reason | None
    detail: str | None
    sentence: str
    unit: str
    limit: float
    limit_in_effect: float | None
    noise: float | None
    estimate: Estimate | None
    where: WhereDocument | None


@dataclass(frozen=True)
class CheckDocument:
    """A check; ``level`` is the chance of a wrong alarm, below 1."""

    schema_version: int
    outcome: Outcome
    verdict: str
    scenario: str
    run_id: str
    directory: str
    budgets_file: str
    device: str
    reference: str | None
    level: float
    looks: int
    launches: int
    smallest_seen: str
    budgets: tuple[BudgetDocument, ...]
    conditions: tuple[str, ...]
    remarks: tuple[str, ...]
    reproduce: str


def check_document(view: CheckView) -> bytes:
    """Return a check as indented UTF-8 JSON with a final line break; budgets as in their file."""
    result = view.result
    return encode(
        CheckDocument(
            schema_version=DOCUMENT_VERSION,
            outcome=view.outcome,
            verdict=view.verdict,
            scenario=view.scenario_name,
            run_id=result.run_id,
            directory=view.directory,
            budgets_file=result.budgets_file,
            device=result.device,
            reference=result.reference,
            level=result.level,
            looks=result.looks,
            launches=result.launches,
            smallest_seen=view.smallest_seen,
            budgets=tuple(map(_budget, view.rows)),
            conditions=view.conditions,
            remarks=view.remarks,
            reproduce=view.reproduce,
        )
    )


def _budget(row: BudgetRow) -> BudgetDocument:
    checked, budget = row.checked, row.checked.budget
    return BudgetDocument(
        metric=budget.metric,
        kind=budget.kind,
        written=row.written,
        place=budget.place,
        pitfalls=budget.pitfalls,
        variant=row.variant,
        to=None if budget.to is None else budget.to.text,
        against=row.against,
        outcome=row.outcome,
        is_win=row.is_win,
        reason=checked.reason,
        detail=checked.detail,
        sentence=row.sentence,
        unit=row.unit,
        limit=budget.limit,
        limit_in_effect=checked.limit_in_effect,
        noise=checked.noise,
        estimate=checked.estimate,
        where=None if checked.where is None else _where(checked.where),
    )


def _where(where: Where) -> WhereDocument:
    return WhereDocument(
        step_before_ns=where.step_before_ns,
        step_after_ns=where.step_after_ns,
        grown=tuple(
            GrownDocument(g.kind, g.name, g.before_ns, g.after_ns, g.by_ns, g.interval_ns)
            for g in where.grown
        ),
        new_pitfalls=where.new_pitfalls,
        why_not=where.why_not,
        parts=where.parts,
        grew_ns=where.grew_ns,
        shrank_ns=where.shrank_ns,
        of_timed=where.of_timed,
    )
