"""The Compare screen, driven by keys."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from annt_prof.runs import store
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.compare import CompareScreen
from annt_prof.tui.screens.variant_choice import VariantChoiceScreen
from annt_prof.tui.settings import Settings
from annt_prof.tui.widgets.sheet_block import SheetBlock
from annt_prof.views.page import Lines
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from driven import settled
from hand_made import cpu_run, run, variant
from snapshots.made_runs import whole_mix


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name, record in (
        ("20260725-143012-vit_tuned", whole_mix()),
        ("20260101-000000-old", cpu_run()),
    ):
        (tmp_path / name).mkdir()
        store.write(tmp_path / name, record)
    (tmp_path / "20250101-000000-damaged").mkdir()
    (tmp_path / "20250101-000000-damaged" / "run.json").write_text("{")
    return tmp_path


def _app(runs: Path, name: str = "20260725-143012-vit_tuned") -> Dashboard:
    return Dashboard(RunSource(runs / name), Settings(runs_dir=runs, first=Screen.COMPARE))


def _said(app: Dashboard) -> str:
    screen = app.screen
    assert isinstance(screen, CompareScreen)
    assert screen.page is not None
    block = screen.page.blocks[0]
    assert isinstance(block, Lines)
    return "\n".join(f"{line.label} {line.text}".strip() for line in block.lines)


async def _choose(app: Dashboard, pilot, key: str, downs: int) -> None:
    await pilot.press(key)
    await settled(app, pilot)
    assert isinstance(app.screen, VariantChoiceScreen)
    await pilot.press(*["down"] * downs, "enter")
    await settled(app, pilot)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_it_begins_with_the_recommended_variant(runs: Path, size: tuple[int, int]) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            assert "first baseline of 20260725-143012-vit_tuned" in _said(app)
            assert "second all of 20260725-143012-vit_tuned" in _said(app)
            assert "faster: 2.32x" in _said(app)

    asyncio.run(drive())


def test_w_turns_it_round_and_back(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("w")
            await settled(app, pilot)
            assert "first all of" in _said(app)
            assert "slower: 0.431x" in _said(app)
            await pilot.press("w")
            await settled(app, pilot)
            assert "first baseline of" in _said(app)

    asyncio.run(drive())


def test_v_and_b_choose_variants_of_this_run(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await _choose(app, pilot, "v", 1)
            assert "second amp of" in _said(app)
            await _choose(app, pilot, "b", 4)
            assert "first all of" in _said(app)
            assert "paired by round" in _said(app)

    asyncio.run(drive())


def test_after_a_swap_v_still_chooses_the_second(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("w")
            await settled(app, pilot)
            await _choose(app, pilot, "v", 1)
            assert "first all of" in _said(app)
            assert "second amp of" in _said(app)

    asyncio.run(drive())


def test_another_run_can_be_chosen_and_then_there_is_no_verdict(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            await _choose(app, pilot, "v", 6)
            assert "second amp of 20260101-000000-old" in _said(app)
            assert "were not measured beside each other" in _said(app)
            assert "interval 2" not in _said(app)
            await pilot.press("2")
            await pilot.press("7")
            await settled(app, pilot)
            assert "second amp of 20260101-000000-old" in _said(app)

    asyncio.run(drive())


def test_another_run_that_goes_on_is_read_again(runs: Path) -> None:
    other = runs / "20260101-000000-old"

    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            await _choose(app, pilot, "v", 6)
            screen = app.screen
            assert isinstance(screen, CompareScreen)
            before = screen.page
            screen.show_again()
            assert screen.page == before
            store.write(other, whole_mix())
            screen.show_again()
            await settled(app, pilot)
            assert screen.page != before

    asyncio.run(drive())


def test_what_cannot_be_compared_stays_unchosen(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        said: list[str] = []
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            await pilot.press("v")
            await settled(app, pilot)
            screen = app.screen
            assert isinstance(screen, VariantChoiceScreen)
            screen.notify = lambda message, **_: said.append(message)  # type: ignore[method-assign]
            sheet = screen.query_one(SheetBlock)
            assert "damaged" in sheet.sheet.rows[-1].cells[1].text
            await pilot.press(*["down"] * 20, "enter")
            await pilot.pause()
            assert app.screen is screen
            assert "damaged" in said[-1]
            await pilot.press("escape")
            await pilot.pause()
            assert "second all of" in _said(app)

    asyncio.run(drive())


def test_a_run_of_one_variant_can_be_compared_with_another_run(runs: Path) -> None:
    (runs / "20260801-000000-alone").mkdir()
    store.write(runs / "20260801-000000-alone", run(variant("baseline", [20.0] * 4)))

    async def drive() -> None:
        app = _app(runs, "20260801-000000-alone")
        async with app.run_test(size=(120, 40)) as pilot:
            await settled(app, pilot)
            assert "nothing to compare within this run" in _said(app)
            await _choose(app, pilot, "v", 1)
            assert "first baseline of 20260801-000000-alone" in _said(app)
            assert "second baseline of 20260725-143012-vit_tuned" in _said(app)

    asyncio.run(drive())


def test_in_a_very_wide_window_the_steps_lie_beside_the_figures(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(180, 24)) as pilot:
            await settled(app, pilot)
            left, right = app.screen.query_one("#blocks"), app.screen.query_one(".times")
            assert right.region.x >= left.region.right
            await pilot.press("j", "j", "J")
            await pilot.pause()
            assert (left.scroll_y, right.scroll_y) == (4, 8)

    asyncio.run(drive())


def test_keys_scroll(runs: Path) -> None:
    async def drive() -> None:
        app = _app(runs)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("j", "j")
            await pilot.pause()
            assert app.screen.query_one(".sides").scroll_y == 8
            await pilot.press("k")
            await pilot.pause()
            assert app.screen.query_one(".sides").scroll_y == 4

    asyncio.run(drive())
