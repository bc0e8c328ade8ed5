"""A run as it goes on, seen more closely than ``RunState``: a fold over its events with times."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Literal

import msgspec

from annt_prof.runs.events import (
    Activity,
    Event,
    Progressed,
    VariantInapplicable,
    VariantLost,
    VariantSkipped,
    VariantsWithheld,
    WindowEnded,
)
from annt_prof.runs.record import Speedup, TimedWindow, VariantRecord, VariantStatus
from annt_prof.runs.verdict import Verdict
from annt_prof.units import NS_PER_S
from annt_prof.views.notices import Notice
from annt_prof.views.progress import RunState, state_after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.runs.event_lines import LoggedEvent

GoneHow = Literal["lost", "inapplicable", "withheld", "skipped"]

_GONE_BY_STATUS: dict[VariantStatus, GoneHow] = {
    "crashed": "lost",
    "out_of_memory": "lost",
    "not_applicable": "inapplicable",
    "not_measured": "withheld",
}


class WindowPoint(msgspec.Struct, frozen=True):
    """A timed window that is done.

    Attributes:
        round, launch: From 0; the launch is None in logs that do not tell windows.
        throughput: Samples per second.
        per_iteration_ns: Its mean step; None likewise.
    """

    round: int
    launch: int | None
    throughput: float
    per_iteration_ns: float | None = None


class Gone(msgspec.Struct, frozen=True):
    """Why a variant runs no more.

    Attributes:
        round: That was going on then, from 0.
    """

    how: GoneHow
    round: int


class VariantSoFar(msgspec.Struct, frozen=True):
    """A variant of a run that goes on.

    Attributes:
        windows: In their order.
        shortest_ns, longest_ns: Step of each window, as far as windows are told.
        speedups: After each round that gave another one; the last one as the last record has it.
        verdict: On the last of these, as the last record has it.
        gone: None while it runs.
    """

    name: str
    windows: tuple[WindowPoint, ...] = ()
    shortest_ns: tuple[float, ...] = ()
    longest_ns: tuple[float, ...] = ()
    speedups: tuple[Speedup, ...] = ()
    verdict: Verdict | None = None
    gone: Gone | None = None

    @property
    def speedup(self) -> Speedup | None:
        """The one so far."""
        return self.speedups[-1] if self.speedups else None


class LoggedNotice(msgspec.Struct, frozen=True):
    """What there was to tell, and when.

    Attributes:
        at_ns: ``time.time_ns``.
    """

    at_ns: int
    notice: Notice


class LiveState(msgspec.Struct, frozen=True, kw_only=True):
    """A run so far.

    Attributes:
        run: As every face has it.
        variants: In the plan's order.
        round: The last one that has begun, from 0; -1 before any.
        launch: Which processes serve it, as far as is known.
        log: What there was to tell, with times.
        last_ns: When the last event was, ``time.time_ns``; 0 before any.
        doing_since_ns: When what goes on has begun.
        num_progressed: How often records were told.
        by_record: Whether a record alone tells it, for lack of a log.
        broken_off: Whether its process has gone without a last word; no event tells that.
    """

    run: RunState = RunState()
    variants: tuple[VariantSoFar, ...] = ()
    round: int = -1
    launch: int = 0
    log: tuple[LoggedNotice, ...] = ()
    last_ns: int = 0
    doing_since_ns: int = 0
    num_progressed: int = 0
    by_record: bool = False
    broken_off: bool = False

    @property
    def over(self) -> bool:
        """Whether no more rounds are run, as far as is known."""
        ended = self.run.ended is not None or self.run.measuring_ended is not None
        return self.by_record or self.broken_off or ended

    def variant(self, name: str) -> VariantSoFar | None:
        """Return one of the variants; None where there is none of that name."""
        return next((v for v in self.variants if v.name == name), None)


def live_after(state: LiveState, logged: LoggedEvent) -> LiveState:
    """Return a run once this has happened too."""
    event = logged.event
    run = state_after(state.run, event)
    news = run.notices[len(state.run.notices) :]
    moved = run.doing != state.run.doing or run.paused != state.run.paused
    told = msgspec.structs.replace(
        state,
        run=run,
        variants=_with_all(state.variants, run.variants),
        log=(*state.log, *(LoggedNotice(logged.at_ns, notice) for notice in news)),
        last_ns=logged.at_ns,
        doing_since_ns=logged.at_ns if moved else state.doing_since_ns,
    )
    return _closer(told, event)


def without_its_process(state: LiveState) -> LiveState:
    """Return a run whose process has gone: nothing goes on in it, whatever its events began."""
    idle = msgspec.structs.replace(state.run, doing=None, paused=False, last_window=None)
    return msgspec.structs.replace(state, run=idle, broken_off=True)


def live_replayed(events: Iterable[LoggedEvent]) -> LiveState:
    """Return a run after all of these."""
    return reduce(live_after, events, LiveState())


def live_of_records(records: tuple[VariantRecord, ...]) -> LiveState:
    """Return what the records alone tell of a run that kept no log of its events."""
    names = tuple(record.name for record in records)
    variants = tuple(VariantSoFar(record.name, gone=_gone(record)) for record in records)
    state = LiveState(run=RunState(variants=names, records=records), variants=variants)
    rounds = [window.round for record in records for window in record.windows]
    return msgspec.structs.replace(
        _progressed(state, records), round=max(rounds, default=-1), num_progressed=1, by_record=True
    )


def _gone(record: VariantRecord) -> Gone | None:
    num = len(record.windows)
    if record.skipped:
        return Gone("skipped", num)
    how = _GONE_BY_STATUS.get(record.status)
    return None if how is None else Gone(how, num)


def _with_all(
    variants: tuple[VariantSoFar, ...], names: tuple[str, ...]
) -> tuple[VariantSoFar, ...]:
    if len(variants) == len(names):
        return variants
    known = {variant.name: variant for variant in variants}
    return tuple(known.get(name) or VariantSoFar(name) for name in names)


def _closer(state: LiveState, event: Event) -> LiveState:
    match event:
        case Activity("timing", _, number) if number is not None:
            return msgspec.structs.replace(state, round=max(state.round, number))
        case WindowEnded():
            ended = _with_window(state, event)
            launch = state.launch if event.window is None else event.window.launch
            return msgspec.structs.replace(
                ended, round=max(state.round, event.round), launch=launch
            )
        case VariantLost():
            return _without(state, event.variant, "lost")
        case VariantInapplicable():
            return _without(state, event.variant, "inapplicable")
        case VariantSkipped():
            return _without(state, event.variant, "skipped")
        case VariantsWithheld():
            return reduce(lambda s, name: _without(s, name, "withheld"), event.variants, state)
        case Progressed():
            return _progressed(state, event.variants)
    return state


def _with_window(state: LiveState, event: WindowEnded) -> LiveState:
    """Return the state with one more window; all else of it stays the very same values."""
    variants = tuple(
        _longer(v, event.window, event.throughput, event.round) if v.name == event.variant else v
        for v in state.variants
    )
    return msgspec.structs.replace(state, variants=variants)


def _longer(
    variant: VariantSoFar, window: TimedWindow | None, throughput: float, number: int
) -> VariantSoFar:
    if window is None:
        point = WindowPoint(number, None, throughput)
        return msgspec.structs.replace(variant, windows=(*variant.windows, point))
    point = WindowPoint(number, window.launch, throughput, window.per_iteration_ns)
    return msgspec.structs.replace(
        variant,
        windows=(*variant.windows, point),
        shortest_ns=(*variant.shortest_ns, float(min(window.step_ns, default=0))),
        longest_ns=(*variant.longest_ns, float(max(window.step_ns, default=0))),
    )


def _without(state: LiveState, name: str, how: GoneHow) -> LiveState:
    gone = Gone(how, max(0, state.round))
    variants = tuple(
        msgspec.structs.replace(v, gone=gone) if v.name == name and v.gone is None else v
        for v in state.variants
    )
    return msgspec.structs.replace(state, variants=variants)


def _progressed(state: LiveState, records: tuple[VariantRecord, ...]) -> LiveState:
    """Return the state with the speedups of these records, and windows that no event told."""
    by_name = {record.name: record for record in records}
    variants = tuple(
        _informed(variant, by_name[variant.name]) if variant.name in by_name else variant
        for variant in state.variants
    )
    return msgspec.structs.replace(
        state, variants=variants, num_progressed=state.num_progressed + 1
    )


def _informed(variant: VariantSoFar, record: VariantRecord) -> VariantSoFar:
    windows = variant.windows
    if len(record.windows) > len(windows) or (windows and windows[-1].launch is None):
        variant = _told_by(record, variant)
    speedups = _speedups(variant, record)
    told_before = record.speedup is None and bool(speedups)
    verdict = variant.verdict if told_before else record.verdict
    return msgspec.structs.replace(variant, speedups=speedups, verdict=verdict)


def _speedups(variant: VariantSoFar, record: VariantRecord) -> tuple[Speedup, ...]:
    """Return the speedups with the record's as the last: what it is of may change afterwards.

    Of a record that has none, though it was measured, none is left to show.
    """
    speedup, known = record.speedup, variant.speedups
    if speedup is None:
        return () if record.status == "measured" else known
    grew = not known or speedup.rounds > known[-1].rounds
    return (*(known if grew else known[:-1]), speedup)


def _told_by(record: VariantRecord, variant: VariantSoFar) -> VariantSoFar:
    """Return a variant whose windows are its record's."""
    bare = msgspec.structs.replace(variant, windows=(), shortest_ns=(), longest_ns=())
    samples = record.samples_per_iteration * NS_PER_S
    return reduce(
        lambda so_far, w: _longer(so_far, w, samples / w.per_iteration_ns, w.round),
        record.windows,
        bare,
    )
