"""A question that is answered by yes or no."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType


class ConfirmingScreen(ModalScreen[bool]):
    """Asks; its result is whether the answer was yes.

    Args:
        question: To be asked.
        consequence: Of a yes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: str, consequence: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence

    def compose(self) -> ComposeResult:
        """Yield the question and the keys."""
        lines = [
            toned(self._question, Tone.STRONG),
            toned(self._consequence),
            toned("y: yes    n or Escape: no", Tone.QUIET),
        ]
        with Vertical(id="confirming"):
            yield Static(Text("\n").join(lines))

    def action_answer(self, answer: bool) -> None:
        """Give the answer."""
        self.dismiss(answer)
