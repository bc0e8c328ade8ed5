"""The screen of kernels by its keys: groups, two variants, and all of the row at the cursor."""

import asyncio
import shutil
from pathlib import Path

import msgspec
import pytest
from driving import screen_text
from textual.widgets import Input, OptionList

from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.testing import TraceBuilder
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.picking import PickScreen
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from driven import settled
from hand_made import run, variant

TRACES = Path(__file__).parents[2] / "fixtures" / "traces"
SETTINGS = Settings(first=Screen.KERNELS)


@pytest.fixture
def directory(tmp_path):
    """A run of two traced variants and one that was not, with digests that are there already."""
    records = []
    for name, trace in (("baseline", "h100_baseline"), ("amp", "h100_amp"), ("slow", None)):
        path = None if trace is None else f"{name}.json.gz"
        if path is not None:
            shutil.copy(TRACES / f"{trace}.json.gz", tmp_path / path)
            digest(tmp_path / path)
        records.append(msgspec.structs.replace(variant(name, [10.0]), trace=path))
    store.write(tmp_path, run(*records))
    return tmp_path


async def until(pilot, holds):
    """Wait for it, and until what it changed is drawn; a busy machine has time."""
    for _ in range(400):
        await pilot.pause(0.05)
        if holds():
            await settled(pilot.app, pilot)
            return
    raise AssertionError(screen_text(pilot.app))


def keys(app):
    return [block.key for block in app.screen.page.blocks]


def at_cursor(app):
    """Return the key of the table that has the cursor."""
    focused = app.screen.query("SheetBlock:focus-within")
    return focused.first().sheet.key if focused else None


def told(app):
    """Return what is said of the row at the cursor, without blanks and lines' ends."""
    region = app.screen.query_one("#row-details").region
    lines = screen_text(app).splitlines()[region.y : region.bottom]
    return "".join("".join(lines).split())


async def opened(pilot):
    await until(pilot, lambda: keys(pilot.app) == ["kernels", "operators"])
    await until(pilot, lambda: pilot.app.screen.focused is not None)


def play(source, steps, size=(80, 24)):
    async def run_it():
        async with Dashboard(source, SETTINGS).run_test(size=size) as pilot:
            await steps(pilot)

    asyncio.run(run_it())


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_the_kernels_and_the_whole_name_of_the_row_at_the_cursor(directory, size):
    async def steps(pilot):
        await opened(pilot)
        rows = pilot.app.screen.page.blocks[0].rows
        await pilot.press("down")
        await until(pilot, lambda: "bn_bw" in told(pilot.app) or "nhwcToNchw" in told(pilot.app))
        assert rows[1].key.replace(" ", "") in told(pilot.app)
        room = 34 + (size[0] - 80) // 4
        assert all(len(row.cells[0].text) <= min(60, room) for row in rows)

    play(RunSource(directory), steps, size)


def test_groups_are_gone_through_entered_and_left(directory):
    async def steps(pilot):
        await opened(pilot)
        for title in ("by class", "by phase"):
            await pilot.press("g")
            await until(pilot, lambda title=title: title in pilot.app.screen.page.blocks[0].title)
        await until(pilot, lambda: "Entershows" in told(pilot.app))
        await pilot.press("enter")
        await until(pilot, lambda: keys(pilot.app)[0] == "members")
        assert "of phase backward" in pilot.app.screen.page.blocks[0].title
        await until(pilot, lambda: "phases" in told(pilot.app))
        await until(pilot, lambda: at_cursor(pilot.app) == "members")
        await pilot.press("backspace")
        await until(pilot, lambda: keys(pilot.app)[0] == "groups")
        await pilot.press("backspace")
        await until(pilot, lambda: keys(pilot.app)[0] == "kernels")
        for _ in range(5):
            await pilot.press("g")
        await until(pilot, lambda: keys(pilot.app)[0] == "kernels")

    play(RunSource(directory), steps)


def test_a_second_variant_is_held_against_the_first_and_let_go(directory):
    async def steps(pilot):
        await opened(pilot)
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickScreen))
        assert pilot.app.screen.query_one(OptionList).option_count == 2
        await pilot.press("down", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PickScreen))
        await until(pilot, lambda: keys(pilot.app) == ["kernel_changes", "operator_changes"])
        await until(pilot, lambda: at_cursor(pilot.app) == "kernel_changes")
        await pilot.press("g")
        await until(pilot, lambda: keys(pilot.app)[0] == "group_changes")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(pilot.app.screen, PickScreen))
        await pilot.press("up", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PickScreen))
        await until(pilot, lambda: keys(pilot.app) == ["groups", "operators"])

    play(RunSource(directory), steps)


def test_another_variant_is_shown_and_escape_leaves_it_as_it_is(directory):
    async def steps(pilot):
        await opened(pilot)
        await pilot.press("b", "down", "escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PickScreen))
        assert "of baseline" in pilot.app.screen.page.blocks[0].title
        await pilot.press("b", "down", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PickScreen))
        await until(pilot, lambda: "of amp" in str(pilot.app.screen.page))

    play(RunSource(directory), steps)


def test_a_name_is_found_by_words_that_there_is_no_room_for(directory):
    async def steps(pilot):
        await opened(pilot)
        block = pilot.app.screen.query(SheetBlock).first()
        assert "nchw2nhwc" not in screen_text(pilot.app).partition("─")[0]
        await pilot.press("slash", *"nchw2nhwc")
        await until(pilot, lambda: 0 < block.table.row_count < len(block.sheet.rows))

    play(RunSource(directory), steps)


def test_what_is_done_stays_when_another_screen_was_looked_at(directory):
    async def steps(pilot):
        await opened(pilot)
        await pilot.press("g", "2")
        await pilot.pause()
        await pilot.press("5")
        await until(pilot, lambda: keys(pilot.app)[0] == "groups")

    play(RunSource(directory), steps)


def test_without_a_device_the_operators_are_alone_and_nothing_is_grouped(tmp_path):
    path = TraceBuilder().step(0, 9_000).operator("aten::[b]mm[/b]", 1_000, 5_000).write(
        tmp_path / "host.json"
    )  # fmt: skip
    digest(path)

    async def steps(pilot):
        await until(pilot, lambda: keys(pilot.app) == ["operators", "kernels"])
        await until(pilot, lambda: "aten::[b]mm[/b]" in told(pilot.app))
        assert pilot.app.screen.has_class("-alone")
        await pilot.press("g", "v", "backspace")
        await pilot.pause()
        assert keys(pilot.app) == ["operators", "kernels"]
        assert not isinstance(pilot.app.screen, PickScreen)

    play(TraceSource(path), steps)


def test_a_trace_that_is_not_there_is_said_and_another_variant_may_be_chosen(directory):
    (directory / "baseline.json.gz").unlink()

    async def steps(pilot):
        await until(pilot, lambda: "of amp" in str(pilot.app.screen.page))
        await pilot.press("b", "up", "enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, PickScreen))
        await until(pilot, lambda: "b chooses another variant" in str(pilot.app.screen.page))

    play(RunSource(directory), steps)


def test_a_run_without_traces_says_so(tmp_path):
    store.write(tmp_path, run(msgspec.structs.replace(variant("baseline", [10.0]), trace=None)))

    async def steps(pilot):
        await until(pilot, lambda: "no variant was traced" in str(pilot.app.screen.page))
        await pilot.press("g", "backspace", "b", "v")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, PickScreen)

    play(RunSource(tmp_path), steps)


def test_rows_that_are_filtered_are_drawn_whole(directory):
    async def steps(pilot):
        await opened(pilot)
        block = pilot.app.screen.query(SheetBlock).first()
        box = block.query_one(Input)
        await pilot.press("slash")
        await until(pilot, lambda: box.has_focus)
        await pilot.press("c")
        await until(pilot, lambda: "rows have 'c'" in screen_text(pilot.app))
        cells = [cell.text for cell in block._rows()[0].cells[:5]]
        lines = [" ".join(line.split()) for line in screen_text(pilot.app).splitlines()]
        assert any(line.startswith(" ".join(cells)) for line in lines)

    play(RunSource(directory), steps, (200, 60))
