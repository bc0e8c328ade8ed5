"""The runs that there are, to open one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.runs import build_runs_page
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Page


class RunsScreen(PageScreen):
    """Lists them; Enter opens the one at the cursor."""

    SCREEN: ClassVar[Screen] = Screen.RUNS
    OWN_KEYS: ClassVar[dict[str, str]] = {"Enter": "open the run at the cursor"}

    def build_page(self) -> Page:
        """Return what there is now."""
        return build_runs_page(self.dashboard.settings.runs_dir)

    def on_screen_resume(self) -> None:
        """Look again: runs begin and end while the dashboard is open."""
        self.show_again()

    def on_row_chosen(self, message: RowChosen) -> None:
        """Open a run that was entered."""
        if message.entered:
            self.dashboard.show(RunSource(Path(message.row)))
            self.dashboard.action_open(Screen.OVERVIEW.value)
