"""The answer on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.overview import build_overview_page

if TYPE_CHECKING:
    from annt_prof.views.page import Page


class OverviewScreen(PageScreen):
    """Shows a run at once, and what explains it as soon as that is worked out."""

    SCREEN: ClassVar[Screen] = Screen.OVERVIEW

    def build_page(self) -> Page:
        """Return the answer."""
        source = self.dashboard.run_source
        return build_overview_page(source, self.dashboard.findings.explanation.get(source))
