"""The application: which screen is open, and what may be done on each."""

from __future__ import annotations

import asyncio
import importlib
import signal
import sys
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import Binding
from textual.widgets import Input

from annt_prof.errors import UserError
from annt_prof.runs.signs import stamp_of
from annt_prof.tui.ascii_only import draw_with_ascii
from annt_prof.tui.findings import Findings
from annt_prof.tui.keeping import keep_csv, keep_svg
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.screens.names import PURPOSES, Screen
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from textual import events
    from textual.app import SystemCommand
    from textual.binding import BindingType
    from textual.screen import Screen as AnyScreen

    from annt_prof.tui.digest_shelf import Shelf
    from annt_prof.tui.messages import RunAsked
    from annt_prof.tui.settings import Settings
    from annt_prof.views.screens.source import Source


ENDED = 130
"""The status of a dashboard that was told to end, as of every command that is interrupted."""


_LOOK_S = 1.0  # until a terminal that has gone is noticed
_RENEW_S = 2.0  # until another record of a run is noticed; all of it is read again


def _opens(screen: Screen) -> Callable[[], AnyScreen[Any]]:
    """Return what makes a screen: its module, of the same name, is imported when it is opened."""

    def make() -> PageScreen:
        module = importlib.import_module(f"annt_prof.tui.screens.{screen.value}")
        made: PageScreen = getattr(module, f"{screen.value.capitalize()}Screen")()
        return made

    return make


def _stamp(source: Source | None) -> tuple[int | str, ...]:
    return stamp_of(source.directory) if isinstance(source, RunSource) else ()


class Dashboard(App[None]):
    """Shows a run, a trace, or a run that goes on.

    Args:
        source: What to show; None before a run is chosen.
        settings: How.
    """

    TITLE = "annt-prof"
    CSS_PATH = "dashboard.tcss"
    MODES: ClassVar[dict[str, str | Callable[[], AnyScreen[Any]]]] = {
        screen.value: _opens(screen) for screen in Screen
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(s.key, f"open('{s.value}')", s.value, show=False) for s in Screen),
        Binding("question_mark", "help", "Help"),
        Binding("q", "quit", "Quit"),
        Binding("s", "keep_svg", "Save SVG"),
        Binding("S", "keep_csv", "Save CSV", show=False),
        Binding("o", "tensorboard", "TensorBoard", show=False),
        Binding("d", "turn_lights", "Dark/light", show=False),
    ]

    def __init__(self, source: Source | None, settings: Settings) -> None:
        super().__init__()
        self.source = source
        self.settings = settings
        self.findings = Findings(self)
        self._stamp = _stamp(source)

    @property
    def source_title(self) -> str:
        """What is open is called."""
        return "" if self.source is None else self.source.title

    @property
    def opened(self) -> Source:
        """What is open.

        Raises:
            UserError: Nothing is.
        """
        if self.source is None:
            raise UserError("no run is open: 0 lists them, and Enter opens one")
        return self.source

    @property
    def run_source(self) -> RunSource:
        """What is open, where it is a run.

        Raises:
            UserError: It is a trace, or nothing is open.
        """
        source = self.opened
        if isinstance(source, RunSource):
            return source
        raise UserError("a trace alone does not tell this: open a run", where=source.title)

    @cached_property
    def digests(self) -> Shelf:
        """Of traces; the analysis is slow to import, and not every screen needs it."""
        from annt_prof.tui.digest_shelf import Shelf

        return Shelf()

    def on_unmount(self) -> None:
        """End what is being read."""
        self.findings.close()
        if "digests" in self.__dict__:
            self.digests.close()

    def on_mount(self) -> None:
        """Open the first screen."""
        if self.settings.ascii_only:
            draw_with_ascii(self)
        self._end_when_told_to()
        self.set_interval(_RENEW_S, self.renew)
        self.switch_mode(self.settings.first.value)

    def _end_when_told_to(self) -> None:
        """Leave the terminal as it was at SIGTERM and SIGHUP too, unless told to ignore them."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                with suppress(RuntimeError, ValueError):  # only the main thread may be told
                    loop.add_signal_handler(number, self._end)

        if sys.stdin is not None and sys.stdin.isatty():
            self.set_interval(_LOOK_S, self._end_without_terminal)

    def _end_without_terminal(self) -> None:
        """End where the terminal has gone and nobody may say so, as under ``nohup``."""
        if not sys.stdin.isatty():
            self._end()

    def _end(self) -> None:
        self.exit(return_code=ENDED)

    def show(self, source: Source) -> None:
        """Show another source on every screen that is open already."""
        self.source, self._stamp = source, _stamp(source)
        self.show_screens_again()

    def renew(self) -> None:
        """Show a run's record anew where it was written again, or the run has ended."""
        source = self.source
        if not self.is_running or not isinstance(source, RunSource):
            return
        if self._stamp != stamp_of(source.directory):
            self.show(RunSource(source.directory))

    def show_screens_again(self) -> None:
        """Build every screen that is open already anew."""
        for stack in self._screen_stacks.values():
            for screen in stack:
                if isinstance(screen, PageScreen) and screen.is_mounted:
                    screen.show_again()

    def on_key(self, event: events.Key) -> None:
        """Give a box what was typed before it had the focus, as fast typists do: it is no command.

        Keys come here that nobody took; a box with the focus takes every letter.
        """
        box = self.focused
        if isinstance(box, Input) and event.is_printable and event.character is not None:
            box.insert_text_at_cursor(event.character)
            event.stop()
            event.prevent_default()

    def action_open(self, name: str) -> None:
        """Open a screen; what was done on it before is as it was."""
        self.switch_mode(name)

    def action_help_quit(self) -> None:
        """Say which key leaves, where another program would be ended by Ctrl-C."""
        self.notify("q leaves the dashboard", title="Ctrl-C")

    async def action_quit(self) -> None:
        """Leave, once it is said what becomes of a run that was started from here."""
        launcher = self.settings.launcher
        running = None if launcher is None else launcher.running
        if running is None:
            self.exit()
            return
        from annt_prof.tui.screens.leaving import LeavingScreen

        self.push_screen(LeavingScreen(running))

    def on_run_asked(self, message: RunAsked) -> None:
        """Start a run and show it."""
        launcher = self.settings.launcher
        if launcher is None:
            self.notify("nothing can be started from here", severity="warning")
            return
        try:
            directory = launcher.start(message.scenario_text, message.name)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.show(RunSource(directory))
        self.action_open(Screen.LIVE.value)

    def action_turn_lights(self) -> None:
        """Change between a dark and a light look."""
        dark = self.current_theme.dark
        self.theme = "textual-light" if dark else "textual-dark"

    def action_help(self) -> None:
        """Explain the keys and the words of the screen."""
        from annt_prof.tui.screens.help import HelpScreen

        if isinstance(self.screen, PageScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_keep_svg(self) -> None:
        """Save a picture of the screen."""
        self._keep(lambda: keep_svg(self.export_screenshot(), self._named()))

    def action_keep_csv(self) -> None:
        """Save the table that the cursor is in, or else the screen's first."""
        sheets = list(self.screen.query(SheetBlock))
        chosen = [sheet for sheet in sheets if sheet.has_focus_within] or sheets
        if chosen:
            self._keep(lambda: keep_csv(chosen[0].as_csv(), self._named(chosen[0].sheet.key)))
        else:
            self.notify("this screen has no table", severity="warning")

    def action_tensorboard(self) -> None:
        """Open what is shown in TensorBoard."""
        from annt_prof.tui.screens.tensorboard import TensorBoardScreen

        if self.settings.read_only:
            self.notify("read-only: nothing is started", severity="warning")
        elif isinstance(self.source, RunSource):
            self.push_screen(TensorBoardScreen(self.source.directory))
        else:
            self.notify("TensorBoard opens runs, and this is one trace", severity="warning")

    def get_system_commands(self, screen: AnyScreen[Any]) -> Iterable[SystemCommand]:
        """Yield what the command palette offers: the screens, and what may be done."""
        from textual.app import SystemCommand

        yield from super().get_system_commands(screen)
        for each in Screen:
            name = each.value
            yield SystemCommand(
                f"Open {name}", PURPOSES[each], lambda name=name: self.action_open(name)
            )
        yield SystemCommand("Save the screen as SVG", "", self.action_keep_svg)
        yield SystemCommand("Save the table as CSV", "", self.action_keep_csv)
        yield SystemCommand("Open in TensorBoard", "", self.action_tensorboard)

    def _named(self, part: str = "") -> str:
        name = self.screen.SCREEN.value if isinstance(self.screen, PageScreen) else "screen"
        return "-".join(filter(None, (self.source_title, name, part)))

    def _keep(self, write: Callable[[], Path]) -> None:
        if self.settings.read_only:
            self.notify("read-only: nothing is written", severity="warning")
            return
        try:
            self.notify(f"saved {write()}")
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
