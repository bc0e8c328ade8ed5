"""The progress display of a run: on stderr, and silent where that is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from annt_prof import units
from annt_prof.runs.events import (
    Activity,
    Estimated,
    Event,
    MeasuringEnded,
    Planned,
    Progressed,
    Started,
    VariantLost,
    Warned,
    WindowEnded,
)

if TYPE_CHECKING:
    from rich.console import Console

_DOING = {
    "starting": "starting: importing torch",
    "observing": "running one batch, to see what there is to act on",
    "preparing": "preparing",
    "timing": "timing",
    "tracing": "tracing",
    "analysing": "analysing",
}


class RunProgress:
    """Shows variant, round, phase, throughput and the time left.

    Args:
        console: Where to draw; nothing is drawn unless it is a terminal.
    """

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[left]}", markup=False),
            TextColumn("{task.fields[throughput]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, left="", throughput="")
        self._budget_s = 0.0
        self._max_rounds = 0
        self._variants: tuple[str, ...] = ()
        self._measured_s = 0.0

    def __enter__(self) -> RunProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case Started():
                self._variants = event.variants
                self._budget_s = event.time_budget_s
                self._max_rounds = event.max_rounds
                self._say(_plan(event))
            case Estimated():
                self._announce(_estimate(event))
            case Planned():
                self._announce(_plan_of_windows(event))
            case Warned():
                self._announce(f"warning: {event.text}")
            case Activity():
                self._show_activity(event)
            case WindowEnded():
                self._measured_s = event.measured_s
                rate = f"{units.number(event.throughput, 1)} samples/s"
                self._progress.update(self._task, throughput=f"{event.variant} {rate}")
            case VariantLost():
                self._say(f"{event.variant} is lost: {event.reason}")
            case MeasuringEnded():
                self._say(f"measuring ended: {event.stop}")
            case Progressed():
                pass

    def _say(self, line: str) -> None:
        if not self._progress.disable:
            self._progress.console.print(line, markup=False, highlight=False)

    def _announce(self, line: str) -> None:
        """Say what the run will take; on stderr also where that is no terminal."""
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _show_activity(self, activity: Activity) -> None:
        doing = _DOING[activity.kind]
        if activity.variant:
            doing = f"{doing} {activity.variant}"
        if activity.round is not None:
            doing = f"{doing}, round {activity.round + 1} of at most {self._max_rounds}"
        self._progress.update(self._task, description=doing, left=self._time_left(activity))
        if activity.kind == "timing":
            self._progress.update(self._task, completed=self._measured_s, total=self._budget_s)

    def _time_left(self, activity: Activity) -> str:
        """A bound, not a guess: the budget is all that is certain."""
        measuring = activity.kind == "timing" or self._measured_s > 0
        if activity.kind == "preparing" and not measuring:
            position = self._variants.index(activity.variant)
            return f"variant {position + 1} of {len(self._variants)}, then measuring"
        if activity.kind not in ("timing", "preparing"):
            return ""
        left_s = max(0.0, self._budget_s - self._measured_s)
        return f"at most {units.seconds_alone(left_s)} of measuring left"


def _plan(event: Started) -> str:
    windows = len(event.variants) * event.max_rounds
    some = " (sets along a few random orders, not all of them)" if event.design == "sampled" else ""
    return (
        f"plan: {event.design}{some}, {units.count(len(event.variants), 'variant')}, at most "
        f"{units.count(event.max_rounds, 'round')} or {units.whole(windows)} windows; measuring "
        f"ends after {units.seconds(event.time_budget_s)} at the latest"
    )


def _estimate(event: Estimated) -> str:
    return (
        f"a step of the first variant takes {units.duration(event.step_ns)}; about "
        f"{units.seconds(event.total_s)} to go{_launches(event)}"
    )


def _plan_of_windows(event: Planned) -> str:
    what = "whole epochs, " if event.at_epoch else ""
    return (
        f"each window is {what}{units.count(event.iterations, 'iteration')}; a round of all "
        f"variants takes {units.duration(event.round_s * 1e9)}{_launches(event)}"
    )


def _launches(event: Estimated | Planned) -> str:
    """Say what the time budget buys, and which one would buy enough."""
    held = units.count(event.launches, "launch", "launches")
    said = f"; the time budget holds about {held}"
    if event.launches >= event.needed:
        return said
    return (
        f"{said}, where narrow intervals need {event.needed}: "
        f"window.time_budget_s={event.enough_s} would hold them"
    )
