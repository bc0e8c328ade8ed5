"""The progress display of a run: on stderr, and silent where that is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from annt_prof import units
from annt_prof.views.progress import (
    EndedNotice,
    EstimateNotice,
    InapplicableNotice,
    LeftOutNotice,
    LostNotice,
    MeasuringLeft,
    PlanNotice,
    Position,
    RunState,
    SkippedNotice,
    WarningNotice,
    WindowsNotice,
    WithheldNotice,
    state_after,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.progress import Task

    from annt_prof.runs.events import Event
    from annt_prof.views.progress import BudgetView, Notice

_DOING = {
    "starting": "starting: importing torch",
    "observing": "running one batch, to see what there is to act on",
    "preparing": "preparing",
    "warming": "warming up",
    "timing": "timing",
    "timing_epochs": "timing the start of an epoch of",
    "tracing": "tracing",
    "analysing": "analysing",
    "writing": "writing what was measured",
}
_BAR_WIDTH = 20  # cells
_ROOM_FOR_LEFT, _ROOM_FOR_THROUGHPUT, _ROOM_FOR_BAR = 60, 106, 128
# What the run will take is told on stderr also where that is no terminal.
_ALWAYS_TOLD = (EstimateNotice, WindowsNotice, WarningNotice)


class _DoingColumn(ProgressColumn):
    """What goes on: the one column that is cut where a line is short."""

    def render(self, task: Task) -> Text:
        """Return it on one line."""
        return Text(task.description, no_wrap=True, overflow="ellipsis")


class _BudgetBar(ProgressColumn):
    """How much of the time budget is used up; it moves to and fro where no budget runs.

    Rich would take a task that is told of it for finished as soon as the budget is spent, and stop
    its clock and spinner while the run goes on.
    """

    def render(self, task: Task) -> ProgressBar:
        """Return the bar."""
        used = task.fields["budget_used"]
        return ProgressBar(
            total=1.0,
            completed=used or 0.0,
            width=_BAR_WIDTH,
            pulse=used is None,
            animation_time=task.get_time(),
        )


class RunProgress:
    """Shows variant, round, phase, throughput and the time left.

    Args:
        console: Where to draw; nothing is drawn unless it is a terminal.
        began_s: When the run did, on the console's clock; None takes the display's own start.
    """

    def __init__(self, console: Console, began_s: float | None = None) -> None:
        # Of each column, the cells of a line from which on there is room for it.
        self._columns: tuple[tuple[int, ProgressColumn], ...] = (
            (0, SpinnerColumn()),
            (0, _DoingColumn()),
            (_ROOM_FOR_BAR, _BudgetBar()),
            (_ROOM_FOR_LEFT, TextColumn("{task.fields[left]}", markup=False)),
            (_ROOM_FOR_THROUGHPUT, TextColumn("{task.fields[throughput]}", markup=False)),
            (0, TimeElapsedColumn(Column(no_wrap=True))),
        )
        self._progress = Progress(
            *self._fitting(console.width),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(
            "", total=None, left="", throughput="", budget_used=None
        )
        if began_s is not None:
            self._progress.tasks[0].start_time = began_s
        self._state = RunState()

    def __enter__(self) -> RunProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show the run as it is once this has happened too."""
        num_told = len(self._state.notices)
        self._state = state_after(self._state, event)
        for notice in self._state.notices[num_told:]:
            self._tell(notice)
        self._draw(self._state)

    def _tell(self, notice: Notice) -> None:
        always = isinstance(notice, _ALWAYS_TOLD)
        if always or not self._progress.disable:
            self._progress.console.print(
                _sentence(notice), markup=False, highlight=False, soft_wrap=always
            )

    def _fitting(self, width: int) -> tuple[ProgressColumn, ...]:
        return tuple(column for least, column in self._columns if width >= least)

    def _draw(self, state: RunState) -> None:
        self._progress.columns = self._fitting(self._progress.console.width)
        self._progress.update(
            self._task,
            description=_doing(state),
            left=_left(state),
            throughput=_throughput(state),
            budget_used=state.budget_used,
        )


def _doing(state: RunState) -> str:
    if state.ended is not None:
        return "writing the answer"
    if state.paused:
        return "paused until it is resumed"
    if state.doing is None:
        return ""
    said = _DOING[state.doing.kind]
    if state.doing.variant:
        said = f"{said} {state.doing.variant}"
    if state.doing.round_number is not None:
        said = f"{said}, round {state.doing.round_number} of at most {state.max_rounds}"
    return said


def _left(state: RunState) -> str:
    match state.left:
        case Position(number, of):
            return f"variant {number} of {of}, then measuring"
        case MeasuringLeft(at_most_s):
            return f"at most {units.seconds_alone(at_most_s)} of measuring left"
        case None:
            return ""


def _throughput(state: RunState) -> str:
    if state.last_window is None:
        return ""
    rate = units.number(state.last_window.throughput, 1)
    return f"{state.last_window.variant} {rate} samples/s"


def _sentence(notice: Notice) -> str:
    match notice:
        case PlanNotice():
            return _plan(notice)
        case EstimateNotice():
            return (
                f"a step of the first variant takes {units.short_or_long(notice.step_ns)}; about "
                f"{units.seconds(notice.total_s)} to go{_budget(notice.budget)}"
            )
        case WindowsNotice():
            what = "whole epochs, " if notice.whole_epochs else ""
            return (
                f"each window is {what}{units.count(notice.iterations, 'iteration')}; a round of "
                f"all variants takes {units.short_or_long(notice.round_ns)}{_budget(notice.budget)}"
            )
        case WarningNotice():
            return f"warning: {notice.text}"
        case LostNotice():
            return f"{notice.variant} is lost: {notice.reason}"
        case InapplicableNotice():
            return f"{notice.variant} is not applicable: {notice.reason}"
        case LeftOutNotice(technique, variants, reason):
            go = "goes" if len(variants) == 1 else "go"
            return f"{_listed(variants)} {go} on without {technique}: {reason}"
        case WithheldNotice(variants, reason):
            are = "is" if len(variants) == 1 else "are"
            return f"{_listed(variants)} {are} not measured: {reason}"
        case SkippedNotice(variant, rounds):
            return f"{variant} is skipped after {units.count(rounds, 'round')}"
        case EndedNotice():
            return f"measuring ended: {notice.stop}"


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def _plan(plan: PlanNotice) -> str:
    some = " (sets along a few random orders, not all of them)" if plan.partial else ""
    return (
        f"plan: {plan.design}{some}, {units.count(plan.num_variants, 'variant')}, at most "
        f"{units.count(plan.max_rounds, 'round')} or {units.whole(plan.max_windows)} windows; "
        f"measuring ends before a round that would exceed {units.seconds(plan.time_budget_s)}, but "
        "not before the first one is done"
    )


def _budget(budget: BudgetView) -> str:
    """Say what the time budget buys, and which one would buy enough."""
    held = units.count(budget.launches, "launch", "launches")
    said = f"; the time budget holds about {held}"
    if budget.suffices:
        return said
    return (
        f"{said}, where narrow intervals need {budget.needed}: "
        f"window.time_budget_s={budget.enough_s} would hold them"
    )
