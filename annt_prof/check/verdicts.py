"""The verdict of one look on every budget that statistics are needed for.

How often it is wrong, simulated with pairs whose ratios differ by 2 % (standard deviation of the
logarithm), up to 28 launches and six looks, 8,000 runs for the first column, 2,000 for each other:

    launches                              told broken where the truth    limit 5 %:
                                          is the limit, wrongly        same code     10 % slower
    independent, normal                          0.8 %             0 fail, all pass      all fail
    both sides drift alike                       0.7 %             0 fail, all pass      all fail
    one side 30-60 % off in a tenth              0.6 %           0 fail, 99.7 % pass  99.6 % fail
    heavy tails (t of 3 degrees)                 0.5 %             0 fail, all pass      all fail
    each half of the one before (AR(1))          6.8 %             0 fail, all pass      all fail

So what breaks it is dependence: where launches take after the ones before, the spread among a few
says too little of how far all of them are off, and only the distance to the limit protects. What
drifts must meet both sides of a launch alike, which is what pairs are for. Spread does not break
it, but costs launches: at 1, 2, 3 and 5 % a code that is 10 % slower is told so after 5, 7, 11 and
20 of them on average, with 5 % in 85 % of the runs, the others inconclusive.

Of a stored baseline (28 launches against 10, one look) it is 1.4 % with normal launches, and 20 %
where the machine drifts meanwhile (by 3 % from each launch to the next): independent groups have
nothing to cancel that. What sessions differ by must come from their history, ``noise.py``.

tests/unit/check/test_check_error_rates.py holds these rates, with fewer runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.check.holm import Judged, step_down
from annt_prof.check.question import Answer, Question, answer, middle
from annt_prof.check.result import Estimate, Outcome, Reason
from annt_prof.check.signed_rank import p_positive

if TYPE_CHECKING:
    from collections.abc import Sequence

CROSS_CHECK = 0.05
"""Wilcoxon's p-value up to which it agrees with Student's t."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look found of one budget.

    Attributes:
        outcome: Pass, fail or inconclusive.
        estimate: What was measured; None where nothing was, and where the reference has none of
            what is compared, so that there is no ratio.
        limit_in_effect: The limit that was held, after the noise.
        reason: Why it is inconclusive; None else.
        is_win: Whether it is beyond the limit's mirror image: of at most 1.05 times the
            reference's, below 1 / 1.05. All budgets of a look share its level for that, apart from
            what they have to fail by. Never of limits that stand alone, and of those that ask for
            a change: they have none.
    """

    outcome: Outcome
    estimate: Estimate | None
    limit_in_effect: float
    reason: Reason | None = None
    is_win: bool = False

    @property
    def is_settled(self) -> bool:
        """Whether more launches are not needed for it."""
        return self.outcome is not Outcome.INCONCLUSIVE


def decide(
    questions: Sequence[Question], level: float, earlier: Sequence[Verdict] = ()
) -> tuple[Verdict, ...]:
    """Return the verdict on each question, in order.

    A limit is broken where the bound on its near side is beyond it, after Holm's share; it is held
    where the bound on its far side is within it. Of pairs Wilcoxon's signed ranks must agree,
    unless the launches gave the same: one launch far off may move a mean, but not the ranks.

    Args:
        questions: Of all budgets that need statistics.
        level: Chance of a wrong alarm of this look, ``LookPlan.level``.
        earlier: Verdicts of the look before, in the same order. What was settled stays as it was:
            the level holds for the first time that a budget is told broken, at whichever look.
    """
    settled = {i: verdict for i, verdict in enumerate(earlier) if verdict.is_settled}
    answers = [answer(question) for question in questions]
    counted = [i for i in range(len(questions)) if i in settled or answers[i]]
    p_values = [1.0 if i in settled else _p_broken(questions[i], answers[i]) for i in counted]
    judged = dict(zip(counted, step_down(p_values, level), strict=True))
    verdicts = []
    for i, (question, found) in enumerate(zip(questions, answers, strict=True)):
        if i in settled:
            verdicts.append(settled[i])
        elif found is None:
            verdicts.append(_too_few(question))
        else:
            within = level / 2 if question.passes_by_either else level
            verdicts.append(_told(question, found, judged[i], within, level / len(questions)))
    return tuple(verdicts)


def decide_exactly(value: float, limit: float, *, upper: bool) -> Verdict:
    """Return the verdict on what is counted, not measured: on the limit is within it."""
    within = value <= limit if upper else value >= limit
    return Verdict(Outcome.PASS if within else Outcome.FAIL, Estimate(value), limit)


def _p_broken(question: Question, found: Answer | None) -> float:
    if found is None:
        return 1.0
    return found.mean.p_over(found.limit) if question.upper else found.mean.p_under(found.limit)


def _p_within(question: Question, found: Answer) -> float:
    if not found.mean.error:  # what lies on the limit is within it
        return 1 - _p_broken(question, found)
    return found.mean.p_under(found.limit) if question.upper else found.mean.p_over(found.limit)


def _told(
    question: Question, found: Answer, judged: Judged, level_within: float, level_of_win: float
) -> Verdict:
    sign = 1 if question.upper else -1
    excess = [sign * each for each in found.pairs]
    checks = bool(excess and found.mean.error)
    within = _p_within(question, found) <= level_within
    outcome, reason = Outcome.INCONCLUSIVE, Reason.TOO_CLOSE
    if judged.rejected or within:
        against = excess if judged.rejected else [-each for each in excess]
        if checks and p_positive(against) > CROSS_CHECK:
            reason = Reason.CROSS_CHECK
        else:
            outcome = Outcome.FAIL if judged.rejected else Outcome.PASS
    estimate = _estimate(question, found, judged.level, level_within)
    return Verdict(
        outcome,
        estimate,
        question.limit_in_effect,
        reason=reason if outcome is Outcome.INCONCLUSIVE else None,
        is_win=outcome is Outcome.PASS and _is_win(question, found, level_of_win),
    )


def _estimate(
    question: Question, found: Answer, level: float, level_within: float
) -> Estimate | None:
    low, high = (level, level_within) if question.upper else (level_within, level)
    value = found.in_unit(found.mean.centre)
    if value is None:
        return None
    sign = 1 if question.upper else -1
    return Estimate(
        value=value,
        low=_not_below_nothing(found.in_unit(found.mean.low(low))),
        high=found.in_unit(found.mean.high(high)),
        launches=len(question.checked),
        reference_launches=len(question.reference or ()),
        level=level,
        level_within=level_within,
        wilcoxon=p_positive([sign * each for each in found.pairs]) if found.pairs else None,
        smallest_seen=found.smallest_seen(level, upper=question.upper),
        smallest_failing=found.smallest_failing(level, upper=question.upper),
    )


def _not_below_nothing(bound: float | None) -> float | None:
    """Return a bound that the figures can have: times, shares, counts and their ratios."""
    return None if bound is None else max(bound, 0.0)


def _is_win(question: Question, found: Answer, level: float) -> bool:
    limit = question.limit_in_effect
    if question.reference is None:
        return False
    bound = found.in_unit(found.mean.high(level) if question.upper else found.mean.low(level))
    if bound is None:
        return False
    if question.upper:
        return limit >= 1 and bound < 1 / limit
    return limit <= 1 and bound > 1 / limit


def _too_few(question: Question) -> Verdict:
    value = middle(question)
    estimate = None
    if value is not None:
        estimate = Estimate(
            value=value,
            launches=len(question.checked),
            reference_launches=len(question.reference or ()),
        )
    return Verdict(
        Outcome.INCONCLUSIVE, estimate, question.limit_in_effect, Reason.TOO_FEW_LAUNCHES
    )
