"""The answer on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.digests import DigestScreen
from annt_prof.views.page import Page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.overview import build_overview_page
from annt_prof.views.screens.source import TraceSource

if TYPE_CHECKING:
    from annt_prof.views.screens.source import Source


class OverviewScreen(DigestScreen):
    """Shows a run at once, its explanation once it is worked out, and a trace once it is read."""

    SCREEN: ClassVar[Screen] = Screen.OVERVIEW

    def build_page(self) -> Page:
        """Return the answer."""
        source: Source = self.dashboard.opened
        if isinstance(source, TraceSource):
            return self._of_trace(source)
        _ = source.run  # what cannot be read needs no explanation
        return build_overview_page(source, self.dashboard.findings.explanation.get(source))

    def _of_trace(self, source: TraceSource) -> Page:
        digest = self.digest(source.title)
        if digest is None:
            return Page(Screen.OVERVIEW, source.title, ())
        # Slow to import, and not needed for runs.
        from annt_prof.views.screens.trace_overview import build_trace_overview_page

        return build_trace_overview_page(source.title, digest.analysis)
