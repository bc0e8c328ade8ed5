"""A run directory watched: whether it goes on, damaged lines, and records without a log."""

from __future__ import annotations

import os
import time
from pathlib import Path

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs import store
from annt_prof.runs.digests import digest
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import Event, RunEnded, Started
from annt_prof.runs.signs import sign_of
from annt_prof.scenario.effective import EffectiveValue
from annt_prof.views import live_log
from annt_prof.views.live_log import LiveLog, build_replayed_page
from annt_prof.views.page import Lines, Sheet
from annt_prof.views.screens.building import build_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource
from following import begun, rounds
from following import dead_since_long as log_dead_since_long
from hand_made import cpu_run


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return store.create(tmp_path, "followed", "")


def log_of(directory: Path, events: list[Event]) -> EventLog:
    log = EventLog(directory / "events.jsonl")
    for event in events:
        log.append(event)
    return log


def told(directory: Path) -> str:
    page = build_replayed_page(RunSource(directory))
    block = page.blocks[0]
    assert isinstance(block, Lines)
    return " ".join(line.text for line in block.lines)


def dead_since_long(directory: Path, boot: str | None = None) -> None:
    log_dead_since_long(directory / "events.jsonl", boot)


def test_a_log_is_followed_as_it_grows(directory: Path) -> None:
    log = log_of(directory, begun())
    following = LiveLog(directory)
    assert following.poll()
    assert not following.poll()
    for event in rounds(1):
        log.append(event)
    assert following.poll()
    assert following.state.round == 0
    assert following.standing == "running"
    log.append(RunEnded("complete", "done"))
    following.poll()
    assert following.standing == "ended"


def notes(directory: Path) -> tuple[str, ...]:
    page = build_replayed_page(RunSource(directory))
    return next(b for b in page.blocks if isinstance(b, Sheet) and b.key == "variants").notes


def test_the_precision_is_the_run_s_from_the_first_event_on(directory: Path) -> None:
    started = Started(("baseline", "amp", "all"), 30, 100.0, "alone", precision=0.01)
    log = log_of(directory, [started])
    assert "within ± 1 %" in notes(directory)[-1]
    for event in rounds(1):
        log.append(event)
    store.write(directory, cpu_run())
    assert "within ± 1 %" in notes(directory)[-1]


def test_the_precision_of_an_older_log_is_its_record_s_once_there_is_one(directory: Path) -> None:
    log = log_of(directory, begun())
    assert not any("narrow enough" in note for note in notes(directory))
    for event in rounds(1):
        log.append(event)
    asked = EffectiveValue("window.precision", 0.03, "--set")
    store.write(directory, msgspec.structs.replace(cpu_run(), scenario=(asked,)))
    assert "within ± 3 %" in notes(directory)[-1]


def test_half_a_line_waits_for_its_rest_and_damaged_ones_are_counted(directory: Path) -> None:
    log_of(directory, [*begun(), *rounds(1)])
    path = directory / "events.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3]) + b"{]\n" + b"".join(lines[3:-1]) + lines[-1][:40])
    following = LiveLog(directory)
    following.poll()
    assert following.state.num_progressed == 0
    with path.open("ab") as file:
        file.write(lines[-1][40:])
    following.poll()
    assert following.state.num_progressed == 1
    assert "skipped 1 line that cannot be read" in told(directory)


def test_a_log_that_begins_anew_is_another_run(directory: Path) -> None:
    log_of(directory, [*begun(), *rounds(2)])
    following = LiveLog(directory)
    following.poll()
    log_of(directory, begun())
    following.poll()
    assert following.state.round == -1


def test_a_dead_process_without_a_last_word_is_gone(directory: Path) -> None:
    log_of(directory, [*begun(), *rounds(1)])
    dead_since_long(directory)
    assert "ended without a last word" in told(directory)


def test_what_is_still_written_goes_on_though_its_process_is_not_found(directory: Path) -> None:
    log_of(directory, begun())
    dead_since_long(directory)
    (directory / "telemetry.csv").write_text("time_ns\n")
    following = LiveLog(directory)
    following.poll()
    assert following.standing == "running"


@pytest.mark.parametrize(("boot", "same"), [(None, True), ("another", False), ("", False)])
def test_the_clock_of_samples_is_told_where_it_is_this_machine_s(
    directory: Path, boot: str | None, same: bool
) -> None:
    following = LiveLog(directory)
    assert following.clock_ns is None
    log_of(directory, begun())
    dead_since_long(directory, boot)
    before_ns = time.monotonic_ns()
    following.poll()
    assert (following.clock_ns is not None) == same
    assert not same or before_ns <= (following.clock_ns or 0) <= time.monotonic_ns()


def made_old(directory: Path, boot: str | None = None, seconds: int = 3600) -> None:
    """Make the log that of a process that is gone, all of whose events are that old."""
    dead_since_long(directory, boot)
    path = directory / "events.jsonl"
    header, *lines = path.read_bytes().splitlines()
    for number, line in enumerate(lines):
        written = msgspec.json.decode(line)
        written["at_ns"] -= seconds * 10**9
        written["monotonic_ns"] -= seconds * 10**9
        lines[number] = msgspec.json.encode(written)
    path.write_bytes(b"\n".join([header, *lines, b""]))  # written now, as a copy is


@pytest.mark.parametrize(
    ("boot", "seconds", "standing"),
    [
        (None, 3600, "gone"),
        ("another", 3600, "elsewhere"),
        (None, 20, "gone"),
        ("another", 20, "running"),  # clocks of two machines differ
    ],
)
def test_a_log_that_was_just_copied_is_no_sign_of_life(
    directory: Path, boot: str | None, seconds: int, standing: str
) -> None:
    log_of(directory, begun())
    made_old(directory, boot, seconds)
    (directory / "telemetry.csv").write_text("time_ns\n")
    following = LiveLog(directory)
    following.poll()
    assert following.standing == standing
    assert sign_of(directory) == standing


def test_samples_are_a_sign_of_life_while_a_window_lasts(directory: Path) -> None:
    log_of(directory, begun())
    made_old(directory)
    following = LiveLog(directory)
    following.poll()
    telemetry = directory / "telemetry.csv"
    telemetry.write_text(f"time_ns\n5\n{time.monotonic_ns() - 600 * 10**9}\n")
    assert following.standing == "gone"
    with telemetry.open("a") as file:
        file.write(f"{time.monotonic_ns()}\n")
    assert following.standing == sign_of(directory) == "running"
    with telemetry.open("a") as file:
        file.write("99")  # it is being written
    assert following.standing == sign_of(directory) == "running"


def test_a_run_of_another_machine_may_go_on_or_not(directory: Path) -> None:
    log_of(directory, begun())
    dead_since_long(directory, boot="another")
    assert "on another machine" in told(directory)


def test_a_record_alone_is_shown_and_read_once(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write(directory, cpu_run())
    assert "kept no log of its events" in told(directory)
    following = LiveLog(directory)
    following.take_record()
    log_of(directory, begun())
    following.poll()
    assert following.standing == "running"
    assert not following.state.by_record
    monkeypatch.setattr(live_log, "RunSource", None)  # no record is read before there is one
    assert following.page()


def test_a_directory_that_was_just_made_is_a_run_that_starts(directory: Path) -> None:
    log = LiveLog(directory)
    log.take_record()
    assert log.standing == "running"
    assert log.page().blocks


def test_an_empty_log_beside_a_record_tells_nothing(directory: Path) -> None:
    store.write(directory, cpu_run())
    (directory / "events.jsonl").touch()
    log = LiveLog(directory)
    log.take_record()
    log.poll()
    assert log.standing == "unlogged"


def test_neither_log_nor_record_is_an_error_with_a_sentence(directory: Path) -> None:
    os.utime(directory / "scenario.yaml", (0, 0))  # whatever was to start has not
    with pytest.raises(UserError, match="there is no run here"):
        build_page(Screen.LIVE, RunSource(directory), digest)


def test_other_screens_say_that_nothing_is_measured_yet(directory: Path) -> None:
    log_of(directory, begun())
    with pytest.raises(UserError, match="nothing is measured yet"):
        build_page(Screen.TELEMETRY, RunSource(directory), digest)
