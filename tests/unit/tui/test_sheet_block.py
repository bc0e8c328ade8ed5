"""A table that sorts, filters, and gives its rows away."""

from __future__ import annotations

import asyncio

from textual.app import App, ComposeResult
from textual.widgets import Input

from annt_prof.tui.widgets.sheet_block import MOST_ROWS, SheetBlock
from annt_prof.views.page import Cell, Column, Row, Sheet

COLUMNS = (
    Column("name", "name", "What it is of.", numeric=False, name=True),
    Column("total_ns", "total ms", "How long it takes."),
)


def made(values: dict[str, int | None], **changes: object) -> Sheet:
    rows = tuple(
        Row(name, (Cell(name, name), Cell("-" if value is None else f"{value} ms", value)))
        for name, value in values.items()
    )
    return Sheet("kernels", "Kernels", COLUMNS, rows, **changes)


class Shown(App[None]):
    def __init__(self, block: Sheet) -> None:
        super().__init__()
        self.block = SheetBlock(block)

    def compose(self) -> ComposeResult:
        yield self.block

    def names(self) -> list[str]:
        table = self.block.table
        return [table.get_row_at(row)[0].plain for row in range(table.row_count)]


def shown(block: Sheet, *keys: str) -> list[str]:
    """Return the names from top to bottom once these keys were pressed."""

    async def run() -> list[str]:
        app = Shown(block)
        async with app.run_test() as pilot:
            await pilot.pause()
            app.block.table.focus()
            await pilot.press(*keys)
            await pilot.pause()
            return app.names()

    return asyncio.run(run())


VALUES = {"b": 2, "c": None, "a": 10, "d": 1}


def test_rows_are_in_their_order_until_they_are_sorted() -> None:
    assert shown(made(VALUES)) == ["b", "c", "a", "d"]


def test_numbers_sort_by_size_the_largest_first_and_unknown_ones_last() -> None:
    assert shown(made(VALUES), "full_stop", "full_stop") == ["a", "b", "d", "c"]
    assert shown(made(VALUES), "full_stop", "full_stop", "r") == ["d", "b", "a", "c"]


def test_a_table_has_the_height_of_its_rows_where_it_was_laid_out_meanwhile() -> None:
    """As on a busy machine: between what asks for a layout and the next idle moment is another."""

    async def run() -> None:
        app = Shown(made({}))
        app.block.styles.height = "auto"
        async with app.run_test() as pilot:
            await pilot.pause()
            table = app.block.table
            table.styles.height, table.show_header = "auto", False
            await pilot.pause()
            app.block.lay_out(made(VALUES))
            for widget in (table, app.block, app.screen):
                widget.refresh(layout=True)
                widget._clear_arrangement_cache()
            app.screen._refresh_layout()
            await pilot.pause()
            await pilot.pause()
            assert table.size.height == len(VALUES)

    asyncio.run(run())


def drawn(app: Shown) -> list[str]:
    """Return the lines of the table, whatever it has measured until now."""
    table = app.block.table
    return ["".join(s.text for s in table.render_line(y)) for y in range(1 + table.row_count)]


LONG = {"aten::convolution_backward": 1_761_047, "aten::mm": 17, "aten::add": 1}


def test_rows_are_whole_where_they_are_drawn_before_the_table_measures_them() -> None:
    async def run() -> None:
        app = Shown(made(LONG))
        async with app.run_test() as pilot:
            await pilot.pause()
            box = app.block.query_one(Input)
            app.block.on_input_changed(Input.Changed(box, "c"))
            at_once = drawn(app)
            await pilot.pause()
            for lines in (at_once, drawn(app)):
                assert len(lines) == 2
                assert "aten::convolution_backward" in lines[1]
                assert "1761047 ms" in lines[1]

    asyncio.run(run())


def test_a_cell_that_grows_is_whole_where_it_is_drawn_before_the_table_measures_it() -> None:
    async def run() -> None:
        app = Shown(made(VALUES))
        async with app.run_test() as pilot:
            await pilot.pause()
            app.block.lay_out(made({**VALUES, "a": 1_234_567_890}))
            at_once = drawn(app)
            await pilot.pause()
            for lines in (at_once, drawn(app)):
                assert "1234567890 ms" in lines[3]

    asyncio.run(run())


def test_names_sort_by_the_alphabet() -> None:
    assert shown(made(VALUES), "full_stop") == ["a", "b", "c", "d"]


def test_past_the_last_column_they_are_as_they_were() -> None:
    assert sorted(shown(made(VALUES), *["full_stop"] * 3)) == ["a", "b", "c", "d"]
    assert shown(made(VALUES), "full_stop", "comma") in (["b", "c", "a", "d"], ["d", "a", "c", "b"])


def test_it_filters_as_one_types() -> None:
    values = {"gemm_128": 1, "GEMM_64": 2, "softmax": 3}
    assert shown(made(values), "slash", *"gemm") == ["gemm_128", "GEMM_64"]
    assert shown(made(values), "slash", *"gemm", "space", *"64") == ["GEMM_64"]


def test_escape_drops_the_filter_and_enter_keeps_it() -> None:
    assert shown(made(VALUES), "slash", "a", "escape") == list(VALUES)
    assert shown(made({"a": 1, "b": 2}), "slash", *"a", "enter") == ["a"]


def test_markup_in_names_is_text() -> None:
    names = {"[bold]x[/bold]": 1, "a\x1b[2Jb": 2}
    assert shown(made(names)) == ["[bold]x[/bold]", "a\\x1b[2Jb"]


def test_more_rows_than_are_laid_out_are_counted() -> None:
    async def run() -> None:
        app = Shown(made({str(number): number for number in range(MOST_ROWS + 5)}))
        async with app.run_test() as pilot:
            await pilot.pause()
            assert app.block.table.row_count == MOST_ROWS
            notes = str(app.block.query_one(".notes").render())
            assert "5 more rows" in notes

    asyncio.run(run())


def test_another_value_keeps_the_cursor_on_its_row() -> None:
    async def run() -> None:
        app = Shown(made(VALUES))
        async with app.run_test() as pilot:
            await pilot.pause()
            app.block.table.move_cursor(row=2)
            await pilot.pause()
            assert app.block.row_key == "a"
            app.block.lay_out(made({"x": 5, "y": 6, "z": 7, "a": 11}))
            await pilot.pause()
            assert app.block.row_key == "a"

    asyncio.run(run())


def test_the_csv_has_values_and_what_the_filter_lets_through() -> None:
    async def run() -> None:
        app = Shown(made(VALUES))
        async with app.run_test() as pilot:
            await pilot.pause()
            assert app.block.as_csv() == "name,total_ns\nb,2\nc,\na,10\nd,1\n"
            app.block.table.focus()
            await pilot.press("slash", "a")
            await pilot.pause()
            assert app.block.as_csv() == "name,total_ns\na,10\n"

    asyncio.run(run())


def test_an_interval_has_two_columns_of_the_csv() -> None:
    columns = (
        Column("name", "name", "What it is of.", numeric=False, name=True),
        Column("interval_ns", "interval", "From and to.", numeric=False, interval=True),
    )
    rows = (
        Row("a", (Cell("a", "a"), Cell("1 to 3 ms", 1, high=3))),
        Row("b", (Cell("b", "b"), Cell("-", None))),
    )

    async def run() -> None:
        app = Shown(Sheet("k", "", columns, rows))
        async with app.run_test() as pilot:
            await pilot.pause()
            assert app.block.as_csv() == "name,interval_ns_low,interval_ns_high\na,1,3\nb,,\n"

    asyncio.run(run())


def test_a_row_is_copied_with_tabs() -> None:
    async def run() -> None:
        app = Shown(made(VALUES))
        async with app.run_test() as pilot:
            await pilot.pause()
            app.block.table.focus()
            await pilot.press("down", "down", "y")
            assert app.clipboard == "a\t10 ms"

    asyncio.run(run())


def test_without_rows_it_says_why() -> None:
    async def run() -> None:
        app = Shown(made({}, empty="no variant was traced"))
        async with app.run_test() as pilot:
            await pilot.pause()
            assert "no variant was traced" in str(app.block.query_one(".notes").render())

    asyncio.run(run())
