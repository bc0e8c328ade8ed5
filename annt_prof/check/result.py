"""The result of a check, as a value: what every face prints and a pipeline acts on."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from annt_prof.scenario.budgets import Budget

SCHEMA_VERSION = 1
"""Of a ``CheckResult`` on the disk."""


class Outcome(StrEnum):
    """What was found of a budget, or of all of them."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"


class Reason(StrEnum):
    """Why a budget was skipped, or nothing can be told of it."""

    NO_BASELINE = "no_baseline"
    OTHER_MACHINE = "other_machine"
    OTHER_WORK = "other_work"  # scenario or data source
    NO_REFERENCE = "no_reference"
    NO_VARIANT = "no_variant"
    NOT_MEASURED = "not_measured"
    TOO_FEW_LAUNCHES = "too_few_launches"
    TOO_CLOSE = "too_close"  # the limit lies between the bounds
    CROSS_CHECK = "cross_check"  # Student's t and Wilcoxon disagree


class Estimate(msgspec.Struct, frozen=True):
    """What was measured for a budget, in the unit of its limit.

    Attributes:
        value: The middle over launches: a figure, a share or a ratio; of ratios above 1 where the
            checked side has more of the metric.
        low: One-sided lower bound, at ``level`` where more than the limit is a failure, else at
            ``level_within``; None where there is none (a count, a key).
        high: One-sided upper bound, at the other of the two levels; None likewise.
        launches: Of the checked side.
        reference_launches: Of the other side; 0 where there is none.
        level: Chance of a wrong alarm that the bound towards a failure was told at, after the
            looks and the other budgets took theirs.
        level_within: The same of the other bound, which a pass is told by.
        wilcoxon: One-sided p-value of the signed-rank test that the limit is broken; None where
            there are no pairs.
        smallest_seen: How far beyond the limit in effect, as a fraction, this run would have told
            that it is broken four times out of five, at ``level``; None where that is not known.
        smallest_failing: The same as a figure: the nearest to the limit.
    """

    value: float
    low: float | None = None
    high: float | None = None
    launches: int = 0
    reference_launches: int = 0
    level: float | None = None
    level_within: float | None = None
    wilcoxon: float | None = None
    smallest_seen: float | None = None
    smallest_failing: float | None = None


class GrownKind(StrEnum):
    """What grew."""

    CATEGORY = "category"
    KERNEL = "kernel"
    OPERATOR = "operator"  # without a device


class Grown(msgspec.Struct, frozen=True):
    """A part of the step that the checked side has more of.

    Attributes:
        name: Of the category, or of the kernel or operator as its trace has it.
        before_ns: Per step, the median over traced launches, scaled to the samples that a step of
            the checked side has; kernels and operators may overlap.
        after_ns: The same and the median of what each launch of the checked side has more than the
            other's beside it; against a stored baseline the checked side's own median.
        interval_ns: Interval of that median over launches, of 95 % at the least, without an
            assumption on how they are spread; of parts of the timed step it has what their shares
            vary by, and not what the step does. None with fewer than six launches, and against a
            stored baseline, whose launches are no pairs. Without a device the wait for batches is
            that of timed launches: before, after and the interval are of means (Student's t).
    """

    kind: GrownKind
    name: str
    before_ns: int
    after_ns: int
    interval_ns: tuple[int, int] | None = None

    @property
    def by_ns(self) -> int:
        """How much it grew."""
        return self.after_ns - self.before_ns


class Part(msgspec.Struct, frozen=True):
    """A category of the step, and its time per step."""

    name: str
    ns: int


class Where(msgspec.Struct, frozen=True):
    """Where the time went, of a variant that broke a budget.

    Attributes:
        grown: Categories and kernels (or operators) that grew most, each kind with most first.
        grew_ns: What all categories together grew by, those that are not listed among them.
        shrank_ns: What all others together shrank by.
        of_timed: Whether the parts are of the timed step, as ``timed_parts`` tells them; else they
            are of the traced one.
        new_pitfalls: Sentences on mistakes that the other side does not make.
        why_not: Why nothing is known of it; None where it is.
        step_before_ns, step_after_ns: Of the timed step; None where one of them is not known.
        parts: Of the step, most first, where there is nothing that it can have grown from.
    """

    grown: tuple[Grown, ...] = ()
    new_pitfalls: tuple[str, ...] = ()
    why_not: str | None = None
    step_before_ns: int | None = None
    step_after_ns: int | None = None
    parts: tuple[Part, ...] = ()
    grew_ns: int = 0
    shrank_ns: int = 0
    of_timed: bool = False


class Checked(msgspec.Struct, frozen=True):
    """The verdict on one budget.

    Attributes:
        budget: Which.
        outcome: What was found.
        variant: Which variant was held to it, by its name in the run.
        against: What it was compared with, for people (``variant baseline``, ``baseline main,
            accepted 2026-11-20``, ``worktree 1a2b3c4``); None of what stands alone.
        estimate: What was measured; None where nothing was.
        limit_in_effect: The limit that was held, after ``noise``.
        noise: By how much runs of the same code were seen to differ here, as a fraction; None
            where that is not known. The limit in effect is never narrower.
        reason: Why it was skipped or is inconclusive; None else.
        detail: The same for people, with what was found and what was expected.
        is_win: Whether the checked side is better than the limit would even notice: its bound is
            beyond the limit's mirror image.
        where: Of a failure.
    """

    budget: Budget
    outcome: Outcome
    variant: str
    against: str | None = None
    estimate: Estimate | None = None
    limit_in_effect: float | None = None
    noise: float | None = None
    reason: Reason | None = None
    detail: str | None = None
    is_win: bool = False
    where: Where | None = None


class CheckResult(msgspec.Struct, frozen=True):
    """A check.

    Attributes:
        schema_version: Of this document.
        run_id: Of the run that was checked.
        scenario_name: Its scenario.
        budgets_file: Where the budgets stand.
        directory: The run's.
        device: The device or CPU that it was measured on.
        outcome: ``fail`` if any budget failed, else ``inconclusive`` if any is, else ``pass`` if
            any passed, else ``skipped``: nothing was checked.
        checked: In the order of the file.
        level: Chance of a wrong alarm of the whole invocation, 0.01.
        looks: How often it was looked at while more launches were made.
        launches: Of the checked variant.
        reference: What ``--reference`` named, for people; None where nothing was.
        reproduce: The command that does the same again.
        conditions: What is not as the scenario asks.
        remarks: What a reader must know of this check.
    """

    schema_version: int
    run_id: str
    scenario_name: str
    budgets_file: str
    directory: str
    device: str
    outcome: Outcome
    checked: tuple[Checked, ...]
    level: float
    looks: int
    launches: int
    reproduce: str
    reference: str | None = None
    conditions: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
