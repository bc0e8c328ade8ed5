"""A screen gets the digests that it asks for, says how far they are, and why there are none."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from textual.widgets import Static

from annt_prof.categories import Phase
from annt_prof.runs.digest_process import Digesting
from annt_prof.runs.digesting import Progress, Ready
from annt_prof.runs.digests import Digest, cache_path, digest
from annt_prof.testing import TraceBuilder
from annt_prof.tui import digest_shelf
from annt_prof.tui.app import Dashboard
from annt_prof.tui.digest_shelf import Shelf
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.page import Lines, Page, Said
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import TraceSource

US = 1_000


def written(path: Path) -> Path:
    builder = TraceBuilder().step(0, 100 * US).phase(Phase.FORWARD, 0, 100 * US)
    return builder.kernel("gemm", 30 * US, 70 * US, launch_ns=10 * US).write(path)


class _Screen(DigestScreen):
    SCREEN: ClassVar[Screen] = Screen.KERNELS
    asked: str = ""

    def build_page(self) -> Page:
        made = self.digest(self.asked)
        text = "none yet" if made is None else f"{made.analysis.num_events} events"
        return Page(self.SCREEN, "title", (Lines("lines", "", (Said(text),)),))


class _App(Dashboard):
    CSS_PATH = Path(inspect.getfile(Dashboard)).with_name("dashboard.tcss")

    MODES: ClassVar = {Screen.KERNELS.value: _Screen}

    @property
    def own(self) -> _Screen:
        found = self.screen
        assert isinstance(found, _Screen)
        return found

    @property
    def said(self) -> str:
        page = self.own.page
        assert page is not None
        (block,) = page.blocks
        assert isinstance(block, Lines)
        return block.lines[0].text

    @property
    def told(self) -> str:
        box = self.own.query_one(".digests", Static)
        return str(box.render()) if box.display else ""


async def until(app: _App, holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError((app.said, app.told))


def app_of(trace: Path, *, read_only: bool = False) -> _App:
    _Screen.asked = trace.name
    return _App(TraceSource(trace), Settings(first=Screen.KERNELS, read_only=read_only))


def test_a_digest_is_made_shown_and_kept(tmp_path: Path) -> None:
    async def see() -> None:
        trace = written(tmp_path / "trace.json")
        app = app_of(trace)
        async with app.run_test():
            assert app.said == "none yet"
            await until(app, lambda: app.said == "4 events")
            assert app.told == ""
            assert cache_path(trace).exists()

    asyncio.run(see())


def test_one_that_is_kept_needs_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def see() -> None:
        trace = written(tmp_path / "trace.json")
        digest(trace)
        monkeypatch.setattr(Digesting, "start", lambda _: pytest.fail("started"))
        app = app_of(trace)
        async with app.run_test():
            await until(app, lambda: app.said == "4 events")

    asyncio.run(see())


def test_a_reading_tells_how_far_it_is_and_is_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def see() -> None:
        monkeypatch.setattr(Digesting, "poll", lambda _: Progress(34, 100))
        app = app_of(written(tmp_path / "trace[b].json"))
        async with app.run_test() as pilot:
            await until(app, lambda: "34 %" in app.told)
            assert app.told == "reading trace[b].json's trace: 34 %; Escape cancels"
            await pilot.press("escape")
            await until(app, lambda: "cancelled" in app.told)
            assert app.said == "none yet"
            assert not app.digests._made
            monkeypatch.undo()
            await pilot.press("f5")
            await until(app, lambda: app.said == "4 events")

    asyncio.run(see())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.json", None, "gone.json: no such file"),
        ("odd.json", b"[1", "odd.json: "),
    ],
)
def test_why_there_is_none_is_said(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    async def see() -> None:
        if content is not None:
            (tmp_path / name).write_bytes(content)
        app = app_of(tmp_path / name)
        async with app.run_test():
            await until(app, lambda: app.told.startswith(words))
            assert app.own.why_none(name) is not None

    asyncio.run(see())


def test_what_is_not_traced_is_said(tmp_path: Path) -> None:
    async def see() -> None:
        app = app_of(tmp_path / "trace.json")
        _Screen.asked = "other"
        async with app.run_test() as pilot:
            await pilot.pause()
            assert app.told == "other: it has no trace"

    asyncio.run(see())


def test_read_only_writes_nothing(tmp_path: Path) -> None:
    async def see() -> None:
        trace = written(tmp_path / "trace.json")
        app = app_of(trace, read_only=True)
        async with app.run_test():
            await until(app, lambda: app.said == "4 events")
            assert list(tmp_path.iterdir()) == [trace]

    asyncio.run(see())


def test_a_changed_trace_is_read_again(tmp_path: Path) -> None:
    async def see() -> None:
        trace = written(tmp_path / "trace.json")
        app = app_of(trace)
        async with app.run_test():
            await until(app, lambda: app.said == "4 events")
            TraceBuilder().step(0, 100 * US).write(trace)
            app.own.show_again()
            await until(app, lambda: app.said == "1 events" or app.said == "none yet")
            assert app.said != "4 events"

    asyncio.run(see())


def advanced(shelf: Shelf, trace: Path) -> None:
    """Wait until a digest is there, or until it is known that there is none."""
    while shelf.advance(trace) is not None:
        time.sleep(0.01)


def test_a_digest_of_former_bytes_that_was_kept_is_not_given_out(tmp_path: Path) -> None:
    trace, shelf = written(tmp_path / "trace.json"), Shelf()
    former = digest(trace)
    assert shelf.get(trace, keep=False) is None
    shelf._recalled[trace][1].result()
    TraceBuilder().step(0, 100 * US).write(trace)  # nobody has looked meanwhile
    advanced(shelf, trace)
    assert shelf.get(trace, keep=False) is None
    advanced(shelf, trace)
    made = shelf.get(trace, keep=False)
    assert isinstance(made, Digest)
    assert made.checksum != former.checksum
    shelf.close()


def test_a_digest_of_former_bytes_that_was_made_is_not_given_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace, shelf = written(tmp_path / "trace.json"), Shelf()
    take = Digesting.take

    def taken(making: Digesting, ready: Ready) -> Digest:
        made = take(making, ready)
        TraceBuilder().step(0, 100 * US).write(trace)
        return made

    monkeypatch.setattr(Digesting, "take", taken)
    assert shelf.get(trace, keep=False) is None
    advanced(shelf, trace)
    assert shelf.get(trace, keep=False) is None
    shelf.close()


def test_the_shelf_keeps_the_last_few(tmp_path: Path) -> None:
    shelf = Shelf()
    traces = [written(tmp_path / f"{number}.json") for number in range(11)]
    for trace in traces:
        shelf._put(trace, digest_shelf._stamp(trace), digest(trace))
    assert list(shelf._there) == traces[3:]
    shelf.close()
