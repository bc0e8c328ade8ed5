"""How long windows are: whole turns of loaders, accumulation, epochs, and what else comes round.

A window's figure is its whole time over its iterations, so what comes every few steps must be in
it a whole number of times. All variants of a run share one length, or the same steps would be
counted differently beside one mix and beside another.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.scenario.schema import WindowChoice

_SURE = 0.9  # of the budget: the warm-up's steps tell the later ones' length only roughly
_OF_LAUNCH = 0.25  # of the time that a launch takes, below which windows are not cut
_LONGEST = 6  # times the iterations that the scenario asks for


@dataclass(frozen=True)
class Pace:
    """What the warm-up showed of one variant.

    Attributes:
        step_ns: Mean time of an iteration.
        accumulation: Iterations per optimizer step.
        workers: Loader processes: batches arrive so many at a time.
        per_epoch: Iterations of an epoch.
        period: Found in its steps, in iterations; 1 where there is none.
    """

    step_ns: float
    accumulation: int = 1
    workers: int = 0
    per_epoch: int = 1_000_000
    period: int = 1


@dataclass(frozen=True)
class Span:
    """The length of every window of a run.

    Attributes:
        iterations: Timed ones.
        switch_in: Dropped ones before them.
        period: ``iterations`` is a whole number of these, unless it is too long for a window.
        at_epoch: Whether windows begin with an epoch and hold whole ones, at least of the shortest.
        round_s: What one window of each variant takes, as far as the warm-up tells.
        most: Iterations that later windows may have, by epochs and by the budget.
        unheld: What comes round every so many iterations and is too long for a window. Windows
            then have it unequally, so that only their mean has all of it.
    """

    iterations: int
    switch_in: int
    period: int
    at_epoch: bool
    round_s: float
    most: int = 0
    unheld: tuple[int, ...] = ()

    def holds_epochs(self, iterations: int) -> bool:
        """Whether a window is whole epochs of so many iterations."""
        return self.at_epoch and self.iterations % iterations == 0


def choose_span(
    window: WindowChoice,
    paces: Sequence[Pace],
    launch_s: float,
    launches: int,
    *,
    paid_launches: int | None = None,
) -> Span:
    """Choose the length that holds whole turns of everything, cut to what the budget holds.

    Args:
        window: What the scenario asks for.
        paces: Of each variant that runs.
        launch_s: Seconds that it takes to start all variants once.
        launches: That the budget should hold.
        paid_launches: Of these, those that are started on the budget; all but the first unless
            given.
    """
    group = math.lcm(*(pace.accumulation for pace in paces))
    workers = max(pace.workers for pace in paces)
    switch_in = _up_to(max(window.switch_in, workers), group)
    epoch = min(pace.per_epoch for pace in paces)
    # Of two scenarios, the epochs may differ; a window of whole ones holds whole ones of each.
    whole = math.lcm(*(pace.per_epoch for pace in paces))
    period, unheld = _period(window, paces, group)
    step_s = sum(pace.step_ns for pace in paces) / 1e9
    # So many iterations of every variant fit into one window of each launch.
    paid = launches - 1 if paid_launches is None else paid_launches
    budget_s = max(0.0, _SURE * window.time_budget_s - paid * launch_s)
    affordable = int(budget_s / launches / step_s) if step_s else _LONGEST * window.iterations
    # Windows far shorter than what it takes to start their processes would buy no launch.
    affordable = max(affordable, int(_OF_LAUNCH * launch_s / step_s) if step_s else 0)
    # Where an epoch is hardly longer than a switch-in, no window lies in the middle of one.
    no_middle = epoch - switch_in < period
    affordable_epochs = whole <= min(_LONGEST * window.iterations, affordable - switch_in)
    if no_middle or affordable_epochs:
        # One that is much longer than the shortest has a middle, where its windows lie.
        others = [pace.per_epoch for pace in paces if pace.per_epoch > 2 * (epoch + switch_in)]
        unit = whole if affordable_epochs or not others else epoch
        turns = max(1, min(-(-window.iterations // unit), (affordable - switch_in) // unit))
        count = turns * unit
        if not affordable_epochs and others:
            count = max(unit, min(count, (min(others) - switch_in) // unit * unit))
        return Span(count, switch_in, unit, True, step_s * (count + switch_in), count)
    if window.iterations + switch_in > affordable:
        switch_in = _up_to(max(1, workers), group)
    most = min(_up_to(window.iterations, period), epoch - switch_in, affordable - switch_in)
    count = max(period, most // period * period)
    longest = max(count, min(epoch, affordable) - switch_in)
    round_s = step_s * (count + switch_in)
    return Span(count, switch_in, period, False, round_s, longest, unheld)


def _period(window: WindowChoice, paces: Sequence[Pace], group: int) -> tuple[int, tuple[int, ...]]:
    """Return what all variants' turns go into, and those that would make windows too long."""
    period, unheld = group, []
    turns = sorted({pace.workers for pace in paces if pace.workers})
    turns += sorted({math.lcm(pace.period, pace.accumulation) for pace in paces})
    for turn in turns:
        longer = math.lcm(period, turn)
        if longer <= max(_LONGEST * window.iterations, group):
            period = longer
        else:
            unheld.append(turn)
    return period, tuple(unheld)


def _up_to(number: int, step: int) -> int:
    return -(-number // step) * step


def lengthened(span: Span, periods: Sequence[int], window: WindowChoice) -> Span:
    """Return a span that holds whole periods that showed up in the timed windows themselves.

    Args:
        span: Of the windows so far.
        periods: In iterations.
        window: What the scenario asks for; no window becomes much longer than that, nor longer
            than epochs and the budget allow.
    """
    if span.at_epoch:
        return span
    period, unheld = span.period, set(span.unheld)
    for shown in sorted(set(periods)):
        longer = math.lcm(period, shown)
        if _up_to(span.iterations, longer) <= min(span.most, 2 * window.iterations):
            period = longer
        else:
            unheld.add(shown)
    count = _up_to(span.iterations, period)
    round_s = span.round_s * (count + span.switch_in) / (span.iterations + span.switch_in)
    return Span(count, span.switch_in, period, False, round_s, span.most, tuple(sorted(unheld)))
