"""What every screen looks like, at three sizes; needs the Textual that drew the pictures.

    pip install -e '.[pictures]' && pytest tests/pictures

`pytest tests/pictures --snapshot-update` draws them anew; look at them before they are kept.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import textual
from textual.app import App
from textual.pilot import Pilot

from annt_prof.check.kept import keep
from annt_prof.tui.app import Dashboard
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.screens.page_screen import PageScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource
from hand_made_checks import CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

    Compare = Callable[..., bool]

pytest.importorskip("pytest_textual_snapshot")

DRAWN_WITH = "8.2.8"
pytestmark = pytest.mark.skipif(
    textual.__version__ != DRAWN_WITH, reason=f"pictures were drawn with Textual {DRAWN_WITH}"
)

ROOT = Path(__file__).parent.parent.parent
RECORD = ROOT / "reports" / "h100" / "resnet50_all"
TRACE = ROOT / "tests" / "fixtures" / "traces" / "h100_amp.json.gz"
NUM_QUIET = 12
"""Looks, one after the other, at which nothing is on its way."""
SIZES = [(80, 24), (120, 40), (200, 60)]
OF_TRACES = [Screen.OVERVIEW, Screen.STEPS, Screen.KERNELS, Screen.ADVICE]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay a run of an H100 and a trace where no path of a machine is in the picture."""
    (tmp_path / "runs").mkdir()
    shutil.copytree(RECORD, tmp_path / "runs" / "resnet50_all")
    shutil.copy(TRACE, tmp_path / "amp.json.gz")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


async def settle(pilot: Pilot[None]) -> None:
    """Wait until what is worked out in threads and processes is there, and stays."""
    quiet = 0
    for _ in range(1200):
        await pilot.pause(0.05)
        quiet = quiet + 1 if is_quiet(pilot.app) else 0
        if quiet == NUM_QUIET:
            return
    raise AssertionError("it is never quiet")


def is_quiet(app: App[None]) -> bool:
    screen = app.screen
    if not isinstance(screen, PageScreen) or screen.page is None or not screen.page.blocks:
        return False
    keys = {block.key for block in screen.page.blocks}
    reading = isinstance(screen, DigestScreen) and screen.awaits
    working = any(not worker.is_finished for worker in app.workers)
    return not reading and not working and "waiting" not in keys


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", list(Screen), ids=str)
def test_a_run(snap_compare: Compare, screen: Screen, size: tuple[int, int]) -> None:
    source = RunSource(Path("runs/resnet50_all"))
    app = Dashboard(source, Settings(first=screen))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES)
def test_a_run_that_broke_its_budgets(snap_compare: Compare, size: tuple[int, int]) -> None:
    keep(Path("runs/resnet50_all"), CHECKS["failure"])
    app = Dashboard(RunSource(Path("runs/resnet50_all")), Settings(first=Screen.OVERVIEW))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", OF_TRACES, ids=str)
def test_a_trace(snap_compare: Compare, screen: Screen, size: tuple[int, int]) -> None:
    app = Dashboard(TraceSource(Path("amp.json.gz")), Settings(first=screen))
    assert snap_compare(app, terminal_size=size, run_before=settle)


@pytest.mark.parametrize("size", SIZES)
def test_the_timeline_of_a_step(snap_compare: Compare, size: tuple[int, int]) -> None:
    async def open_it(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
        await pilot.press("k")
        await settle(pilot)

    app = Dashboard(TraceSource(Path("amp.json.gz")), Settings(first=Screen.STEPS))
    assert snap_compare(app, terminal_size=size, run_before=open_it)


def test_help(snap_compare: Compare) -> None:
    app = Dashboard(RunSource(Path("runs/resnet50_all")), Settings())
    assert snap_compare(app, terminal_size=(120, 40), press=["question_mark"])
