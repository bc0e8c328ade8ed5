"""A check: what is decided at each look at a growing run, and the result at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.check import subject
from annt_prof.check.cases import Case, cases
from annt_prof.check.growth import own_parts, steps_of, where
from annt_prof.check.looks import LEAST, LOOKS, LookPlan, at_once, planned
from annt_prof.check.result import (
    SCHEMA_VERSION,
    Checked,
    CheckResult,
    Outcome,
    Reason,
    Where,
)
from annt_prof.check.stored import accepted_variant, steps_of_baseline
from annt_prof.check.verdicts import Verdict, decide
from annt_prof.runs.conditions import not_as_asked
from annt_prof.scenario.budget_metrics import (
    COMPILE_TIME,
    ENERGY_PER_SAMPLE,
    METRICS,
    PEAK_MEMORY,
    Dimension,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from annt_prof.check.question import Question
    from annt_prof.check.result import Estimate
    from annt_prof.check.terms import Terms
    from annt_prof.runs.record import Run, VariantRecord

_SEVERITY = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS, Outcome.SKIPPED)
_LOST = {"crashed": "crashed", "out_of_memory": "ran out of memory"}
_NO_TIMES_OF_STEPS = (PEAK_MEMORY, COMPILE_TIME)
_NOT_OF_STEPS = "it is no time of a step"

_Key = tuple[int, bool]
"""Of a question: the number of its budget, and whether it is about the floor."""


class Check:
    """A run that is held to budgets while it grows, or once.

    Args:
        terms: What it is held to.
        plan: When it is looked at; None of a finished run, which is looked at once.
    """

    def __init__(self, terms: Terms, plan: LookPlan | None = None) -> None:
        self._terms = terms
        self._plan = plan
        self._told: dict[_Key, Verdict] = {}
        self._looks = 0
        self._looked_at = 0  # launches

    def decides(self, run: Run, launches: int) -> str | None:
        """Look at a growing run where a look is due, and return why no more launches are needed.

        Args:
            run: So far.
            launches: Done.
        """
        if self._plan is None or launches not in self._plan.launches:
            return None
        made = cases(run, self._terms)
        self._look(made, self._plan.level, launches)
        outcomes = [
            Outcome.INCONCLUSIVE if _comes_at_the_end(run, case) else outcome
            for case, outcome in zip(made, self._outcomes(made), strict=True)
        ]
        if any(outcome is Outcome.FAIL for outcome in outcomes):
            return f"a budget is broken, told after {units.count(launches, 'launch', 'launches')}"
        if self._plan.next_after(launches) is None:
            return "the last look was taken"
        if any(outcome is Outcome.INCONCLUSIVE for outcome in outcomes):
            return None
        return f"each budget is told after {units.count(launches, 'launch', 'launches')}"

    def is_to_be_explained(self, run: Run, launches: int) -> bool:
        """Return whether a budget is broken of which traces tell where the time went.

        Args:
            run: Measured, but for what is read as it ends.
            launches: Done.
        """
        made = cases(run, self._terms)
        self._look(made, (self._plan or at_once(launches)).level, launches)
        outcomes = self._outcomes(made)
        return any(
            outcome is Outcome.FAIL and _can_be_told(case)
            for case, outcome in zip(made, outcomes, strict=True)
        )

    def result(self, run: Run, directory: str) -> CheckResult:
        """Return what is found of a run that has ended.

        Args:
            run: Whole.
            directory: Where it lies, for people.

        Raises:
            UserError: A stored baseline cannot be read.
        """
        made = cases(run, self._terms)
        launches = _launches(run)
        plan = self._plan or _plan_of(run, launches)
        if self._plan is None:
            for look in plan.launches:
                if look < launches:
                    self._look(cases(_after(run, look), self._terms), plan.level, look)
        self._look(made, plan.level, launches)
        checked = tuple(
            self._checked(run, case, i, outcome)
            for i, (case, outcome) in enumerate(zip(made, self._outcomes(made), strict=True))
        )
        outcomes = {each.outcome for each in checked}
        return CheckResult(
            schema_version=SCHEMA_VERSION,
            run_id=run.run_id,
            scenario_name=run.scenario_name,
            budgets_file=self._terms.file,
            directory=directory,
            device=f"{run.environment.device_type}: {run.environment.device_name}",
            outcome=next((o for o in _SEVERITY if o in outcomes), Outcome.SKIPPED),
            checked=checked,
            level=plan.alpha,
            looks=self._looks,
            launches=launches,
            reproduce=self._terms.reproduce,
            reference=self._terms.reference,
            conditions=not_as_asked(run),
            remarks=_remarks(run, launches, is_told=Outcome.INCONCLUSIVE not in outcomes),
        )

    def _look(self, made: Sequence[Case], level: float, launches: int) -> None:
        """Decide every question; what was settled at an earlier look stays as it was.

        The same launches once more are no further look: a session asks again before it starts the
        next launch, and what is known only once a run has ended is told from the last ones.
        """
        if launches != self._looked_at:
            self._looks += 1
            self._looked_at = launches
        asked = _questions(made)
        earlier = [self._told.get(key, _UNTOLD) for key in asked]
        verdicts = decide(list(asked.values()), level, earlier)
        self._told.update(zip(asked, verdicts, strict=True))

    def _outcomes(self, made: Sequence[Case]) -> list[Outcome]:
        return [self._outcome_of(case, i) for i, case in enumerate(made)]

    def _outcome_of(self, case: Case, number: int) -> Outcome:
        """Return the outcome of a budget: of a share with a floor, a failure of both."""
        if case.outcome is not None:
            return case.outcome
        verdict, floor = self._told[number, False], self._told.get((number, True))
        if floor is None:
            return verdict.outcome
        both = {verdict.outcome, floor.outcome}
        if Outcome.PASS in both:
            return Outcome.PASS
        return Outcome.FAIL if both == {Outcome.FAIL} else Outcome.INCONCLUSIVE

    def _checked(self, run: Run, case: Case, number: int, outcome: Outcome) -> Checked:
        verdict = self._told.get((number, False)) if case.question is not None else None
        inconclusive = outcome is Outcome.INCONCLUSIVE and verdict is not None
        return Checked(
            budget=case.budget,
            outcome=outcome,
            variant=case.variant,
            against=case.against,
            estimate=case.estimate if verdict is None else self._estimate(verdict, number),
            limit_in_effect=case.budget.limit if verdict is None else verdict.limit_in_effect,
            noise=None if case.stored is None else case.stored.noise,
            reason=self._reason(number) if inconclusive else case.reason,
            detail=self._detail(run, case, number, outcome),
            is_win=verdict is not None and verdict.is_win,
            where=_where(run, case) if outcome is Outcome.FAIL else None,
        )

    def _estimate(self, verdict: Verdict, number: int) -> Estimate | None:
        """Return a verdict's estimate; of a share with a floor it fails where its time does too."""
        estimate, floor = verdict.estimate, self._told.get((number, True))
        if estimate is None or floor is None or estimate.smallest_failing is None:
            return estimate
        failing = None
        if floor.estimate is not None and floor.estimate.smallest_failing and floor.estimate.value:
            # Of the step that the two are of.
            time = estimate.value * floor.estimate.smallest_failing / floor.estimate.value
            failing = max(estimate.smallest_failing, time)
        can = failing is not None and failing <= 1
        return msgspec.structs.replace(estimate, smallest_failing=failing if can else None)

    def _reason(self, number: int) -> Reason | None:
        """Return why nothing is told: of a share that is too large, of the time it is of."""
        both = (self._told.get((number, of_floor)) for of_floor in (False, True))
        return next((each.reason for each in both if each and each.reason), None)

    def _detail(self, run: Run, case: Case, number: int, outcome: Outcome) -> str | None:
        if outcome is Outcome.INCONCLUSIVE and self._reason(number) is Reason.TOO_FEW_LAUNCHES:
            told = _why_few(run, case)
            return "; ".join(each for each in (told, case.detail) if each) or None
        floor = self._told.get((number, True))
        over = self._told.get((number, False))
        if outcome is not Outcome.PASS or floor is None or over is None:
            return case.detail
        if over.outcome is Outcome.PASS:
            return case.detail
        told = "its time is within the floor, below which its share does not matter"
        return told if case.detail is None else f"{told}; {case.detail}"


_UNTOLD = Verdict(Outcome.INCONCLUSIVE, None, 0.0)


def _comes_at_the_end(run: Run, case: Case) -> bool:
    """Whether a growing run has no figures of what it will have once it has ended.

    Samples of power are read then. Were such a budget told already, the others would end the run
    after launches that may be too few for it.
    """
    of_power = case.budget.metric == ENERGY_PER_SAMPLE and run.environment.device_type != "cpu"
    return of_power and case.reason is Reason.NOT_MEASURED


def _why_few(run: Run, case: Case) -> str | None:
    """Say why there are fewer figures than launches, and what has them of each."""
    metric = METRICS.get(case.budget.metric)
    question = case.question
    if metric is None or question is None:
        return None
    if len(question.checked) >= min(LEAST, _launches(run)):
        return None
    if metric.of_step:
        return f"a run traces one launch alone; {_EACH_LAUNCH} traces each"
    if metric.name == COMPILE_TIME:
        return f"only the first launch of a run compiles; {_EACH_LAUNCH} has each compile anew"
    return None


_EACH_LAUNCH = "annt-prof check of its scenario"


def _questions(made: Sequence[Case]) -> Mapping[_Key, Question]:
    asked: dict[_Key, Question] = {}
    for number, case in enumerate(made):
        if case.question is not None:
            asked[number, False] = case.question
        if case.floor is not None:
            asked[number, True] = case.floor
    return asked


def _where(run: Run, case: Case) -> Where | None:
    """Return where the time went, of a budget on time that is compared with something."""
    variant = subject.named(run, case.variant)
    metric = METRICS.get(case.budget.metric)
    if variant is None or metric is None or metric.dimension is Dimension.COUNT:
        return None
    if metric.name in _NO_TIMES_OF_STEPS:
        return Where(why_not=_NOT_OF_STEPS)
    if case.reference is not None:
        return where(steps_of(case.reference), variant, paired=True)
    if case.stored is not None and case.stored.baseline is not None:
        name = accepted_variant(case.stored.baseline, run, variant)
        before = steps_of_baseline(case.stored.baseline, name, variant.samples_per_iteration)
        return where(before, variant, paired=False)
    return own_parts(variant)


def _can_be_told(case: Case) -> bool:
    """Whether there is something that the time of a case can have grown from."""
    metric = METRICS.get(case.budget.metric)
    if metric is None or metric.dimension is Dimension.COUNT or metric.name in _NO_TIMES_OF_STEPS:
        return False
    return case.reference is not None or case.stored is not None


def _after(run: Run, launches: int) -> Run:
    """Return a run as a check looked at it after so many launches, without energy."""

    def so_far(variant: VariantRecord) -> VariantRecord:
        windows = (window for window in variant.windows if window.launch < launches)
        return msgspec.structs.replace(
            variant,
            windows=tuple(msgspec.structs.replace(window, energy_j=None) for window in windows),
            traced_launches=tuple(t for t in variant.traced_launches if t.launch < launches),
            first_steps=tuple(step for step in variant.first_steps if step.launch < launches),
        )

    return msgspec.structs.replace(run, variants=tuple(map(so_far, run.variants)))


def _plan_of(run: Run, launches: int) -> LookPlan:
    """Return the looks of a run that is over: one, or as many as a check took that made it.

    What a check has stopped at looks is not to be judged once more as if it had not been looked at.
    """
    made_by_check = any(variant.traced_launches for variant in run.variants)
    return planned(max(launches, LOOKS[-1])) if made_by_check else at_once(launches)


def _remarks(run: Run, launches: int, *, is_told: bool) -> tuple[str, ...]:
    """Return what a reader must know: what is lost or left out, and why launches are few."""
    lost = tuple(
        f"{v.name} {_LOST[v.status]}: {v.reason}" for v in run.variants if v.status in _LOST
    )
    without = dict.fromkeys(
        f"{name} is left out: {reason}" for v in run.variants for name, reason in v.left_out.items()
    )
    ended = () if launches >= LEAST and is_told else (run.stop,)
    return (*lost, *without, *run.remarks, *ended)


def _launches(run: Run) -> int:
    return max(
        (len({window.launch for window in variant.windows}) for variant in run.variants), default=0
    )
