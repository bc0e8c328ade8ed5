"""How rounds are spread over launches, and when to stop: arithmetic on seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.scenario.schema import WindowChoice


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


def reason_to_stop(window: WindowChoice, progress: Progress) -> str | None:
    """Return why no further round can be run, for people; None where one can."""
    if progress.rounds >= window.rounds:
        return f"the {progress.rounds} rounds that the scenario allows are done"
    over = launch_is_over(window, progress)
    next_s = progress.round_s + (progress.launch_s if over else 0.0)
    if progress.elapsed_s + next_s > window.time_budget_s:
        what = "launch" if over else "round"
        return f"another {what} would exceed the time budget of {window.time_budget_s:g} s"
    return None
