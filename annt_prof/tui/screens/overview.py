"""The answer on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.overview import build_overview_page

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Explanation
    from annt_prof.views.page import Page
    from annt_prof.views.screens.source import RunSource


class OverviewScreen(PageScreen):
    """Shows a run at once, and what explains it as soon as that is worked out."""

    SCREEN: ClassVar[Screen] = Screen.OVERVIEW

    def __init__(self) -> None:
        super().__init__()
        self._explained: tuple[RunSource, Explanation] | None = None

    def build_page(self) -> Page:
        """Return the answer."""
        source = self.dashboard.run_source
        explained = self._explained
        if explained is not None and explained[0] is source:
            return build_overview_page(source, explained[1])
        self.run_worker(
            lambda: self._explain(source), thread=True, exclusive=True, exit_on_error=False
        )
        return build_overview_page(source, None)

    def _explain(self, source: RunSource) -> None:
        explanation = source.explanation
        self.app.call_from_thread(self._take, source, explanation)

    def _take(self, source: RunSource, explanation: Explanation) -> None:
        self._explained = (source, explanation)
        self.show_again()
