"""A table that sorts by any column, filters as one types, and gives its rows away."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import DataTable, Input, Static

from annt_prof.tui.looks import toned
from annt_prof.tui.messages import RowChosen
from annt_prof.views.page import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.views.page import Cell, Column, Row, Sheet

MOST_ROWS = 2_000
"""Rows that are laid out: a table of more takes seconds; filtering finds the rest."""

_WIDEST_NAME = 60


class SheetBlock(Vertical):
    """Shows a ``Sheet``.

    Args:
        block: What to show first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter"),
        Binding("full_stop", "sort(1)", "Sort", tooltip="Sort by the next column", show=False),
        Binding("comma", "sort(-1)", "Sort back", show=False),
        Binding("r", "reverse", "Reverse", show=False),
        Binding("y", "copy", "Copy row", show=False),
    ]

    def __init__(self, block: Sheet) -> None:
        super().__init__(classes="block sheet")
        self._block = block
        self._wanted = ""
        self._sorted_by: int | None = None
        self._backwards = False
        self._composed = False

    def compose(self) -> ComposeResult:
        """Yield the title, the filter, the table and what is said below it."""
        yield Static(classes="title")
        yield Input(placeholder="filter: Enter keeps it, Escape drops it", classes="filter")
        yield DataTable[Text](cursor_type="row", zebra_stripes=True)
        yield Static(classes="notes")

    def on_mount(self) -> None:
        """Fill the table."""
        self._composed = True
        self.watch(self.table, "virtual_size", self._lay_out_later, init=False)
        self._fill()

    @property
    def sheet(self) -> Sheet:
        """What is shown."""
        return self._block

    @property
    def table(self) -> DataTable[Text]:
        """The table within."""
        return self.query_one(DataTable)

    @property
    def row_key(self) -> str | None:
        """The key of the row at the cursor; None of an empty table."""
        if not self._composed or not self.table.row_count:
            return None
        return self.table.coordinate_to_cell_key(self.table.cursor_coordinate).row_key.value

    def lay_out(self, block: Sheet) -> None:
        """Show another value in its place; the cursor stays on its row while there is one."""
        if block != self._block:
            before, self._block = self._block, block
            if not self._changed_cells(before):
                self._fill()

    def as_csv(self) -> str:
        """Return the rows that the filter lets through, with values and not with texts.

        An interval takes two columns, of its lower and of its upper end.
        """
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        columns = self._block.columns
        writer.writerow(key for column in columns for key in _keys(column))
        writer.writerows(_values(columns, row) for row in self._rows())
        return text.getvalue()

    def action_filter(self) -> None:
        """Ask for words that rows must have."""
        box = self.query_one(Input)
        box.display = True
        self.screen.set_focus(box)  # at once: what is typed next is for it

    def action_sort(self, step: int) -> None:
        """Sort by the next column, or by the one before; past the last one, as it was."""
        places = [None, *range(len(self._block.columns))]
        place = (places.index(self._sorted_by) + step) % len(places)
        self._sort_by(places[place])

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._backwards = not self._backwards
        self._fill()

    def action_copy(self) -> None:
        """Copy the row at the cursor, its cells apart by tabs."""
        chosen = next((row for row in self._block.rows if row.key == self.row_key), None)
        if chosen is not None:
            self.app.copy_to_clipboard("\t".join(cell.text for cell in chosen.cells))
            self.notify(f"copied {len(chosen.cells)} cells", timeout=2)

    def on_input_changed(self, message: Input.Changed) -> None:
        """Filter as one types."""
        message.stop()
        self._wanted = message.value
        self._fill()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Keep the filter and go back to the table."""
        message.stop()
        message.input.display = bool(message.value)
        self.table.focus()

    def key_escape(self) -> None:
        """Drop the filter."""
        box = self.query_one(Input)
        if box.display:
            box.value = ""
            box.display = False
            self.table.focus()

    def on_data_table_header_selected(self, message: DataTable.HeaderSelected) -> None:
        """Sort by a column that is clicked; a second click turns the order round."""
        message.stop()
        self._sort_by(message.column_index)

    def on_data_table_row_highlighted(self, message: DataTable.RowHighlighted) -> None:
        """Tell the screen which row the cursor is on."""
        message.stop()
        if message.row_key.value is not None:
            self.post_message(RowChosen(self._block.key, message.row_key.value, entered=False))

    def on_data_table_row_selected(self, message: DataTable.RowSelected) -> None:
        """Tell the screen that a row was entered."""
        message.stop()
        if message.row_key.value is not None:
            self.post_message(RowChosen(self._block.key, message.row_key.value, entered=True))

    def _sort_by(self, place: int | None) -> None:
        again = place == self._sorted_by
        numeric = place is not None and self._block.columns[place].numeric
        self._backwards = not self._backwards if again else numeric
        self._sorted_by = place
        self._fill()

    def _rows(self) -> list[Row]:
        """Return the rows that the filter lets through, in their order."""
        words = self._wanted.casefold().split()
        rows = [row for row in self._block.rows if _has(row, words)]
        place = self._sorted_by
        if place is None:
            return rows[::-1] if self._backwards else rows
        known = [row for row in rows if row.cells[place].value is not None]
        unknown = [row for row in rows if row.cells[place].value is None]
        known.sort(key=lambda row: _order(row.cells[place]), reverse=self._backwards)
        return [*known, *unknown]

    def _changed_cells(self, before: Sheet) -> bool:
        """Change the cells that are others now; False where more than cells has changed.

        A table that is filled anew takes many times as long, and its cursor runs about meanwhile.
        """
        block = self._block
        alike = (block.columns, block.num_more, block.notes, block.title, block.empty)
        if alike != (before.columns, before.num_more, before.notes, before.title, before.empty):
            return False
        keys = [row.key for row in block.rows]
        if self._sorted_by is not None or self._wanted or keys != [r.key for r in before.rows]:
            return False
        if not self.query(DataTable) or self.table.row_count != len(keys):
            return False
        columns = {key.value: column for key, column in self.table.columns.items()}
        for row, old in zip(block.rows, before.rows, strict=True):
            texts = _texts(block.columns, row)
            for column, cell, was, text in zip(
                block.columns, row.cells, old.cells, texts, strict=True
            ):
                if cell != was:
                    laid_out = columns[column.key]
                    wider = text.cell_len > laid_out.width
                    laid_out.width = max(laid_out.width, text.cell_len)
                    self.table.update_cell(row.key, column.key, text, update_width=wider)
        return True

    def _fill(self) -> None:
        if not self.query(DataTable):  # it is not composed yet, and fills itself once it is
            return
        table, before = self.table, self.row_key
        rows = self._rows()
        shown = rows[:MOST_ROWS]
        texts = [tuple(_texts(self._block.columns, row)) for row in shown]
        table.clear(columns=True)
        for place, column in enumerate(self._block.columns):
            title = self._title(place, column)
            # Textual measures cells only once it is idle: what is drawn before is cut to the titles
            # and kept so, as widths are no part of the key of a kept line.
            width = max((title.cell_len, *(cells[place].cell_len for cells in texts)))
            table.add_column(title, key=column.key, width=width)
        for row, cells in zip(shown, texts, strict=True):
            table.add_row(*cells, key=row.key)
        keys = [row.key for row in shown]
        if before in keys:
            table.move_cursor(row=keys.index(before), animate=False)
        self.query_one(".title", Static).update(toned(self._block.title, Tone.STRONG))
        notes = self.query_one(".notes", Static)
        said = list(self._notes(len(rows), len(shown)))
        notes.update(Text("\n").join(toned(note, Tone.QUIET) for note in said))
        notes.display = bool(said)
        table.display = bool(self._block.rows)

    def _lay_out_later(self) -> None:
        """Lay the table out once more, after what is on its way.

        Textual keeps the height of a widget that was to be laid out already as its content grew,
        and was laid out in between (``Widget.refresh`` counts the first request only, and the count
        is the key of the kept height): on a busy machine a table was as high as before it had rows.
        """
        table = self.table
        table.call_after_refresh(table.refresh, layout=True)

    def _title(self, place: int, column: Column) -> Text:
        mark = ""
        if place == self._sorted_by:
            mark = " v" if self._backwards else " ^"
        title = toned(f"{column.title}{mark}", Tone.STRONG)
        title.justify = "right" if column.numeric else "left"
        return title

    def _notes(self, num_found: int, num_shown: int) -> Iterator[str]:
        block = self._block
        if not block.rows:
            yield block.empty
        if self._wanted and block.rows:
            yield f"{num_found} of {len(block.rows)} rows have {self._wanted!r}"
        if num_found > num_shown:
            yield f"{num_found - num_shown} more rows: / filters them"
        if block.num_more:
            yield f"{block.num_more} more are left out"
        yield from block.notes


def _keys(column: Column) -> tuple[str, ...]:
    return (f"{column.key}_low", f"{column.key}_high") if column.interval else (column.key,)


def _values(columns: Sequence[Column], row: Row) -> Iterator[int | float | str | bool | None]:
    for column, cell in zip(columns, row.cells, strict=True):
        yield cell.value
        if column.interval:
            yield cell.high


def _has(row: Row, words: Sequence[str]) -> bool:
    # What a name is shortened from is looked for as well.
    names = (cell.value for cell in row.cells if isinstance(cell.value, str))
    text = " ".join((*(cell.text for cell in row.cells), *names)).casefold()
    return all(word in text for word in words)


def _order(cell: Cell) -> tuple[bool, float, str]:
    """Sort numbers by their size and before words."""
    if isinstance(cell.value, str):
        return True, 0.0, cell.value.casefold()
    return False, float(cell.value or 0), ""


def _texts(columns: Sequence[Column], row: Row) -> Iterator[Text]:
    for column, cell in zip(columns, row.cells, strict=True):
        text = toned(cell.text, cell.tone)
        if column.name:
            text.truncate(_WIDEST_NAME, overflow="ellipsis")
        text.justify = "right" if column.numeric else "left"
        yield text
