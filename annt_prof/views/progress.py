"""The state of a run while it goes on: a fold over its events, live or replayed."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import msgspec

from annt_prof import units
from annt_prof.runs.events import (
    Activity,
    ActivityKind,
    Estimated,
    Event,
    MeasuringEnded,
    Paused,
    Planned,
    Progressed,
    Resumed,
    RunEnded,
    RunOutcome,
    Started,
    StopCause,
    TechniqueLeftOut,
    VariantInapplicable,
    VariantLost,
    VariantSkipped,
    VariantsWithheld,
    Warned,
    WindowEnded,
)
from annt_prof.runs.record import VariantRecord
from annt_prof.views.notices import (
    BudgetView,
    EndedNotice,
    EstimateNotice,
    InapplicableNotice,
    LeftOutNotice,
    LostNotice,
    Notice,
    PlanNotice,
    SkippedNotice,
    WarningNotice,
    WindowsNotice,
    WithheldNotice,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class Doing(msgspec.Struct, frozen=True):
    """What goes on.

    Attributes:
        variant: Whose worker does it; empty for the run as a whole.
        round_number: From 1; None outside the timed rounds.
    """

    kind: ActivityKind
    variant: str
    round_number: int | None


class LastWindow(msgspec.Struct, frozen=True):
    """The timed window that ended last.

    Attributes:
        throughput: Samples per second.
    """

    variant: str
    throughput: float


class Position(msgspec.Struct, frozen=True):
    """Which variant is prepared, from 1, of how many, before any is measured.

    Attributes:
        of: Those whose preparation has begun, lost ones too, and those that are yet to come.
    """

    number: int
    of: int


class MeasuringLeft(msgspec.Struct, frozen=True):
    """What the time budget leaves: no round begins that would take longer."""

    at_most_s: float


class Ending(msgspec.Struct, frozen=True):
    """How a run ended.

    Attributes:
        stop: Why measuring stopped, or what broke the run off; for people.
    """

    outcome: RunOutcome
    stop: str


class RunState(msgspec.Struct, frozen=True, kw_only=True):
    """A run so far.

    Attributes:
        variants: Names of those that could act when the run began, in the plan's order.
        prepared: Names, in the order in which their preparation first began.
        gone: Names of those that do not run, or run no longer.
        max_rounds: At most.
        time_budget_s: Seconds of measuring; a first round that takes longer is finished.
        precision: Half-width, a fraction, up to which the scenario calls an interval narrow; None
            where that was not told.
        first_round_s: What the first round should take, which is run whatever the budget; 0.0
            before that is known, and once it is done.
        doing: None before anything has begun, once the variant whose worker did it is lost or
            skipped, while the run is paused, and once measuring or the run has ended.
        measured_s: Seconds of measuring.
        measuring_began: Whether windows are planned or one has begun, so that the time budget runs.
        measuring_ended: Why no more rounds are run; None while they are, and for good where the
            run is broken off before.
        ended: None while it goes on.
        paused: Whether no round begins until the run is resumed.
        last_window: None before one has ended, once its variant is lost or skipped, while the run
            is paused, and once measuring or the run has ended or is broken off.
        notices: What there was to tell, in its order.
        records: Of every variant after the last round, cut short or not; once the run has ended,
            of all that was measured, with traces and telemetry.
    """

    variants: tuple[str, ...] = ()
    prepared: tuple[str, ...] = ()
    gone: frozenset[str] = frozenset()
    max_rounds: int = 0
    time_budget_s: float = 0.0
    precision: float | None = None
    first_round_s: float = 0.0
    doing: Doing | None = None
    measured_s: float = 0.0
    measuring_began: bool = False
    measuring_ended: StopCause | None = None
    ended: Ending | None = None
    paused: bool = False
    last_window: LastWindow | None = None
    notices: tuple[Notice, ...] = ()
    records: tuple[VariantRecord, ...] = ()

    @property
    def running(self) -> tuple[str, ...]:
        """The variants that are or will be measured, in the plan's order."""
        return tuple(name for name in self.variants if name not in self.gone)

    @property
    def last_round_is_whole(self) -> bool:
        """Whether each variant that was left has its window of the last round in ``records``.

        Not so where a process ran out of memory beside others in that round, or where the run was
        interrupted or stopped in it.
        """
        measured = (record for record in self.records if record.status == "measured")
        left = (record.windows for record in measured if not record.skipped)
        return len({windows[-1].round if windows else None for windows in left}) <= 1

    @property
    def budget_used(self) -> float | None:
        """The share of the time budget that measuring took; None before it begins.

        It is above 1 where the first round, which is run whatever the budget, took longer than
        that. None as well where the plan, which has the budget, was not told.
        """
        if not self.measuring_began or self.time_budget_s <= 0:
            return None
        return self.measured_s / self.time_budget_s

    @property
    def left(self) -> Position | MeasuringLeft | None:
        """What is left to do; None where nothing tells."""
        kind = None if self.doing is None else self.doing.kind
        if self.measuring_ended is not None or self.ended is not None or kind == "writing":
            return None
        if self.measuring_began:
            left_s = self.time_budget_s - self.measured_s
            bounded = left_s > 0 and self.first_round_s <= self.time_budget_s
            return MeasuringLeft(left_s) if bounded else None
        if self.doing is None or kind not in ("preparing", "warming"):
            return None
        number = self.prepared.index(self.doing.variant) + 1
        return Position(number, len({*self.prepared, *self.running}))


def state_after(state: RunState, event: Event) -> RunState:
    """Return the state of a run once this has happened too."""
    match event:
        case Started():
            return msgspec.structs.replace(
                _told(state, _plan(event)),
                variants=event.variants,
                max_rounds=event.max_rounds,
                time_budget_s=event.time_budget_s,
                precision=event.precision,
            )
        case Estimated():
            budget = BudgetView(event.launches, event.needed, event.enough_s)
            return _told(state, EstimateNotice(event.step_ns, event.total_s, budget))
        case Planned():
            budget = BudgetView(event.launches, event.needed, event.enough_s)
            round_ns = event.round_s * units.NS_PER_S
            notice = WindowsNotice(event.at_epoch, event.iterations, round_ns, budget)
            return msgspec.structs.replace(
                _told(state, notice), measuring_began=True, first_round_s=event.round_s
            )
        case Warned():
            return _told(state, WarningNotice(event.text))
        case Activity():
            number = None if event.round is None else event.round + 1
            return msgspec.structs.replace(
                state,
                prepared=_in_order(state.prepared, event),
                doing=Doing(event.kind, event.variant, number),
                measuring_began=state.measuring_began or event.kind == "timing",
                paused=False,
                last_window=None if event.kind == "writing" else state.last_window,
            )
        case WindowEnded():
            return msgspec.structs.replace(
                state,
                measured_s=event.measured_s,
                last_window=LastWindow(event.variant, event.throughput),
            )
        case VariantLost():
            told = _told(state, LostNotice(event.variant, event.reason))
            return _without(told, event.variant)
        case VariantInapplicable():
            told = _told(state, InapplicableNotice(event.variant, event.reason))
            return _without(told, event.variant)
        case TechniqueLeftOut():
            return _told(state, LeftOutNotice(event.technique, event.variants, event.reason))
        case VariantsWithheld():
            told = _told(state, WithheldNotice(event.variants, event.reason))
            return _without(told, *event.variants)
        case VariantSkipped():
            told = _told(state, SkippedNotice(event.variant, event.rounds))
            return _without(told, event.variant)
        case Paused():
            return msgspec.structs.replace(state, doing=None, last_window=None, paused=True)
        case Resumed():
            return msgspec.structs.replace(state, paused=False)
        case MeasuringEnded():
            told = _told(state, EndedNotice(event.stop))
            return msgspec.structs.replace(
                told, doing=None, last_window=None, paused=False, measuring_ended=event.cause
            )
        case Progressed():
            return msgspec.structs.replace(state, records=event.variants, first_round_s=0.0)
        case RunEnded():
            ending = Ending(event.outcome, event.stop)
            return msgspec.structs.replace(
                state, doing=None, last_window=None, paused=False, ended=ending
            )


def replayed(events: Iterable[Event]) -> RunState:
    """Return the state of a run after all of these."""
    return reduce(state_after, events, RunState())


def _told(state: RunState, notice: Notice) -> RunState:
    return msgspec.structs.replace(state, notices=(*state.notices, notice))


def _without(state: RunState, *variants: str) -> RunState:
    """Return the state in which these do nothing any more."""
    doing, last = state.doing, state.last_window
    return msgspec.structs.replace(
        state,
        gone=state.gone | {*variants},
        doing=None if doing is not None and doing.variant in variants else doing,
        last_window=None if last is not None and last.variant in variants else last,
    )


def _in_order(prepared: tuple[str, ...], event: Activity) -> tuple[str, ...]:
    if event.kind != "preparing" or event.variant in prepared:
        return prepared
    return (*prepared, event.variant)


def _plan(event: Started) -> PlanNotice:
    return PlanNotice(
        design=event.design,
        partial=event.design == "sampled",
        num_variants=len(event.variants),
        max_rounds=event.max_rounds,
        max_windows=len(event.variants) * event.max_rounds,
        time_budget_s=event.time_budget_s,
    )
