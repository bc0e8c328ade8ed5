"""Charts: letters, spans, cursor, view, and a font that has nothing but ASCII."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from textual.app import App

from annt_prof.tui.messages import CursorMoved, ViewMoved
from annt_prof.tui.widgets.chart_block import ChartBlock
from annt_prof.views.page import Chart, Curve, Span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import ComposeResult
    from textual.pilot import Pilot

XS = tuple(float(x) for x in range(101))
TWO = Chart(
    key="two",
    title="Two [b]curves[/b]",
    x_title="seconds of it",
    y_title="W",
    curves=(
        Curve("one", XS, tuple(x / 2 for x in XS), last="50 W"),
        Curve("other", XS, tuple(50 - x / 2 for x in XS), last="0 W"),
    ),
    spans=(Span("amp\x1b", 20.0, 40.0),),
    notes=("a note",),
    x_unit="s",
    y_unit="W",
)


class Shown(App[None]):
    CSS_PATH = "../../../annt_prof/tui/dashboard.tcss"

    def __init__(self, chart: Chart, *, ascii_only: bool) -> None:
        super().__init__()
        self.chart = chart
        self.ascii_only = ascii_only
        self.told: list[CursorMoved | ViewMoved] = []

    def compose(self) -> ComposeResult:
        self.set_class(self.ascii_only, "-ascii-only")
        yield ChartBlock(self.chart)

    def on_cursor_moved(self, message: CursorMoved) -> None:
        self.told.append(message)

    def on_view_moved(self, message: ViewMoved) -> None:
        self.told.append(message)

    @property
    def block(self) -> ChartBlock:
        return self.query_one(ChartBlock)

    @property
    def text(self) -> str:
        strips = self.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


def show(
    act: Callable[[Shown, Pilot[None]], Awaitable[None]],
    chart: Chart = TWO,
    *,
    ascii_only: bool = False,
) -> None:
    async def run() -> None:
        app = Shown(chart, ascii_only=ascii_only)
        async with app.run_test(size=(110, 30)) as pilot:
            app.block.focus()
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(run())


def test_curves_have_letters_names_and_last_values() -> None:
    async def act(app: Shown, _: Pilot[None]) -> None:
        assert "Two [b]curves[/b], W  a one 50 W  b other 0 W" in app.text
        plot = "\n".join(app.text.splitlines()[1:11])
        assert plot.count("a") >= 5
        assert plot.count("b") >= 5
        assert "seconds of it" in app.text
        assert "a note" in app.text

    show(act)


def test_spans_stand_under_their_columns() -> None:
    async def act(app: Shown, _: Pilot[None]) -> None:
        line = next(line for line in app.text.splitlines() if set(line.split()[:1]) <= {"a" * 21})
        assert 27 <= line.index("a") <= 30  # 9 cells before the plot, and 20 % of its 100
        assert "amp\\x1b" in app.text

    show(act)


def test_the_cursor_moves_by_a_column_and_reads_the_values() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right")
        assert app.block.cursor == 50.0
        assert "at 50.0 s: one 25.0 W, other 25.0 W" in app.text
        await pilot.press("left")
        assert app.block.cursor == pytest.approx(49.0)
        assert [type(told) for told in app.told] == [CursorMoved, CursorMoved]
        assert "│" in app.text

    show(act)


def test_the_cursor_names_the_span_it_is_in() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        app.block.put_cursor(30.0)
        await pilot.pause()
        assert "at 30.0 s, amp\\x1b: one 15.0 W" in app.text
        assert not app.told

    show(act)


def test_the_cursor_leaves_no_trace_where_it_was() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right")
        first = app.text.splitlines()[2:9]
        await pilot.press(*["right"] * 5)
        await pilot.press(*["left"] * 5)
        assert app.text.splitlines()[2:9] == first

    show(act)


def test_zooming_and_panning_stay_within_the_axis_and_go_back() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        whole = app.block.view
        await pilot.press("plus")
        assert app.block.view == pytest.approx((15.0, 85.0))
        await pilot.press("shift+left")
        assert app.block.view == pytest.approx((0.0, 70.0))
        await pilot.press("minus")
        assert app.block.view == pytest.approx(whole)
        await pilot.press("plus", "backspace")
        assert app.block.view == whole
        assert isinstance(app.told[-1], ViewMoved)
        assert app.told[-1].view is None

    show(act)


def test_the_view_follows_the_cursor_out_of_it() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right", "plus", "plus")
        for _ in range(120):
            app.block.action_move(1)
        start, end = app.block.view
        assert app.block.cursor is not None
        assert start <= app.block.cursor <= end
        assert end > 75

    show(act)


def test_a_click_moves_the_cursor_and_the_wheel_zooms_about_the_pointer() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.click(ChartBlock, offset=(9 + 20, 5))
        assert app.block.cursor == pytest.approx(20.5, abs=1.1)
        app.block.focus()
        await pilot._post_mouse_events(
            [__import__("textual.events").events.MouseScrollUp], ChartBlock, (9 + 20, 5)
        )
        await pilot.pause()
        start, end = app.block.view
        assert end - start == pytest.approx(70.0)
        assert start == pytest.approx(6.0, abs=1.0)

    show(act)


def test_ascii_alone_draws_letters_and_a_cursor() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right")
        assert app.text.isascii()
        plot = app.text.splitlines()[1:11]
        assert sum(line.count("a") for line in plot) >= 90
        assert sum(line.count("b") for line in plot) >= 90
        assert any("|" in line[10:-1] for line in plot)

    show(act, ascii_only=True)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_an_interval_and_a_break_are_drawn(ascii_only: bool) -> None:
    nan = float("nan")
    curve = Curve("amp", (1.0, 2.0, 3.0), (1.5, nan, 1.6), (nan, nan, 1.0), (nan, nan, 2.0))
    chart = Chart("k", "t", "x", "y", (curve,), least=None)

    async def act(app: Shown, _: Pilot[None]) -> None:
        assert "1.0" in app.text or "0.95" in app.text  # the axis reaches as far as the interval

    show(act, chart, ascii_only=ascii_only)


@pytest.mark.parametrize("ascii_only", [False, True])
def test_a_chart_without_curves_says_why(ascii_only: bool) -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("right", "plus")
        assert "nothing was sampled" in app.text

    show(act, Chart("k", "t", "x", "y", (), empty="nothing was sampled"), ascii_only=ascii_only)


def test_another_value_keeps_cursor_and_view() -> None:
    async def act(app: Shown, pilot: Pilot[None]) -> None:
        await pilot.press("plus", "right")
        view, cursor = app.block.view, app.block.cursor
        app.block.lay_out(Chart("two", "Grown", "x", "y", (Curve("one", XS, XS, last="9 W"),)))
        await pilot.pause()
        assert (app.block.view, app.block.cursor) == (view, cursor)
        assert "Grown" in app.text

    show(act)


def test_plotting_is_imported_when_a_chart_is_opened_and_not_before() -> None:
    program = (
        "import sys, annt_prof.tui.app, annt_prof.tui.widgets.blocks, "
        "annt_prof.tui.screens.telemetry, annt_prof.tui.screens.live; "
        "print('textual_plot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
