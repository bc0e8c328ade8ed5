"""How rounds are spread over launches, and when to stop: arithmetic on seconds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.plan import LEAST_LAUNCHES

if TYPE_CHECKING:
    from annt_prof.runs.events import StopCause
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
        launches: Begun.
        ends_here: Whether fresh processes serve the next round whatever the number of rounds.
    """

    rounds: int
    rounds_in_launch: int
    elapsed_s: float
    round_s: float
    launch_s: float
    launches: int = 1
    ends_here: bool = False


@dataclass(frozen=True)
class Stop:
    """Why no more rounds are run.

    Attributes:
        text: The same for people, with its figures.
    """

    cause: StopCause
    text: str


def launches_needed(window: WindowChoice) -> int:
    """Return how many launches a run should have: the scenario's least, or an interval's."""
    return max(window.min_launches, LEAST_LAUNCHES)


def rounds_per_launch(window: WindowChoice, round_s: float, launch_s: float) -> int:
    """Return how many rounds each launch serves, so that the budgets hold enough launches.

    Processes of the same code differ, so the precision of a run comes from their number; rounds
    within a launch only average what varies from one moment to the next. Source: T. Kalibera and
    R. Jones, Rigorous Benchmarking in Reasonable Time, ISMM 2013, section 6 (where to repeat).
    """
    launches = launches_needed(window)
    share_s = (window.time_budget_s - (launches - 1) * launch_s) / launches
    by_time = int(share_s / round_s) if round_s else window.rounds_per_launch
    by_rounds = window.rounds // launches
    return max(1, min(window.rounds_per_launch, by_time, by_rounds))


def launches_in_budget(window: WindowChoice, round_s: float, launch_s: float) -> int:
    """Return how many launches the budgets hold, the first of which is built before they begin."""
    rounds = rounds_per_launch(window, round_s, launch_s)
    each_s = rounds * round_s + launch_s
    by_time = int((window.time_budget_s + launch_s) / each_s) if each_s else window.rounds
    return max(1, min(by_time, window.rounds // rounds))


def launch_is_over(window: WindowChoice, progress: Progress) -> bool:
    """Whether fresh processes should serve the next round."""
    allowed = rounds_per_launch(window, progress.round_s, progress.launch_s)
    return progress.ends_here or progress.rounds_in_launch >= allowed


def reason_to_stop(window: WindowChoice, progress: Progress, *, scenarios: int = 1) -> Stop | None:
    """Return why no further round can be run; None where one can.

    Args:
        window: With the time budget of all the scenarios.
        progress: After a round.
        scenarios: Whose budgets these are.
    """
    if progress.rounds >= window.rounds:
        done = units.count(progress.rounds, "round")
        are = "is" if progress.rounds == 1 else "are"
        return Stop("rounds", f"the {done} that the scenario allows {are} done")
    over = launch_is_over(window, progress)
    next_s = progress.round_s + (progress.launch_s if over else 0.0)
    if progress.elapsed_s + next_s > window.time_budget_s:
        what = "launch" if over else "round"
        budget = units.limit_s(window.time_budget_s)
        stop = f"another {what} would exceed the time budget of {budget}"
        few = progress.launches < LEAST_LAUNCHES
        text = f"{stop}; {_too_few(window, progress, scenarios)}" if few else stop
        return Stop("time_budget", text)
    return None


def enough_budget_s(window: WindowChoice, round_s: float, launch_s: float) -> int:
    """Return the seconds that would hold enough launches of one round each."""
    launches = launches_needed(window)
    return math.ceil(_MARGIN * (launches * round_s + (launches - 1) * launch_s))


def _too_few(window: WindowChoice, progress: Progress, scenarios: int) -> str:
    """Say what a budget that holds too few launches costs, and which one would hold enough."""
    launches = launches_needed(window)
    # As much per launch as so far; the first one was built before the budget began.
    so_far_s = (progress.elapsed_s + progress.launch_s) / progress.launches
    enough_s = _MARGIN * (launches * so_far_s - progress.launch_s)
    each_s = math.ceil(max(enough_s, window.time_budget_s + 1) / scenarios)
    where = " in each scenario" if scenarios > 1 else ""
    held = units.count(progress.launches, "launch", "launches")
    return (
        f"it holds {held}, too few for an interval: window.time_budget_s of about "
        f"{each_s}{where} would hold {launches} launches"
    )
