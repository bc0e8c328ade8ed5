"""How rounds are spread over launches, and when to stop: arithmetic on seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units

if TYPE_CHECKING:
    from annt_prof.scenario.schema import WindowChoice


_MARGIN = 1.1  # rounds and launches take a little longer now and then


@dataclass(frozen=True)
class Progress:
    """Where measuring is.

    Attributes:
        rounds: Done.
        rounds_in_launch: Of these, by the processes that now live.
        elapsed_s: Since the first round began, the launches in between included.
        round_s: What the last round took.
        launch_s: What the last launch took: ending every process, and building and warming up
            the next ones.
    """

    rounds: int
    rounds_in_launch: int
    elapsed_s: float
    round_s: float
    launch_s: float


def rounds_per_launch(window: WindowChoice, progress: Progress) -> int:
    """Return how many rounds each launch serves, so that the budgets hold ``min_launches`` of them.

    Processes of the same code differ, so the precision of a run comes from their number; rounds
    within a launch only average what varies from one moment to the next. Source: T. Kalibera and
    R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, section 6 (where to repeat).
    """
    share_s = window.time_budget_s / window.min_launches
    by_time = int((share_s - progress.launch_s) / progress.round_s) if progress.round_s else 1
    by_rounds = window.rounds // window.min_launches
    return max(1, min(window.rounds_per_launch, by_time, by_rounds))


def launch_is_over(window: WindowChoice, progress: Progress) -> bool:
    """Whether fresh processes should serve the next round."""
    return progress.rounds_in_launch >= rounds_per_launch(window, progress)


def reason_to_stop(window: WindowChoice, progress: Progress, *, scenarios: int = 1) -> str | None:
    """Return why no further round can be run, for people; None where one can.

    Args:
        window: With the time budget of all the scenarios.
        progress: After a round.
        scenarios: Whose budgets these are.
    """
    if progress.rounds >= window.rounds:
        done = units.count(progress.rounds, "round")
        return f"the {done} that the scenario allows {'is' if progress.rounds == 1 else 'are'} done"
    over = launch_is_over(window, progress)
    next_s = progress.round_s + (progress.launch_s if over else 0.0)
    if progress.elapsed_s + next_s > window.time_budget_s:
        what = "launch" if over else "round"
        stop = f"another {what} would exceed the time budget of {window.time_budget_s:g} s"
        single = progress.rounds == progress.rounds_in_launch
        return f"{stop}; {_single_launch(window, progress, scenarios)}" if single else stop
    return None


def _single_launch(window: WindowChoice, progress: Progress, scenarios: int) -> str:
    """Say what a budget that holds no second launch costs, and which one would hold enough."""
    launches = window.min_launches
    needed_s = launches * progress.round_s + (launches - 1) * progress.launch_s
    each_s = math.ceil(_MARGIN * needed_s / scenarios)
    where = " in each scenario" if scenarios > 1 else ""
    return (
        "it holds a single launch, so there is no interval: window.time_budget_s of about "
        f"{each_s}{where} would hold {launches} launches"
    )
