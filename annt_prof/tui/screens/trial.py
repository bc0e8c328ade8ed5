"""A scenario with one more technique, shown before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.views.trial import Trial


class TrialScreen(ModalScreen[bool]):
    """Asks whether a scenario is to be run; True is yes.

    Args:
        trial: The scenario.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss(True)", "Run it"),
        Binding("escape,q", "dismiss(False)", "Leave it"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, trial: Trial) -> None:
        super().__init__()
        self._trial = trial

    def compose(self) -> ComposeResult:
        """Yield the question, the scenario, and the keys that answer."""
        with Vertical(id="trial"):
            yield Static(Text("\n").join(self._question()))
            with VerticalScroll(id="trial-text", can_focus=False):
                yield Static(Text("\n").join(self._lines()))
            yield Footer()

    def _question(self) -> Iterator[Text]:
        trial = self._trial
        yield toned(f"Run this scenario, with {trial.technique}, now?", Tone.STRONG)
        yield from (toned(caveat, Tone.UNSURE) for caveat in trial.caveats)
        yield toned("Enter runs it, Escape leaves it, arrows scroll it.", Tone.QUIET)

    def _lines(self) -> Iterator[Text]:
        for number, line in enumerate(self._trial.text.splitlines()):
            new = number in self._trial.new_lines
            yield toned(f"{'+' if new else ' '} {line}", Tone.GOOD if new else Tone.PLAIN)

    def on_mount(self) -> None:
        """Begin where the new lines are."""
        first = min(self._trial.new_lines, default=0)
        text = self.query_one("#trial-text")
        self.call_after_refresh(lambda: text.scroll_to(y=first - 3, animate=False))

    def action_scroll(self, way: int) -> None:
        """Scroll the scenario by a line."""
        self.query_one("#trial-text").scroll_relative(y=way, animate=False)
