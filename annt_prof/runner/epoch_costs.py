"""When to ask what an epoch's start costs, and whether the answers count.

All variants that run are asked or none, and the starts of all count or of none: figures that take
it in and figures that do not are not compared.
"""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, cast

import msgspec

from annt_prof.runs.events import Activity
from annt_prof.runs.record import STARTS_COUNT_FROM, Epochs, EpochStart
from annt_prof.windows.messages import EpochReply, EpochRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.windows.messages import Prepared

_LAUNCHES = 2  # whose processes are asked: starts differ less than steps do
_EPOCHS = 3  # that an answer takes, one of them before the clock runs
_NO_ROOM = ", as so many steps take too long for the time budget"
_TIME_SHARE = 0.05  # of the time budget: all questions of one launch take no longer


def reserved_s(asked: Sequence[Prepared], period: int, budget_s: float) -> float:
    """Return the seconds that questions will take in all; 0 where none are to be asked.

    Args:
        asked: Of each variant whose windows lie within an epoch.
        period: Of the windows, in iterations.
        budget_s: Of the whole run.
    """
    each_s = sum(
        # The mean: of batches that come in bursts, most steps wait for nothing.
        _EPOCHS * _iterations(told.queue, period, told.per_epoch) * fmean(told.step_ns) / 1e9
        for told in asked
        if told.queue
    )
    return _LAUNCHES * each_s if each_s <= _TIME_SHARE * budget_s else 0.0


def concerned(crew: Crew) -> list[VariantState]:
    """Return the variants whose windows lie within an epoch."""
    return [
        state
        for state in crew.compared
        if state.record.epochs is not None and not state.record.epochs.in_windows
    ]


def may_ask(crew: Crew, period: int) -> bool:
    """Whether the budget has room for what has to be run to answer, and whether it is of use.

    A check holds the middle of epochs to its budgets: see ``check.timed_figures``.
    """
    if crew.job.gate is not None:
        return False
    asked = [crew.prepared[state.variant.name] for state in concerned(crew) if state.runs]
    budget_s = crew.job.scenario.window.time_budget_s
    return not any(told.queue for told in asked) or reserved_s(asked, period, budget_s) > 0


def ask_for_start(crew: Crew, state: VariantState, launch: int, period: int) -> None:
    """Ask a process that has run its windows, and keep what it says in the record.

    Raises:
        CrowdedError: It ran out of memory beside others.
    """
    epochs = state.record.epochs
    own = [w for w in state.record.windows if w.launch == launch]
    if epochs is None or epochs.in_windows or not own or launch >= _LAUNCHES:
        return
    if any(start.launch == launch for start in epochs.starts):
        return
    # Of a window that another program disturbed, nothing is to be subtracted; what the training's
    # own steps have unequally is to be.
    figure = fmean if state.record.uneven else median
    step_ns = figure([w.per_iteration_ns for w in own])
    waited_ns = figure([w.waited_ns / w.iterations for w in own])
    iterations = _iterations(crew.prepared[state.variant.name].queue, period, epochs.iterations)
    crew.tell(Activity("timing_epochs", state.variant.name))
    reply = crew.ask(state, EpochRequest(iterations, step_ns, waited_ns))
    if reply is None:
        return
    start = EpochStart(launch, cast("EpochReply", reply).cost_ns)
    state.change(epochs=msgspec.structs.replace(epochs, starts=(*epochs.starts, start)))


def settle(crew: Crew) -> None:
    """Let the starts of all variants count, or of none.

    One that was skipped before it was asked has no start that could count; what the others were
    measured by stays the same. With these it is then not compared.
    """
    within = concerned(crew)
    known = all(map(_starts, _to_be_known(within)))
    # Windows of whole epochs have them in any case.
    whole = len(within) < len(crew.compared)
    counted = known and (whole or any(_share(state) >= STARTS_COUNT_FROM for state in within))
    for state in within:
        epochs, counts = cast("Epochs", state.record.epochs), counted and bool(_starts(state))
        state.change(epochs=msgspec.structs.replace(epochs, counted=counts))


def remarks(crew: Crew, period: int) -> tuple[str, ...]:
    """Return what the figures leave out, for people.

    Args:
        crew: After measuring.
        period: Of the windows, in iterations.
    """
    within = concerned(crew)
    measured = [state for state in within if state.record.windows]
    loading = any(crew.prepared[state.variant.name].queue for state in measured)
    if loading and not all(map(_starts, _to_be_known(measured))):
        said = "figures are of the middle of an epoch: what its start costs was not measured"
        why = "" if may_ask(crew, period) else _NO_ROOM
        return (f"{said}{why}",)
    counted = any(state.record.epochs and state.record.epochs.counted for state in within)
    return tuple(
        f"{state.variant.name} was skipped before it was measured what an epoch's start costs: its "
        "figures leave that out and those of the others take it in, so it is not compared with them"
        for state in measured
        if counted and not _starts(state)
    )


def _to_be_known(states: list[VariantState]) -> list[VariantState]:
    """Return those whose starts must be known for any to count."""
    return [state for state in states if state.runs and state.record.windows]


def _starts(state: VariantState) -> tuple[EpochStart, ...]:
    return state.record.epochs.starts if state.record.epochs is not None else ()


def _iterations(queue: int, period: int, epoch: int) -> int:
    """Return how long an epoch is that has all that an epoch has: more than what is kept ready."""
    return min(-(-(queue + 1) // period) * period, epoch)


def _share(state: VariantState) -> float:
    windows = state.record.windows
    if not windows or state.record.epochs is None:
        return 0.0
    return state.record.epochs.start_share(median(w.per_iteration_ns for w in windows))
