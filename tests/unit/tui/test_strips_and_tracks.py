"""Strips from the least to the greatest value, and grids of which the last places stay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from textual.app import App

from annt_prof.tui.widgets.blocks import make_widget
from annt_prof.tui.widgets.tracks_block import shown_stretches
from annt_prof.views.page import Bar, Bars, Mark, Part, Stretch, Strip, Strips, Track, Tracks

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from annt_prof.views.page import Block

NAN = float("nan")


class Shown(App[None]):
    def __init__(self, block: Block, *, ascii_only: bool) -> None:
        super().__init__()
        self.block = block
        self.ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        self.set_class(self.ascii_only, "-ascii-only")
        yield make_widget(self.block)


def shown(block: Block, width: int = 60, *, ascii_only: bool = False) -> list[str]:
    async def run() -> list[str]:
        app = Shown(block, ascii_only=ascii_only)
        async with app.run_test(size=(width, 20)) as pilot:
            await pilot.pause()
            strips = app.screen._compositor.render_strips()
            return ["".join(segment.text for segment in s).rstrip() for s in strips]

    return asyncio.run(run())


def strip(lows: list[float], highs: list[float], **changes: float) -> Strip:
    return Strip("[b]n", tuple(lows), tuple(highs), "last 3 W", "0 to 4 W", **changes)


def test_a_strip_reaches_from_the_least_to_the_greatest_value() -> None:
    block = Strips("k", "Title", (strip([0.0, 2.0], [1.0, 4.0], least=0.0, most=4.0),))
    title, top, bottom, *_ = shown(block, 30, ascii_only=True)
    assert title == "Title"
    # Four dots high: 0 to 1 W are the lower two, 2 to 4 W the upper two.
    assert top.startswith("[b]n  ")
    assert top.endswith("  last 3 W")
    assert top[6:14] == "    ||||"
    assert bottom[6:14] == "||||    "
    assert bottom.endswith("0 to 4 W")


def test_dots_are_finer_than_letters() -> None:
    block = Strips("k", "", (strip([0.0] * 4, [4.0] * 4, least=0.0, most=4.0),))
    top, bottom, *_ = shown(block, 40)
    assert top[6:14] == bottom[6:14] == "⣿" * 8


def test_what_has_more_places_than_cells_keeps_its_extremes() -> None:
    highs = [1.0] * 5000
    highs[2500] = 4.0
    block = Strips("k", "", (strip([0.0] * 5000, highs, least=0.0, most=4.0),))
    top, _, *_ = shown(block, 40, ascii_only=True)
    assert top[6:-8].count("|") == 1


def test_a_moving_strip_stands_at_the_right_and_is_empty_where_nothing_is_known() -> None:
    lows = [NAN, NAN, 1.0]
    block = Strips("k", "", (strip(lows, lows, least=0.0, most=1.0),), moving=True)
    top, *_ = shown(block, 60, ascii_only=True)
    drawn = top[6 : top.index("  last")]
    assert drawn.endswith("''''")
    assert drawn.strip() == "''''"


def test_a_strip_of_one_value_is_drawn() -> None:
    _, bottom, *_ = shown(Strips("k", "", (strip([5.0], [5.0]),)), 40, ascii_only=True)
    assert "...." in bottom


def test_strips_without_any_say_why() -> None:
    assert "no window is done yet" in shown(Strips("k", "T", (), empty="no window is done yet"))


FULL = Tracks(
    key="k",
    title="Rounds",
    stretches=(Stretch("1", 3), Stretch("200", 2), Stretch("", 4)),
    tracks=(Track("[b]base", "###" + "##" + "....", "5"), Track("amp", "#xx" + "xx" + "xxxx", "1")),
    marks=(Mark("#", "done"), Mark(">", "running"), Mark("x", "lost"), Mark(".", "waiting")),
    num_earlier=7,
)


def test_a_grid_has_its_stretches_apart_and_a_legend_of_what_is_used() -> None:
    title, heads, base, amp, legend, earlier, *_ = shown(FULL)
    assert title == "Rounds"
    assert heads == " " * 9 + "1   200"
    assert base == "[b]base  ###|##|....  5"
    assert amp == "amp      #xx|xx|xxxx  1"
    assert legend == "# done  x lost  . waiting"
    assert earlier == "7 earlier rounds left of these"


@pytest.mark.parametrize(
    ("room", "hidden", "lengths"),
    [(11, 0, [3, 2, 4]), (10, 1, [2, 2, 4]), (7, 3, [2, 4]), (6, 4, [1, 4]), (3, 6, [3])],
)
def test_the_last_places_are_shown_where_there_is_no_room(
    room: int, hidden: int, lengths: list[int]
) -> None:
    found, stretches = shown_stretches(FULL, room)
    assert (found, [num for _, num in stretches]) == (hidden, lengths)


def test_names_of_stretches_never_run_into_each_other() -> None:
    many = tuple(Stretch(str(number), 1) for number in range(98, 104))
    block = Tracks("k", "", many, (Track("a", "######"),), (Mark("#", "done"),))
    heads, letters, *_ = shown(block)
    assert letters == "a  #|#|#|#|#|#"
    assert heads == "   98  100 102"


def test_a_grid_without_tracks_says_why() -> None:
    empty = Tracks("k", "Rounds", (), (), (), empty="the plan is not known yet")
    assert "the plan is not known yet" in shown(empty)


@pytest.mark.parametrize(
    "block",
    [
        Bars("k", "", (Bar("a", (Part("forward", 1, "1 ms"),), "x\x1b[2J"),), 1),
        Strips("k", "", (Strip("a", (1.0,), (2.0,), "x\x1b[2J", "1 to 2 W"),)),
        Tracks("k", "", (Stretch("", 1),), (Track("a", "#", "x\x1b[2J"),), (Mark("#", "done"),)),
    ],
    ids=["bars", "strips", "tracks"],
)
def test_no_text_acts_on_the_terminal(block: Block) -> None:
    drawn = "\n".join(shown(block))
    assert "x\\x1b[2J" in drawn
    assert "\x1b" not in drawn
