"""A run while it goes on: what it does, what is known so far, and what may be asked of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from annt_prof.errors import UserError
from annt_prof.plan import BASELINE
from annt_prof.runs.controls import Interrupt, Pause, Resume, Skip, Stop, ask
from annt_prof.runs.layout import TELEMETRY_FILE
from annt_prof.text import printable
from annt_prof.tui.screens.confirming import ConfirmingScreen
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.tui.telemetry_tail import TelemetryTail
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.live_log import LiveLog
from annt_prof.views.recent_telemetry import Recent
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from pathlib import Path

    from textual.binding import ActiveBinding, BindingType

    from annt_prof.runs.controls import Control
    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Page
    from annt_prof.views.screens.live import Standing

_LOOKS_A_SECOND = 4
_LEAST_BETWEEN_LAYOUTS_S = 1.95  # two, less what timers vary by; one costs twice the CPU


_ASKING = frozenset({"pause", "skip", "stop"})
_READ_ONLY = "read-only"
_OVER: dict[Standing, str] = {
    "ended": "the run has ended",
    "gone": "the run's process is gone",
    "unlogged": "the run is over",
}


class LiveScreen(PageScreen):
    """Follows a run, and shows one that is over from its log."""

    SCREEN: ClassVar[Screen] = Screen.LIVE
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause/resume"),
        Binding("x", "skip", "Skip variant"),
        Binding("t", "stop", "Stop"),
    ]
    OWN_KEYS: ClassVar[dict[str, str]] = {
        "p": "pause after this round, or go on",
        "x": "run the variant at the cursor no more; what was measured of it is kept",
        "t": "stop and keep what was measured; a second time, end at once as Ctrl-C does",
    }

    def __init__(self) -> None:
        super().__init__()
        self._log: LiveLog | None = None
        self._tail: TelemetryTail | None = None
        self._recent: Recent | None = None
        self._chosen: str | None = None
        self._standing: Standing | None = None
        self._shown_at_s = 0.0
        self._asked_to_pause = self._asked_to_stop = False

    def on_mount(self) -> None:
        """Begin to look; the page is shown by ``PageScreen``'s own handler of this."""
        self.set_interval(1 / _LOOKS_A_SECOND, self._look)

    def build_page(self) -> Page:
        """Return what there is to see now."""
        log = self._following(self.dashboard.run_source.directory)
        log.poll()
        if log.standing != self._standing:
            self._standing = log.standing
            self.refresh_bindings()
        return log.page(chosen=self._chosen, recent=self._recent)

    def on_row_chosen(self, message: RowChosen) -> None:
        """Show the speedup of the variant at the cursor."""
        if message.sheet == "variants" and message.row != self._chosen:
            self._chosen = None if message.row == BASELINE else message.row
            self.show_again()

    def action_pause(self) -> None:
        """Pause, or go on."""
        if self._log is None or self._refused("pause"):
            return
        paused = self._log.state.run.paused or self._asked_to_pause
        if self._ask(Resume() if paused else Pause()):
            self._asked_to_pause = not paused
            self.notify("it goes on" if paused else "it pauses after this round")

    def action_skip(self) -> None:
        """Skip the variant at the cursor, if that is meant."""
        if self._log is None or self._refused("skip"):
            return
        sheets = [sheet for sheet in self.query(SheetBlock) if sheet.sheet.key == "variants"]
        name = sheets[0].row_key if sheets else None
        variant = None if name is None else self._log.state.variant(name)
        if name is None or variant is None:
            self.notify("no variant is known yet", severity="warning")
        elif name == BASELINE:
            text = "the baseline is never skipped: all others are compared with it"
            self.notify(text, severity="warning")
        elif variant.gone is not None:
            text = f"{printable(name)} does not run any more"
            self.notify(text, severity="warning", markup=False)
        else:
            consequence = "It runs no more; what was measured of it is kept."
            done = f"{printable(name)} is skipped"
            self._confirm(f"Skip {name}?", consequence, Skip(name), done)

    def action_stop(self) -> None:
        """Stop and keep what was measured, if that is meant; a second time, end at once."""
        if self._log is None or self._refused("stop"):
            return
        if self._asked_to_stop:
            if self._ask(Interrupt()):
                self.notify("it is interrupted, as by Ctrl-C")
            return
        consequence = "No further window begins; variants are traced, and the answer is written."
        question = "Stop and keep what was measured?"
        self._confirm(question, consequence, Stop(), "it stops; t again ends it at once")

    def _confirm(self, question: str, consequence: str, control: Control, done: str) -> None:
        def answered(yes: bool | None) -> None:
            if yes and self._ask(control):
                self._asked_to_stop = self._asked_to_stop or isinstance(control, Stop)
                self.notify(done, markup=False)

        self.app.push_screen(ConfirmingScreen(question, consequence), answered)

    @property
    def active_bindings(self) -> dict[str, ActiveBinding]:
        """The keys, without those that ask something of a run where nothing can be asked.

        They still work, and say why not.
        """
        idle = _ASKING if self._why_not else frozenset()
        return {
            key: active
            for key, active in super().active_bindings.items()
            if active.binding.action not in idle
        }

    def _refused(self, what: str) -> bool:
        """Say why a run cannot be asked; whether that is so."""
        why_not = self._why_not
        if why_not == _READ_ONLY:
            self.notify(f"{why_not}: nothing is asked of a run", severity="warning")
        elif why_not:
            self.notify(f"{why_not}: there is nothing to {what}", severity="warning")
        return bool(why_not)

    @property
    def _why_not(self) -> str:
        """Why nothing can be asked of the run; empty where it can."""
        if self.dashboard.settings.read_only:
            return _READ_ONLY
        if not isinstance(self.dashboard.source, RunSource):
            return "no run is open"
        standing = "running" if self._log is None else self._log.standing
        return _OVER.get(standing, "")

    def _ask(self, control: Control) -> bool:
        if self._log is None:
            return False
        try:
            ask(self._log.directory, control)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return False
        return True

    def _following(self, directory: Path) -> LiveLog:
        """Return what follows this run, made anew where another one was followed."""
        if self._log is None or self._log.directory != directory:
            log = LiveLog(directory)
            log.take_record()
            log.poll()
            self._log, self._tail = log, TelemetryTail(directory / TELEMETRY_FILE)
            self._recent = None
            self._asked_to_pause = self._asked_to_stop = False
        return self._log

    def look_again(self) -> None:
        """Take in what is new, and show it."""
        self._take_in()
        self._show_news()

    def _look(self) -> None:
        """Take in what is new; show it and the time that passes, no more often than people read."""
        self._take_in()
        if time.monotonic() - self._shown_at_s >= _LEAST_BETWEEN_LAYOUTS_S:
            self._show_news()

    def _take_in(self) -> None:
        if self._log is not None:
            with suppress(UserError):  # building the page says it
                self._log.poll()

    def _show_news(self) -> None:
        log = self._log
        self._shown_at_s = time.monotonic()
        if log is None or not isinstance(self.dashboard.source, RunSource):
            return
        self._asked_to_pause = self._asked_to_pause and not log.state.run.paused
        self._recent = self._sampled_lately(log)
        if self.is_current:
            self.show_again()

    def _sampled_lately(self, log: LiveLog) -> Recent | None:
        """Return what is known of the last minute as of now, also where nothing was sampled."""
        if self._tail is None or log.standing != "running":
            return None
        known = None if self._recent is None else self._recent.series
        series = self._tail.poll() or known
        return None if series is None else Recent(series, log.clock_ns)
