"""The Advice screen, driven by keys."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path

import pytest

from annt_prof.runs import store
from annt_prof.testing import TraceBuilder
from annt_prof.tui.app import Dashboard
from annt_prof.tui.messages import RunAsked
from annt_prof.tui.screens.advice import AdviceScreen
from annt_prof.tui.screens.trial import TrialScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.page import Lines
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, Source, TraceSource
from driven import settled, until
from snapshots.made_runs import whole_mix

SCENARIO = """\
# mine
model: {source: torchvision, name: resnet18}
dataset: {name: digits, batch_size: 8, image_size: 32}
optimizer: {name: sgd, lr: 0.1}
schedule: {name: constant}
techniques:
  amp:
"""


class _Asked(Dashboard):
    """Keeps what it is asked to run and what it says."""

    CSS_PATH = Path(inspect.getfile(Dashboard)).with_name("dashboard.tcss")

    def __init__(self, source: Source, settings: Settings) -> None:
        super().__init__(source, settings)
        self.asked: list[RunAsked] = []
        self.said: list[str] = []

    def on_run_asked(self, message: RunAsked) -> None:
        self.asked.append(message)

    def notify(self, message: str, **_: object) -> None:
        self.said.append(message)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    folder = tmp_path / "vit_tuned"
    folder.mkdir()
    store.write(folder, whole_mix())
    (folder / "scenario.yaml").write_text(SCENARIO)
    return folder


def _app(directory: Path, **settings: bool) -> _Asked:
    return _Asked(RunSource(directory), Settings(first=Screen.ADVICE, **settings))


def _title(app: Dashboard, key: str) -> str:
    screen = app.screen
    assert isinstance(screen, AdviceScreen)
    assert screen.page is not None
    (block,) = (b for b in screen.page.blocks if b.key == key)
    assert isinstance(block, Lines)
    return block.title


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (120, 40), (200, 60)])
def test_the_cursor_chooses_what_is_told(directory: Path, size: tuple[int, int]) -> None:
    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=size) as pilot:
            await settled(app, pilot)
            assert _title(app, "limit") == "amp"
            await pilot.press("down")
            await pilot.pause()
            assert _title(app, "limit") == "compile"

    asyncio.run(drive())


def test_c_copies_the_lines(directory: Path) -> None:
    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("down", "c")
            await pilot.pause()
            assert app.clipboard == (
                "techniques:\n  compile:\n    mode: default\n    dynamic: false\n"
                "    fullgraph: false\n"
            )

    asyncio.run(drive())


def test_c_copies_nothing_of_what_is_in_the_mix(directory: Path) -> None:
    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("c")
            await pilot.pause()
            assert app.clipboard == ""
            assert "in this run's mix already" in app.said[-1]

    asyncio.run(drive())


def test_x_shows_the_scenario_and_runs_it_when_told_to(directory: Path) -> None:
    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("down", "x")
            await until(pilot, lambda: isinstance(app.screen, TrialScreen))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, AdviceScreen))
            assert not app.asked
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, TrialScreen))
            await pilot.press("enter")
            await until(pilot, lambda: bool(app.asked))
            (asked,) = app.asked
            assert asked.name == "vit_tuned-compile"
            assert "  compile:\n    mode: default\n" in asked.scenario_text
            assert asked.scenario_text.startswith("# mine\n")

    asyncio.run(drive())


def test_x_refuses_what_is_in_the_scenario(directory: Path) -> None:
    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("x")
            await settled(app, pilot)
            assert isinstance(app.screen, AdviceScreen)
            assert "amp is in the scenario's mix already" in app.said[-1]

    asyncio.run(drive())


def test_x_starts_nothing_in_read_only_mode(directory: Path) -> None:
    async def drive() -> None:
        app = _app(directory, read_only=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("down", "x")
            await settled(app, pilot)
            assert isinstance(app.screen, AdviceScreen)
            assert app.said[-1] == "read-only: nothing is started"

    asyncio.run(drive())


def test_x_of_a_run_without_a_scenario_is_a_sentence(directory: Path) -> None:
    (directory / "scenario.yaml").unlink()

    async def drive() -> None:
        app = _app(directory)
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            await pilot.press("down", "x")
            await settled(app, pilot)
            assert isinstance(app.screen, AdviceScreen)
            assert "keeps no scenario" in app.said[-1]

    asyncio.run(drive())


def test_a_trace_is_read_beside_the_screen(tmp_path: Path) -> None:
    path = (
        TraceBuilder()
        .step(0, 1000)
        .kernel("gemm", 100, 900, launch_ns=50)
        .write(tmp_path / "some.json")
    )

    async def drive() -> None:
        app = _Asked(TraceSource(path), Settings(first=Screen.ADVICE))
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            assert _title(app, "limit")
            await pilot.press("x")
            await pilot.pause()
            assert app.said[-1] == "a trace has no scenario that could be run"

    asyncio.run(drive())


def test_a_file_that_is_no_trace_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text("[]")

    async def drive() -> None:
        app = _Asked(TraceSource(tmp_path / "some.json"), Settings(first=Screen.ADVICE))
        async with app.run_test(size=(80, 24)) as pilot:
            await settled(app, pilot)
            assert isinstance(app.screen, AdviceScreen)
            assert app.screen.page is not None
            assert [block.key for block in app.screen.page.blocks] == ["error"]
            await pilot.press("c")
            await pilot.pause()
            assert app.said[-1] == "no technique is chosen"

    asyncio.run(drive())
