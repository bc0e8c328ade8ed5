"""What a run is doing now, and what is known so far; replayed where it is over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from annt_prof import units
from annt_prof.views.live_rounds import build_rounds, waiting_in_round
from annt_prof.views.live_variants import build_speedup_chart, build_step_strips, build_variants
from annt_prof.views.live_view import without_its_process
from annt_prof.views.notices import (
    EndedNotice,
    InapplicableNotice,
    LeftOutNotice,
    LostNotice,
    SkippedNotice,
    WarningNotice,
    WithheldNotice,
)
from annt_prof.views.page import Block, Lines, Page, Said, Tone
from annt_prof.views.screens.names import Screen
from annt_prof.views.words.progress import doing, left, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.live_view import LiveState, LoggedNotice
    from annt_prof.views.notices import Notice
    from annt_prof.views.recent_telemetry import Recent

Standing = Literal["running", "ended", "gone", "elsewhere", "unlogged"]
"""``gone`` is a run whose process has died without a last word, ``elsewhere`` one whose process is
another machine's, and ``unlogged`` one that kept no log of its events."""

MOST_NOTICES = 12
"""Of the log, the last that are shown."""

_TONES: dict[type[Notice], Tone] = {
    WarningNotice: Tone.UNSURE,
    LostNotice: Tone.BAD,
    InapplicableNotice: Tone.QUIET,
    LeftOutNotice: Tone.UNSURE,
    WithheldNotice: Tone.UNSURE,
    SkippedNotice: Tone.UNSURE,
    EndedNotice: Tone.STRONG,
}


@dataclass(frozen=True)
class Watch:
    """What is known of a run beside its events.

    Attributes:
        title: What it is called.
        standing: Whether it goes on.
        now_ns: ``time.time_ns``.
        precision: Half-width, a fraction, up to which its scenario calls an interval narrow; None
            where that is not known.
        chosen: The variant whose speedup is shown; None for all of them.
        recent: What was sampled lately; None where that is not to be shown.
        num_damaged, num_unknown: Lines of its log that could not be read, and those that a newer
            annt-prof wrote.
    """

    title: str
    standing: Standing
    now_ns: int
    precision: float | None = None
    chosen: str | None = None
    recent: Recent | None = None
    num_damaged: int = 0
    num_unknown: int = 0


def build_live_page(state: LiveState, watch: Watch) -> Page:
    """Return what there is to see of a run now."""
    now = without_its_process(state) if watch.standing == "gone" else state
    return Page(Screen.LIVE, watch.title, tuple(_blocks(now, watch)))


def _blocks(state: LiveState, watch: Watch) -> Iterator[Block]:
    yield Lines("now", "", tuple(_now(state, watch)))
    yield build_rounds(state)
    yield build_variants(state, watch.precision)
    yield build_step_strips(state)
    if watch.recent is not None and len(watch.recent.series.times_ns):
        from annt_prof.views.recent_telemetry import build_recent

        yield build_recent(watch.recent)
    yield build_speedup_chart(state, watch.chosen)
    yield Lines("log", "Log", tuple(_log(state, watch)))


def _now(state: LiveState, watch: Watch) -> Iterator[Said]:
    yield from _standing(state, watch)
    if watch.standing in ("running", "elsewhere"):
        since_ns = max(0, watch.now_ns - state.doing_since_ns)
        said = doing(state.run)
        if said:
            since = units.seconds(since_ns / units.NS_PER_S)
            yield Said(f"{said}, for {since}", "now", Tone.STRONG)
        following = _following(state)
        if following:
            yield Said(following, "next")
    budget = _budget(state, goes_on=watch.standing == "running")
    if budget:
        yield Said(budget, "budget")
    if watch.num_damaged:
        lines = units.count(watch.num_damaged, "line")
        yield Said(f"skipped {lines} that cannot be read", "log", Tone.UNSURE)
    if watch.num_unknown:
        lines = units.count(watch.num_unknown, "line")
        yield Said(f"skipped {lines} that a newer annt-prof wrote", "log", Tone.UNSURE)


def _standing(state: LiveState, watch: Watch) -> Iterator[Said]:
    ended = state.run.ended
    last = units.time_of_day(state.last_ns)
    if ended is not None:
        what = "finished" if ended.outcome == "complete" else ended.outcome
        tone = Tone.GOOD if ended.outcome == "complete" else Tone.BAD
        where = "2 opens the answer" if ended.outcome == "complete" else _kept(state)
        yield Said(f"{what} at {last}: {where}", "run", tone)
        yield Said(ended.stop, "stopped")
    elif watch.standing == "gone":
        yield Said(f"its process ended without a last word after {last}: it was killed, or the "
                   f"machine went down; {_kept(state)}", "run", Tone.BAD)  # fmt: skip
    elif watch.standing == "elsewhere":
        yield Said(f"it runs, or ran, on another machine, or before this one was started again: "
                   f"whether it goes on is not known; last event at {last}; {_kept(state)}",
                   "run", Tone.UNSURE)  # fmt: skip
    elif watch.standing == "unlogged":
        yield Said("this run kept no log of its events (an older annt-prof made it): what follows "
                   "is told from its record", "run", Tone.UNSURE)  # fmt: skip
    elif not state.last_ns:
        yield Said("waiting for the run's first event", "run", Tone.QUIET)


def _kept(state: LiveState) -> str:
    if not state.num_progressed:
        num_windows = sum(len(variant.windows) for variant in state.variants)
        if not num_windows:
            return "nothing was measured before that"
        return f"{units.count(num_windows, 'window')} of no whole round: what follows shows all"
    rounds = max((len(record.windows) for record in state.run.records), default=0)
    return f"what was measured is kept, {units.count(rounds, 'round')} of it: 2 shows it"


def _following(state: LiveState) -> str:
    run = state.run
    if run.doing is None or run.doing.kind != "timing":
        return "" if run.measuring_began else left(run)
    waiting = waiting_in_round(state)
    if not waiting:
        return "then the round is done, and another one begins or measuring ends"
    if len(waiting) == 1:
        return f"{waiting[0]}, then the round is done"
    return f"one of {', '.join(waiting)}, in an order that was drawn for this round"


def _budget(state: LiveState, *, goes_on: bool) -> str:
    run = state.run
    used = run.budget_used
    if used is None:
        return ""
    of = f"{units.seconds_alone(run.measured_s)} of {units.limit_s(run.time_budget_s)}"
    said = f"{units.percent(used, 0)} used, {of}"
    rest = left(run) if goes_on else ""
    return f"{said}; {rest}" if rest else said


def _log(state: LiveState, watch: Watch) -> Iterator[Said]:
    if not state.log:
        text = "no log was kept" if watch.standing == "unlogged" else "nothing to tell yet"
        yield Said(text, tone=Tone.QUIET)
    earlier = len(state.log) - MOST_NOTICES
    if earlier > 0:
        yield Said(units.count(earlier, "earlier notice"), "...", Tone.QUIET)
    yield from map(_notice, state.log[-MOST_NOTICES:])


def _notice(logged: LoggedNotice) -> Said:
    tone = _TONES.get(type(logged.notice), Tone.PLAIN)
    return Said(sentence(logged.notice), units.time_of_day(logged.at_ns), tone)
