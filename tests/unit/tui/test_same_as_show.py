"""`annt-prof show SCREEN` has the figures that the dashboard has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from driving import drive
from textual.pilot import Pilot

from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.page import Bars, Chart, Page, Sheet
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from driven import settled, until
from hand_made import gpu_run

if TYPE_CHECKING:
    from annt_prof.views.screens.source import Source

TRACE = Path(__file__).parents[2] / "fixtures" / "traces" / "h100_baseline.json.gz"


def figures(page: Page) -> dict[str, list[object]]:
    """Return the values of each block, with what is printed of each that is no name."""
    found: dict[str, list[object]] = {}
    for block in page.blocks:
        match block:
            case Sheet():
                kept = [
                    (cell.value, "" if column.name else cell.text)
                    for row in block.rows
                    for column, cell in zip(block.columns, row.cells, strict=True)
                ]
            case Bars():
                kept = [(part.name, part.value, part.text) for b in block.bars for part in b.parts]
            case Chart():
                kept = [(curve.name, curve.ys, curve.last) for curve in block.curves]
            case _:
                continue
        found[block.key] = kept
    return found


@pytest.fixture
def traced_run(tmp_path: Path) -> RunSource:
    directory = store.create(tmp_path / "runs", "traced", "")
    made = gpu_run()
    variants = []
    for variant in made.variants:
        place = directory / f"{variant.name}.json.gz"
        shutil.copy(TRACE, place)
        variants.append(msgspec.structs.replace(variant, trace=place.name))
    store.write(directory, msgspec.structs.replace(made, variants=tuple(variants)))
    return RunSource(directory)


def assert_same(source: Source, screen: Screen) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        def told() -> bool:
            page = app.screen.page if isinstance(app.screen, PageScreen) else None
            return page is not None and figures(page).keys() >= expected.keys()

        await until(pilot, told)
        await settled(app, pilot)
        assert isinstance(app.screen, PageScreen)
        assert app.screen.page is not None
        shown = figures(app.screen.page)
        assert {key: shown[key] for key in expected} == expected

    expected = figures(build_page(screen, source, digest))
    assert expected
    drive(source, act, Settings(first=screen, runs_dir=source.folder))


def test_both_compare_by_name(traced_run: RunSource) -> None:
    assert figures(build_page(Screen.COMPARE, traced_run, digest))["names"]


@pytest.mark.parametrize("screen", [s for s in Screen if s is not Screen.TELEMETRY], ids=str)
def test_of_a_run(traced_run: RunSource, screen: Screen) -> None:
    assert_same(traced_run, screen)


@pytest.mark.parametrize(
    "screen", [Screen.OVERVIEW, Screen.STEPS, Screen.KERNELS, Screen.ADVICE], ids=str
)
def test_of_a_trace(tmp_path: Path, screen: Screen) -> None:
    assert_same(TraceSource(Path(shutil.copy(TRACE, tmp_path / "trace.json.gz"))), screen)
