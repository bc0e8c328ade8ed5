"""A screen with what is known of one chosen row beside, or in narrow windows below, the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.containers import Container, VerticalScroll

from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.tui.widgets.block_stack import BlockStack

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.tui.messages import RowChosen
    from annt_prof.views.page import Block

_LINES = 4  # scrolled by one key


class SplitScreen(PageScreen):
    """Shows the row at a table's cursor beside the table.

    Attributes:
        CHOOSES: The key of the table whose cursor chooses.
        DETAILS: Keys of the blocks that are of the chosen row.
    """

    CHOOSES: ClassVar[str]
    DETAILS: ClassVar[frozenset[str]]
    OWN_KEYS: ClassVar[dict[str, str]] = {
        "j and k": "scroll what is told of the chosen row, down and up",
        "J and K": "scroll the rest, down and up",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_details(1)", "Details", tooltip="Scroll down; k scrolls up"),
        Binding("k", "scroll_details(-1)", "Details up", show=False),
        Binding("J", "scroll_rest(1)", "Rest", show=False),
        Binding("K", "scroll_rest(-1)", "Rest up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.chosen: str | None = None

    def compose_body(self) -> ComposeResult:
        """Yield the table's side and the details'."""
        with Container(classes="split"):
            yield VerticalScroll(id="blocks", can_focus=False)
            yield BlockStack(id="details")

    def lay_out_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Show each block on its side; without details the rest has all the room."""
        super().lay_out_blocks(tuple(b for b in blocks if b.key not in self.DETAILS))
        details = tuple(b for b in blocks if b.key in self.DETAILS)
        stack = self.query_one("#details", BlockStack)
        stack.display = bool(details)
        stack.show_blocks(details)

    def on_row_chosen(self, message: RowChosen) -> None:
        """Tell all of the row that the cursor has come to."""
        if message.sheet != self.CHOOSES:
            return
        message.stop()
        if message.row != self.chosen:
            self.chosen = message.row
            self.show_again()
            self.query_one("#details").scroll_home(animate=False)
        if message.entered:
            self.query_one("#details").focus()

    def action_scroll_details(self, way: int) -> None:
        """Scroll the details by a few lines."""
        self.query_one("#details").scroll_relative(y=way * _LINES, animate=False)

    def action_scroll_rest(self, way: int) -> None:
        """Scroll the other side by a few lines."""
        self.query_one("#blocks").scroll_relative(y=way * _LINES, animate=False)
