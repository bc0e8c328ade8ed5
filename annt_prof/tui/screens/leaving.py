"""What becomes of a run that goes on when the dashboard is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from annt_prof.errors import UserError
from annt_prof.runs.controls import Interrupt, Stop, ask
from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

_CHOICES = {
    "f": "follow it here in plain text, as without the dashboard",
    "t": "stop it: no more rounds, one trace of each variant, then the answer",
    "i": "end it at once, and keep what is measured",
    "Escape": "stay",
}


class LeavingScreen(ModalScreen[None]):
    """Asks.

    Args:
        directory: Of the run that goes on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow"),
        Binding("t", "stop", "Stop"),
        Binding("i", "interrupt", "End at once"),
        Binding("escape", "dismiss", "Stay"),
    ]

    def __init__(self, directory: Path) -> None:
        super().__init__()
        self._directory = directory

    def compose(self) -> ComposeResult:
        """Yield the choices."""
        with Vertical(id="leaving"):
            lines = [toned("The run that was started here goes on.", Tone.STRONG), Text()]
            for key, meaning in _CHOICES.items():
                lines.append(Text.assemble(toned(f"{key:<8}", Tone.STRONG), toned(meaning)))
            yield Static(Text("\n").join(lines))

    def action_follow(self) -> None:
        """Leave it to the command, which follows it."""
        self.app.exit()

    def action_stop(self) -> None:
        """Ask it to stop, and leave."""
        self._ask(Stop())

    def action_interrupt(self) -> None:
        """Ask it to end, and leave."""
        self._ask(Interrupt())

    def _ask(self, control: Stop | Interrupt) -> None:
        try:
            ask(self._directory, control)
        except UserError as error:
            self.notify(str(error), severity="error", markup=False)
            return
        self.app.exit()
