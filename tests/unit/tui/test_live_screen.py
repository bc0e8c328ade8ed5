"""Live: a log that grows, ends, is damaged or breaks off, and what may be asked of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from driving import column, drive, said, sheet
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from annt_prof.runs import store
from annt_prof.runs.controls import ControlReader, Interrupt, Pause, Resume, Skip, Stop
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import (
    Activity,
    Event,
    Paused,
    Progressed,
    RunEnded,
    Started,
    VariantSkipped,
    Warned,
)
from annt_prof.runs.record import STOP_UNTOLD
from annt_prof.telemetry.columns import COLUMNS
from annt_prof.tui.app import Dashboard
from annt_prof.tui.screens.live import LiveScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.live_log import LiveLog
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from driven import settled, until
from following import begun, dead_since_long, records, rounds, timed
from hand_made import cpu_run, run

LIVE = Settings(first=Screen.LIVE)


class Going:
    """A run that goes on: its directory, and the log that is appended to."""

    def __init__(self, directory: Path) -> None:
        self.source = RunSource(directory)
        self.log = EventLog(directory / "events.jsonl")
        self.asked = ControlReader(directory)

    def tell(self, *events: Event) -> None:
        for event in events:
            self.log.append(event)

    def die(self) -> None:
        dead_since_long(self.source.directory / "events.jsonl")


@pytest.fixture
def going(tmp_path: Path) -> Going:
    return Going(store.create(tmp_path / "runs", "going", ""))


async def look(app: Dashboard, pilot: Pilot[None]) -> None:
    """Have the screen look at the log and all others at the record, as timers do."""
    screen = app.screen
    assert isinstance(screen, LiveScreen)
    screen.look_again()
    app.renew()
    await settled(app, pilot)


def noted(app: Dashboard) -> str:
    """Return what was said beside the screen, the last of it last."""
    return "; ".join(notification.message for notification in app._notifications)


def test_a_log_that_grows_is_followed_to_its_end(going: Going) -> None:
    going.tell(*begun())

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert column(app, "variants") == ["baseline", "amp", "all"]
        assert "0 of at most 30" in said(app)
        going.tell(*rounds(1), Activity("timing", "amp", 1))
        await look(app, pilot)
        assert "timing amp, round 2 of at most 30" in said(app)
        assert column(app, "variants", 1) == ["waiting", "timing", "waiting"]
        assert column(app, "variants", 2) == ["1", "1", "1"]
        going.tell(*rounds(6)[4:], RunEnded("complete", "every interval is narrow"))
        await look(app, pilot)
        assert "2 opens the answer" in said(app)
        assert "every interval is narrow" in said(app)
        assert column(app, "variants", 8) == ["-", "-", "-"]

    going.tell()
    drive(going.source, act, LIVE)


def test_it_looks_by_itself(going: Going) -> None:
    going.tell(*begun())

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        going.tell(Warned("something new"))
        for _ in range(100):
            await pilot.pause(0.1)
            if "something new" in said(app):
                return
        raise AssertionError(said(app))

    drive(going.source, act, LIVE)


def test_before_anything_is_measured_other_screens_say_so_and_later_show_it(going: Going) -> None:
    going.tell(*begun())

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("2")
        await settled(app, pilot)
        assert "nothing is measured yet in this run" in said(app)
        await pilot.press("1")
        store.write(going.source.directory, run(*records(1), complete=False, stop="it runs"))
        going.tell(*rounds(1))
        await look(app, pilot)
        await pilot.press("2")
        await settled(app, pilot)
        assert column(app, "variants") == ["baseline", "amp", "all"]

    drive(going.source, act, LIVE)


def test_pausing_and_going_on(going: Going) -> None:
    going.tell(*begun(), *rounds(1))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("p")
        await pilot.pause()
        assert "it pauses after this round" in noted(app)
        going.tell(Paused())
        await look(app, pilot)
        assert "paused until it is resumed" in said(app)
        await pilot.press("p")
        assert going.asked.poll() == (Pause(), Resume())

    drive(going.source, act, LIVE)


def test_skipping_asks_first_and_never_the_baseline(going: Going) -> None:
    going.tell(*begun(), *rounds(1))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("x")
        await pilot.pause()
        assert "the baseline is never skipped" in noted(app)
        await pilot.press("down", "x")
        await pilot.pause()
        assert "Skip amp?" in said(app)
        await pilot.press("n")
        assert going.asked.poll() == ()
        await pilot.press("x", "y")
        await pilot.pause()
        assert going.asked.poll() == (Skip("amp"),)
        going.tell(VariantSkipped("amp", 1))
        await look(app, pilot)
        assert column(app, "variants", 1)[1] == "skipped"
        await pilot.press("x")
        await pilot.pause()
        assert "amp does not run any more" in noted(app)
        assert going.asked.poll() == ()

    drive(going.source, act, LIVE)


def test_stopping_asks_first_and_a_second_time_ends_at_once(going: Going) -> None:
    going.tell(*begun(), *rounds(1))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await pilot.pause()
        assert "Stop and keep what was measured?" in said(app)
        await pilot.press("escape")
        await pilot.press("t", "y")
        await pilot.pause()
        assert going.asked.poll() == (Stop(),)
        await pilot.press("t")
        await pilot.pause()
        assert going.asked.poll() == (Interrupt(),)

    drive(going.source, act, LIVE)


def asking_keys(app: Dashboard) -> set[str]:
    """Those in the footer that ask something of a run."""
    return {key.key for key in app.screen.query(FooterKey)} & {"p", "x", "t"}


def test_keys_that_ask_are_offered_until_a_run_is_over(going: Going) -> None:
    going.tell(*begun(), *rounds(1))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: asking_keys(app) == {"p", "x", "t"})
        going.tell(RunEnded("complete", "done"))
        assert isinstance(app.screen, LiveScreen)
        app.screen.look_again()
        await until(pilot, lambda: asking_keys(app) == set())

    drive(going.source, act, LIVE)


@pytest.mark.parametrize("key", ["p", "x", "t"])
def test_read_only_asks_nothing(going: Going, key: str) -> None:
    going.tell(*begun(), *rounds(1))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("down", key)
        await pilot.pause()
        assert "read-only: nothing is asked of a run" in noted(app)
        assert going.asked.poll() == ()
        assert asking_keys(app) == set()

    drive(going.source, act, Settings(first=Screen.LIVE, read_only=True))


@pytest.mark.parametrize("key", ["p", "x", "t"])
def test_nothing_is_asked_of_a_run_that_is_over(going: Going, key: str) -> None:
    going.tell(*begun(), *rounds(1), RunEnded("complete", "done"))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("down", key)
        await pilot.pause()
        assert "the run has ended: there is nothing to" in noted(app)
        assert going.asked.poll() == ()
        assert asking_keys(app) == set()

    drive(going.source, act, LIVE)


def test_a_process_that_dies_is_told_while_it_is_watched(going: Going) -> None:
    going.tell(*begun(), *rounds(2))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "last word" not in said(app)
        going.die()
        await look(app, pilot)
        assert "its process ended without a last word" in said(app)
        assert "what was measured is kept, 2 rounds of it: 2 shows it" in said(app)
        await pilot.press("p")
        await pilot.pause()
        assert "the run's process is gone" in noted(app)

    drive(going.source, act, LIVE)


def test_other_screens_say_that_a_run_died_while_it_was_watched(going: Going) -> None:
    going.tell(*begun(), *timed("baseline", 0), Activity("timing", "amp", 0))
    draft = run(*records(0), complete=False, stop=STOP_UNTOLD)
    store.write(going.source.directory, draft)

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert column(app, "variants", 1)[1] == "timing"
        await pilot.press("2")
        await settled(app, pilot)
        assert "INCOMPLETE: still running" in said(app)
        await pilot.press("1")
        going.die()
        await look(app, pilot)
        assert "1 window of no whole round" in said(app)
        assert column(app, "variants", 1)[1] == "broken off"
        await pilot.press("2")
        await settled(app, pilot)
        assert "INCOMPLETE: its process ended without a last word" in said(app)

    drive(going.source, act, LIVE)


def test_damaged_and_half_written_lines_are_no_end(going: Going) -> None:
    going.tell(*begun(), *rounds(1))
    path = going.source.directory / "events.jsonl"
    with path.open("ab") as file:
        file.write(b'\x00\xff damaged\n{"at_ns": 1, "mono')

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "skipped 1 line that cannot be read" in said(app)
        assert column(app, "variants", 2) == ["1", "1", "1"]

    drive(going.source, act, LIVE)


def test_a_foreign_log_is_no_traceback(going: Going) -> None:
    (going.source.directory / "events.jsonl").write_bytes(b"\x89PNG\r\n\x1a\n" * 3)

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "that cannot be read" in said(app)

    drive(going.source, act, LIVE)


def test_a_newer_log_says_so(going: Going) -> None:
    (going.source.directory / "events.jsonl").write_bytes(b'{"version": 99}\n')

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "was written by a newer annt-prof" in said(app)

    drive(going.source, act, LIVE)


def test_names_with_markup_and_control_characters_are_data(going: Going) -> None:
    hostile = "[red]a[/red]\x1b[31m"
    going.tell(Started(("baseline", hostile), 3, 9.0, "alone"), Warned("[link=x]click[/link]\x07"))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "[red]a[/red]\\x1b[31m" in said(app)
        assert "[link=x]click[/link]\\x07" in said(app)
        await pilot.press("down", "x")
        await pilot.pause()
        assert "Skip [red]a[/red]\\x1b[31m?" in said(app)
        await pilot.press("y")
        await pilot.pause()
        assert going.asked.poll() == (Skip(hostile),)

    drive(going.source, act, LIVE)


def test_a_run_without_a_log_shows_its_record(cpu: RunSource) -> None:
    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        assert "this run kept no log of its events" in said(app)
        assert column(app, "variants", 2) == [str(len(v.windows)) for v in cpu_run().variants]
        await pilot.press("p")
        await pilot.pause()
        assert "the run is over" in noted(app)

    drive(cpu, act, LIVE)


def test_another_run_is_followed_once_it_is_opened(going: Going, cpu: RunSource) -> None:
    going.tell(*begun())

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        app.show(cpu)
        await settled(app, pilot)
        assert "this run kept no log of its events" in said(app)

    drive(going.source, act, LIVE)


def test_the_chart_is_of_the_variant_at_the_cursor_which_stays(going: Going) -> None:
    going.tell(*begun(), *rounds(4))

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await pilot.press("down", "down")
        await settled(app, pilot)
        assert "Speedup of all with its 95 % interval" in said(app)
        going.tell(*timed("amp", 4), Progressed(records(5)))
        await look(app, pilot)
        assert sheet(app, "variants").row_key == "all"
        assert "Speedup of all with its 95 % interval" in said(app)

    drive(going.source, act, LIVE, size=(120, 100))


def sampled(going: Going, end_ns: int) -> None:
    """Have two seconds of samples that end then."""
    row = {"gpu_utilisation_percent": 97, "gpu_throttle_bits": 4}
    lines = [
        ",".join(str({"time_ns": end_ns - i * 40_000_000, **row}.get(c, "")) for c in COLUMNS)
        for i in reversed(range(50))
    ]
    path = going.source.directory / "telemetry.csv"
    path.write_text("\n".join([",".join(COLUMNS), *lines]) + "\n")


CLOCK_NS = 10**15


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets by how many seconds the machine's clock is later than it was."""

    def later(seconds: float) -> None:
        now_ns = CLOCK_NS + int(seconds * 1e9)
        monkeypatch.setattr(LiveLog, "clock_ns", now_ns)

    later(0)
    return later


def test_telemetry_moves_while_the_run_goes_on(
    going: Going, clock: Callable[[float], None]
) -> None:
    going.tell(*begun(), *rounds(1))
    sampled(going, CLOCK_NS)

    async def act(app: Dashboard, pilot: Pilot[None]) -> None:
        await look(app, pilot)
        assert "The last 60 s" in said(app)
        assert "97 %" in said(app)
        assert "now: clocks limited by software power cap" in said(app)
        clock(55.0)  # and nothing is sampled any more
        await look(app, pilot)
        assert "97 %" not in said(app)
        assert "last 55 s ago" in said(app)
        assert "now: clocks" not in said(app)
        clock(80.0)
        await look(app, pilot)
        assert "nothing was sampled in this time" in said(app)
        sampled(going, CLOCK_NS + 80 * 10**9)
        await look(app, pilot)
        assert "97 %" in said(app)

    drive(going.source, act, LIVE, size=(120, 100))


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_every_size_shows_what_goes_on(
    going: Going, size: tuple[int, int], ascii_only: bool
) -> None:
    going.tell(*begun(), *rounds(3), Activity("timing", "all", 3))

    async def act(app: Dashboard, _: Pilot[None]) -> None:
        assert "timing all, round 4" in said(app)
        assert not ascii_only or "⣿" not in said(app)

    drive(going.source, act, Settings(first=Screen.LIVE, ascii_only=ascii_only), size)
