"""What there is to tell of a run as it happens: one value for each thing."""

from __future__ import annotations

import msgspec


class BudgetView(msgspec.Struct, frozen=True):
    """What the time budget buys.

    Attributes:
        launches: That it holds.
        needed: That narrow intervals need.
        enough_s: Time budget that would hold these.
    """

    launches: int
    needed: int
    enough_s: int

    @property
    def suffices(self) -> bool:
        """Whether it holds as many as are needed."""
        return self.launches >= self.needed


class PlanNotice(msgspec.Struct, frozen=True):
    """The plan is known.

    Attributes:
        partial: Whether not all sets of techniques are measured.
        max_rounds, max_windows: At most.
        time_budget_s: Seconds of measuring; a first round that takes longer is finished.
    """

    design: str
    partial: bool
    num_variants: int
    max_rounds: int
    max_windows: int
    time_budget_s: float


class EstimateNotice(msgspec.Struct, frozen=True):
    """How long all of it may take.

    Attributes:
        step_ns: Of the first variant.
        total_s: From then on.
    """

    step_ns: float
    total_s: float
    budget: BudgetView


class WindowsNotice(msgspec.Struct, frozen=True):
    """How long windows are.

    Attributes:
        whole_epochs: Whether they hold these.
        iterations: Of each.
        round_ns: One window of each variant.
    """

    whole_epochs: bool
    iterations: int
    round_ns: float
    budget: BudgetView


class WarningNotice(msgspec.Struct, frozen=True):
    """Something may go wrong, and can be mended before it does."""

    text: str


class LostNotice(msgspec.Struct, frozen=True):
    """A variant's process failed, and the variant cannot go on; the others do."""

    variant: str
    reason: str


class InapplicableNotice(msgspec.Struct, frozen=True):
    """A variant turns out to be of no use here, and does not run."""

    variant: str
    reason: str


class LeftOutNotice(msgspec.Struct, frozen=True):
    """Variants go on without a technique that the scenario refuses.

    Attributes:
        variants: Those that run without it.
        reason: Why it is refused.
    """

    technique: str
    variants: tuple[str, ...]
    reason: str


class WithheldNotice(msgspec.Struct, frozen=True):
    """Variants are not measured, since the baseline crashed."""

    variants: tuple[str, ...]
    reason: str


class SkippedNotice(msgspec.Struct, frozen=True):
    """A variant runs no more, since whoever watched asked for that.

    Attributes:
        rounds: That it has windows of.
    """

    variant: str
    rounds: int


class EndedNotice(msgspec.Struct, frozen=True):
    """No more rounds, and why."""

    stop: str


Notice = (
    PlanNotice
    | EstimateNotice
    | WindowsNotice
    | WarningNotice
    | LostNotice
    | InapplicableNotice
    | LeftOutNotice
    | WithheldNotice
    | SkippedNotice
    | EndedNotice
)
