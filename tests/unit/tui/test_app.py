"""The application: screens, help, and what is saved."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest
from driving import column, drive, said, screen_text, sheet
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input
from textual.widgets._footer import FooterKey

from annt_prof.runs import store
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.help import HelpScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.glossary import CATEGORIES, KERNEL_CLASSES, WORDS
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from driven import settled, until
from following import dead_since_long
from hand_made import cpu_run


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12)])
def test_the_answer_is_there_at_every_size(cpu: RunSource, size: tuple[int, int]) -> None:
    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert column(app, "variants") == [row.name for row in cpu.run_view.rows]
        assert "Not as the scenario asks" in screen_text(app)

    drive(cpu, act, size=size)


def test_number_keys_open_screens_and_state_survives(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("down", "down")
        before = sheet(app, "variants").row_key
        await pilot.press("0")
        await settled(app, pilot)
        assert app.current_mode == Screen.RUNS
        await pilot.press("2")
        assert app.current_mode == Screen.OVERVIEW
        assert sheet(app, "variants").row_key == before == cpu.run.variants[2].name

    drive(cpu, act, Settings(runs_dir=cpu.folder))


def test_a_run_that_ends_is_told_where_only_its_answer_is_open(tmp_path: Path) -> None:
    directory = store.create(tmp_path, "run", "")
    store.write(directory, msgspec.structs.replace(cpu_run(), complete=False, stop=STOP_UNTOLD))
    log = directory / "events.jsonl"
    EventLog(log)

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "INCOMPLETE: still running" in said(app)
        source = app.source
        app.renew()
        assert app.source is source  # there is nothing new
        dead_since_long(log)
        await until(pilot, lambda: app.source is not source)
        await settled(app, pilot)
        assert "INCOMPLETE: its process ended without a last word" in said(app)

    drive(RunSource(directory), act, Settings(first=Screen.OVERVIEW))


def test_a_run_is_chosen_from_the_list(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert column(app, "runs") == [cpu.title]
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.current_mode == Screen.OVERVIEW
        assert column(app, "variants")[0] == "baseline"
        assert app.source_title == cpu.title

    drive(None, act, Settings(runs_dir=cpu.folder, first=Screen.RUNS))


def typed_at_once(app: Dashboard, text: str) -> None:
    """Have keys arrive together, as a slow line brings them."""
    names = {"/": "slash"}
    for character in text:
        app.post_message(Key(names.get(character, character), character))


def test_what_is_typed_right_after_the_slash_is_no_command(cpu: RunSource, somewhere: Path) -> None:
    """``s`` saves a picture and ``q`` quits, but not of one who looks for a name."""

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        typed_at_once(app, "/sq")
        box = sheet(app, "variants").query_one(Input)
        await until(pilot, lambda: box.value == "sq")
        assert app.is_running
        assert list(somewhere.iterdir()) == []
        await pilot.press("escape")
        await until(pilot, lambda: not box.display)
        await pilot.press("s")
        await settled(app, pilot)
        assert len(list(somewhere.iterdir())) == 1

    drive(cpu, act)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
@pytest.mark.parametrize("screen", list(Screen), ids=str)
def test_the_footer_has_help_and_quit_at_every_size(
    cpu: RunSource, screen: Screen, size: tuple[int, int]
) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        def last_columns() -> dict[str, int]:
            return {key.key: key.region.right for key in app.screen.query(FooterKey)}

        await until(pilot, lambda: {"question_mark", "q"} <= last_columns().keys())
        assert 0 < max(last_columns()[key] for key in ("question_mark", "q")) <= size[0]

    drive(cpu, act, Settings(first=screen, runs_dir=cpu.folder), size=size)


def test_a_run_that_has_just_begun_is_opened_live(tmp_path: Path) -> None:
    begun = store.create(tmp_path, "begun", "")

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert column(app, "runs") == [begun.name]
        assert "starting" in screen_text(app)
        await pilot.press("enter")
        await settled(app, pilot)
        assert app.current_mode == Screen.LIVE
        assert app.source_title == begun.name

    drive(None, act, Settings(runs_dir=tmp_path, first=Screen.RUNS))


def test_the_list_is_looked_at_again_while_it_is_open_and_the_cursor_stays(
    cpu: RunSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annt_prof.tui.screens.runs._LOOKS_EVERY_S", 0.05)

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        copied = cpu.folder / "29990101-000000-copied"
        shutil.copytree(cpu.directory, copied)
        await until(pilot, lambda: column(app, "runs") == [copied.name, cpu.title])
        await settled(app, pilot)
        assert sheet(app, "runs").row_key == str(cpu.directory)

    drive(None, act, Settings(runs_dir=cpu.folder, first=Screen.RUNS))


def test_without_a_run_other_screens_say_so() -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await settled(app, pilot)
        assert "no run is open" in screen_text(app)

    drive(None, act, Settings(runs_dir=Path("nowhere"), first=Screen.RUNS))


def test_help_explains_keys_columns_and_words(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.pause()
        words = said(app)
        assert "Columns of 'Variants'" in words
        for column_ in sheet_columns(cpu):
            assert column_ in words
        for word in (*WORDS, *CATEGORIES, *KERNEL_CLASSES):
            assert word in words
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)

    drive(cpu, act, size=(140, 160))


def sheet_columns(source: RunSource) -> list[str]:
    from annt_prof.views.page import Sheet
    from annt_prof.views.screens.overview import build_overview_page

    page = build_overview_page(source, None)
    return [c.title for b in page.blocks if isinstance(b, Sheet) for c in b.columns]


def test_the_screen_and_the_table_are_saved_and_nothing_is_written_over(
    cpu: RunSource, somewhere: Path
) -> None:
    async def act(_: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("s", "s", "S")
        await pilot.pause()

    drive(cpu, act)
    name = f"{cpu.title}-overview"
    assert sorted(path.name for path in somewhere.iterdir()) == sorted(
        [f"{name}.svg", f"{name}-2.svg", f"{name}-variants.csv"]
    )
    assert (somewhere / f"{name}.svg").read_text().startswith("<svg")
    first, second, *_ = (somewhere / f"{name}-variants.csv").read_text().splitlines()
    assert first.startswith("variant,verdict,speedup,interval_low,interval_high,throughput,mean_ns")
    assert str(cpu.run_view.rows[0].step_time.mean_ns) in second.split(",")


def test_read_only_writes_and_starts_nothing(cpu: RunSource, somewhere: Path) -> None:
    async def act(_: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("s", "S", "o")
        await pilot.pause()

    drive(cpu, act, Settings(read_only=True))
    assert not list(somewhere.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_what_cannot_be_saved_is_said(cpu: RunSource, somewhere: Path) -> None:
    somewhere.chmod(0o500)

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("s")
        await pilot.pause()
        assert "cannot be written" in screen_text(app)

    drive(cpu, act)


def test_a_damaged_record_is_a_sentence(cpu: RunSource) -> None:
    (cpu.directory / "run.json").write_text('{"schema_version": 3, "variants": 7')

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "is not the record of a run, or is damaged" in said(app)

    drive(RunSource(cpu.directory), act)


def test_a_newer_record_is_a_sentence(cpu: RunSource) -> None:
    (cpu.directory / "run.json").write_text('{"schema_version": 99}')

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "newer annt-prof" in said(app)

    drive(RunSource(cpu.directory), act)


def test_light_and_dark(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        dark = app.current_theme.dark
        await pilot.press("d")
        assert app.current_theme.dark is not dark

    drive(cpu, act)


def test_with_ascii_nothing_else_is_drawn(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        for keys in ([], ["question_mark"]):
            await pilot.press(*keys)
            await pilot.pause()
            drawn = {c for c in screen_text(app) if not c.isascii()}
            assert not drawn, drawn

    drive(cpu, act, Settings(ascii_only=True), size=(80, 24))


def test_it_begins_at_its_top_and_scrolls_by_keys(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "Not as the scenario asks" in screen_text(app)
        assert sheet(app, "variants").table.has_focus
        await pilot.press(*"jj")
        assert "Not as the scenario asks" not in screen_text(app)
        await pilot.press(*"kk")
        assert "Not as the scenario asks" in screen_text(app)

    drive(cpu, act, size=(80, 16))
