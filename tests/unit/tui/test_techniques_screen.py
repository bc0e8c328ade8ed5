"""The Techniques screen, driven by keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.widgets import DataTable

from annt_prof.runs import store
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.techniques import TechniquesScreen
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.block_stack import BlockStack
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.page import Lines
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from driven import settled
from hand_made import drifting, run, variant
from snapshots.made_runs import whole_mix

SIZES = [(60, 20), (80, 24), (120, 40), (200, 60)]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "vit_tuned"
    folder.mkdir()
    store.write(folder, whole_mix())
    return folder


def _dashboard(directory: Path, first: Screen = Screen.TECHNIQUES) -> Dashboard:
    return Dashboard(RunSource(directory), Settings(first=first))


def _screen(app: Dashboard) -> TechniquesScreen:
    assert isinstance(app.screen, TechniquesScreen)
    return app.screen


def _verdict(app: Dashboard) -> str:
    page = _screen(app).page
    assert page is not None
    (block,) = (b for b in page.blocks if b.key == "verdict")
    assert isinstance(block, Lines)
    return block.title


@pytest.mark.parametrize("size", SIZES)
def test_the_cursor_chooses_what_is_told(directory: Path, size: tuple[int, int]) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            assert _verdict(app) == "amp: helps"
            await pilot.press("down")
            await pilot.pause()
            assert _verdict(app) == "gradient_accumulation: hurts"
            await pilot.press("down")
            await pilot.pause()
            assert _verdict(app) == "tf32: not applicable"

    asyncio.run(drive())


@pytest.mark.parametrize(("size", "beside"), [((80, 24), False), ((120, 40), True)])
def test_details_lie_beside_the_table_where_there_is_room(
    directory: Path, size: tuple[int, int], beside: bool
) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            table = app.screen.query_one("#blocks").region
            details = app.screen.query_one("#details").region
            if beside:
                assert details.x >= table.right
                assert details.y == table.y
            else:
                assert details.y >= table.bottom
            assert details.height > 5

    asyncio.run(drive())


def test_keys_scroll_the_details_and_the_rest(directory: Path) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            details, blocks = (app.screen.query_one(name) for name in ("#details", "#blocks"))
            await pilot.press("j", "j", "J")
            await pilot.pause()
            assert (details.scroll_y, blocks.scroll_y) == (8, 4)
            await pilot.press("k", "K")
            await pilot.pause()
            assert (details.scroll_y, blocks.scroll_y) == (4, 0)
            await pilot.press("down")
            await pilot.pause()
            assert details.scroll_y == 0  # another technique is read from its beginning

    asyncio.run(drive())


def test_enter_goes_to_the_details_where_arrows_scroll(directory: Path) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("enter")
            await pilot.pause()
            assert isinstance(app.focused, BlockStack)
            await pilot.press("down", "down")
            await pilot.pause()
            assert app.focused.scroll_y > 0
            assert _verdict(app) == "amp: helps"

    asyncio.run(drive())


def test_what_was_chosen_is_so_after_another_screen(directory: Path) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            await pilot.press("down")
            await pilot.press("2")
            await pilot.pause()
            await pilot.press("3")
            await pilot.pause()
            assert _verdict(app) == "gradient_accumulation: hurts"
            table = app.screen.query_one("#blocks").query_one(DataTable)
            assert table.cursor_row == 1

    asyncio.run(drive())


def test_a_click_chooses_too(directory: Path) -> None:
    async def drive() -> None:
        app = _dashboard(directory)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            await pilot.click("#blocks DataTable", offset=(5, 3))
            await pilot.pause()
            assert _verdict(app) == "tf32: not applicable"

    asyncio.run(drive())


def test_the_explanation_is_worked_out_once_for_all_screens(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from annt_prof.explain import explaining

    calls = []
    explain = explaining.explain

    def counting(*arguments: object) -> object:
        calls.append(arguments)
        return explain(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(explaining, "explain", counting)

    async def drive() -> None:
        app = _dashboard(directory, Screen.OVERVIEW)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.press("3")
            await settled(app, pilot)
            assert _verdict(app) == "amp: helps"
            await pilot.press("2")
            await settled(app, pilot)
            assert app.screen.page is not None
            assert any(block.key == "answer" for block in app.screen.page.blocks)

    asyncio.run(drive())
    assert len(calls) == 1


def test_names_from_files_are_no_markup(tmp_path: Path) -> None:
    named = "[red]\x1b[31mloud[/]"
    record = run(
        variant("baseline", drifting(20.0, 4, noise=0.004, seed=1)),
        variant(named, drifting(16.0, 4, noise=0.004, seed=2)),
    )
    store.write(tmp_path, record)

    async def drive() -> None:
        app = _dashboard(tmp_path)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            assert _verdict(app) == f"{named}: helps"
            table = app.screen.query(SheetBlock).first().table
            assert "\\x1b" in table.get_cell_at((0, 0)).plain

    asyncio.run(drive())


def test_a_damaged_run_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")

    async def drive() -> None:
        app = _dashboard(tmp_path)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            page = _screen(app).page
            assert page is not None
            (block,) = page.blocks
            assert isinstance(block, Lines)
            assert "is damaged" in block.lines[0].text
            assert not app.screen.query_one("#details").display

    asyncio.run(drive())


def test_a_trace_alone_is_a_sentence(tmp_path: Path) -> None:
    async def drive() -> None:
        source = TraceSource(tmp_path / "t.json.gz")
        app = Dashboard(source, Settings(first=Screen.TECHNIQUES))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            page = _screen(app).page
            assert page is not None
            (block,) = page.blocks
            assert isinstance(block, Lines)
            assert "open a run" in block.lines[0].text

    asyncio.run(drive())
