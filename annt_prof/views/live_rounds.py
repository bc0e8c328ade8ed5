"""The plan of a run as a grid of rounds and variants that fills up."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.launch_numbers import launch_number
from annt_prof.views.page import Mark, Stretch, Tone, Track, Tracks
from annt_prof.views.progress import MeasuringLeft

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.views.live_view import GoneHow, LiveState, VariantSoFar

MOST_SHOWN = 250
"""Rounds that a grid has at most; few terminals are wider."""

_MOST_WAITING = 8  # rounds that are shown before they begin; the title says how many may come

_LEAST_ALONE = 3  # rounds: a pause after the first begins a launch, whatever launches hold

_ROUNDING = 1e-9  # of a round: what binary fractions lack

_DONE, _RUNNING, _WAITING, _ABSENT = "#", ">", ".", "-"
_GONE: dict[GoneHow, str] = {"lost": "x", "inapplicable": "n", "withheld": "w", "skipped": "s"}
_MARKS = (
    Mark(_DONE, "done", Tone.GOOD),
    Mark(_RUNNING, "running", Tone.STRONG),
    Mark(_WAITING, "waiting", Tone.QUIET),
    Mark(_ABSENT, "no window in this round", Tone.QUIET),
    Mark("x", "lost", Tone.BAD),
    Mark("s", "skipped", Tone.UNSURE),
    Mark("n", "not applicable", Tone.QUIET),
    Mark("w", "not measured", Tone.UNSURE),
)


def build_rounds(state: LiveState) -> Tracks:
    """Return the grid, of the last rounds where there are many."""
    last = state.round + 1 + min(rounds_to_come(state), _MOST_WAITING)
    first = max(0, last - MOST_SHOWN)
    rounds = range(first, last)
    launches = _launches(state)
    alone = _alone(launches)
    return Tracks(
        key="rounds",
        title=_title(state, alone=alone),
        stretches=_stretches(rounds, launches, alone=alone),
        tracks=tuple(_track(state, variant, rounds) for variant in state.variants),
        marks=_MARKS,
        num_earlier=first,
        empty="" if state.variants else "the plan is not known yet",
    )


def waiting_in_round(state: LiveState) -> tuple[str, ...]:
    """Return the variants whose window of the round that goes on has not begun."""
    doing = state.run.doing
    running = None if doing is None else doing.variant
    left = (v for v in state.variants if v.gone is None and v.name != running)
    return tuple(v.name for v in left if not v.windows or v.windows[-1].round < state.round)


def rounds_to_come(state: LiveState) -> int:
    """Return about how many more rounds the time budget holds, at the pace so far."""
    run = state.run
    if state.over or not run.variants:
        return 0
    if state.round < 0:
        return 1
    left = run.left
    share = _share_done(state)
    each_s = _round_s(state, state.round + share)
    if not isinstance(left, MeasuringLeft) or each_s <= 0:
        return 0
    # What is left of the round that goes on comes first.
    fitting = int(left.at_most_s / each_s - (1 - share) + _ROUNDING)
    return max(0, min(fitting, run.max_rounds - state.round - 1))


def _share_done(state: LiveState) -> float:
    """Return the share of the windows of the last round that are done."""
    done = {v.name for v in state.variants if v.windows and v.windows[-1].round == state.round}
    concerned = {v.name for v in state.variants if v.gone is None} | done
    return len(done) / len(concerned) if concerned else 1.0


def _round_s(state: LiveState, done: float) -> float:
    """Return what a round takes, as planned while none is done; 0 where nothing tells."""
    run = state.run
    if done < 1 and run.first_round_s > 0:
        return run.first_round_s
    return run.measured_s / done if done else 0.0


def _title(state: LiveState, *, alone: bool) -> str:
    begun, most = state.round + 1, state.run.max_rounds
    of = f" of at most {units.whole(most)}" if most else ""
    more = rounds_to_come(state) if state.round >= 0 else 0
    fits = f"; the time budget holds about {units.whole(more)} more" if more else ""
    launches = "; each is a launch of its own" if alone else "; numbers count launches"
    return f"Rounds: {units.whole(begun)}{of}{fits}{launches if begun else ''}"


def _launches(state: LiveState) -> dict[int, int]:
    """Return the launch of each round that any variant has a window of."""
    found: dict[int, int] = {}
    for variant in state.variants:
        for window in variant.windows[-MOST_SHOWN:]:
            if window.launch is not None:
                found[window.round] = window.launch
    return found


def _alone(launches: dict[int, int]) -> bool:
    return len(set(launches.values())) == len(launches) >= _LEAST_ALONE


def _stretches(rounds: range, launches: dict[int, int], *, alone: bool) -> tuple[Stretch, ...]:
    if alone or not launches:
        return (Stretch("", len(rounds)),)
    latest = max(launches)

    def launch_of(number: int) -> int | None:
        return None if number > latest + 1 else launches.get(number, launches[latest])

    return tuple(
        Stretch("" if launch is None else str(launch_number(launch)), sum(1 for _ in places))
        for launch, places in groupby(rounds, key=launch_of)
    )


def _track(state: LiveState, variant: VariantSoFar, rounds: range) -> Track:
    done = {window.round for window in variant.windows[-len(rounds) :]} if rounds else set()
    letters = "".join(_letters(state, variant, rounds, done))
    return Track(variant.name, letters, units.whole(len(variant.windows)))


def _letters(
    state: LiveState, variant: VariantSoFar, rounds: range, done: set[int]
) -> Iterator[str]:
    doing, gone = state.run.doing, variant.gone
    timed = doing is not None and doing.kind == "timing" and doing.variant == variant.name
    for number in rounds:
        if number in done:
            yield _DONE
        elif gone is not None and number >= gone.round:
            yield _GONE[gone.how]
        elif timed and number == state.round:
            yield _RUNNING
        else:
            yield _ABSENT if number < state.round or state.over else _WAITING
