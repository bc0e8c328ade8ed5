"""The progress display of a run: on stderr, and silent where that is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from annt_prof import units
from annt_prof.views.notices import EstimateNotice, WarningNotice, WindowsNotice
from annt_prof.views.progress import RunState, state_after
from annt_prof.views.words.progress import doing, left, sentence

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Task

    from annt_prof.runs.events import Event
    from annt_prof.views.notices import Notice

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
                sentence(notice), markup=False, highlight=False, soft_wrap=always
            )

    def _fitting(self, width: int) -> tuple[ProgressColumn, ...]:
        return tuple(column for least, column in self._columns if width >= least)

    def _draw(self, state: RunState) -> None:
        self._progress.columns = self._fitting(self._progress.console.width)
        self._progress.update(
            self._task,
            description=doing(state),
            left=left(state),
            throughput=_throughput(state),
            budget_used=state.budget_used,
        )


def _throughput(state: RunState) -> str:
    if state.last_window is None:
        return ""
    rate = units.number(state.last_window.throughput, 1)
    return f"{state.last_window.variant} {rate} samples/s"
