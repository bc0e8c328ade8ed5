"""What widgets tell the screen they are on."""

from __future__ import annotations

from textual.message import Message


class RowChosen(Message):
    """The cursor has come to a row of a table.

    Attributes:
        sheet: The table's key.
        row: The row's key.
        entered: Whether it was entered, and not only come to.
    """

    def __init__(self, sheet: str, row: str, *, entered: bool) -> None:
        super().__init__()
        self.sheet = sheet
        self.row = row
        self.entered = entered
