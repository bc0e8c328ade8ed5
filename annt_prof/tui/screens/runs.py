"""The runs that there are, to open one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.runs import build_runs_page, opens_on
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Page

_LOOKS_EVERY_S = 3.0


class RunsScreen(PageScreen):
    """Lists them; Enter opens the one at the cursor."""

    SCREEN: ClassVar[Screen] = Screen.RUNS
    OWN_KEYS: ClassVar[dict[str, str]] = {"Enter": "open the run at the cursor"}

    def on_mount(self) -> None:
        """Begin to look; the page is shown by ``PageScreen``'s own handler of this."""
        self.set_interval(_LOOKS_EVERY_S, self.look_again)

    def build_page(self) -> Page:
        """Return what there is now."""
        return build_runs_page(self.dashboard.settings.runs_dir)

    def on_screen_resume(self) -> None:
        """Look again: runs begin and end while the dashboard is open."""
        self.show_again()

    def look_again(self) -> None:
        """Show what has changed, where anybody sees it."""
        if self.is_current:
            self.show_again()

    def on_row_chosen(self, message: RowChosen) -> None:
        """Open a run that was entered."""
        if message.entered:
            directory = Path(message.row)
            self.dashboard.show(RunSource(directory))
            self.dashboard.action_open(opens_on(directory).value)
