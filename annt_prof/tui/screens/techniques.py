"""What each technique is worth, and all that is known of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from annt_prof.tui.screens.split_screen import SplitScreen
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.technique_details import DETAILS
from annt_prof.views.screens.techniques import TECHNIQUES, build_techniques_page

if TYPE_CHECKING:
    from annt_prof.views.page import Page


class TechniquesScreen(SplitScreen):
    """Shows the techniques of a run; the cursor of their table chooses one."""

    SCREEN: ClassVar[Screen] = Screen.TECHNIQUES
    CHOOSES: ClassVar[str] = TECHNIQUES
    DETAILS: ClassVar[frozenset[str]] = DETAILS

    def build_page(self) -> Page:
        """Return what is known; the explanation comes when it is worked out."""
        source = self.dashboard.run_source
        explanation = self.dashboard.findings.explanation.get(source)
        return build_techniques_page(source, explanation, self.chosen)
