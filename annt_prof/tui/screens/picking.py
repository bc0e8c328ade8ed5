"""A list to choose one from, in front of a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from annt_prof.tui.looks import toned
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType


class PickScreen(ModalScreen[int | None]):
    """Gives the place of what was chosen, None where nothing was.

    Args:
        title: What is asked.
        options: To choose from.
        chosen: The place of what is chosen so far.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Leave it as it is")]

    def __init__(self, title: str, options: Sequence[str], chosen: int) -> None:
        super().__init__()
        self._title = title
        self._options = options
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        """Yield the list."""
        with Vertical(id="pick"):
            yield Static(toned(self._title, Tone.STRONG))
            yield OptionList(*(Option(toned(option)) for option in self._options))

    def on_mount(self) -> None:
        """Stand on what is chosen so far."""
        options = self.query_one(OptionList)
        options.highlighted = self._chosen
        options.focus()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        message.stop()
        self.dismiss(message.option_index)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
