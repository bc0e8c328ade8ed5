"""What is logged of a run is what was told of it, however the file is read."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.runs.event_lines import EVENTS_VERSION
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.event_log_reader import EventLogReader, alive, has_ended
from annt_prof.runs.events import (
    Activity,
    Progressed,
    RunEnded,
    Started,
    VariantLost,
    Warned,
    WindowEnded,
)
from hand_made import cpu_run, lost, variant, window

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.runs.events import Event


def ended(name: str, number: int, ms: float = 10.0) -> WindowEnded:
    timed = window(number, ms)
    return WindowEnded(name, number, 100.0, float(number), timed)


def progressed(*windows: WindowEnded) -> Progressed:
    whole = tuple(each.window for each in windows)
    return Progressed((msgspec.structs.replace(variant("baseline", []), windows=whole),))


ROUNDS = [ended("baseline", number) for number in range(3)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def logged(path: Path, *events: Event) -> EventLog:
    log = EventLog(path)
    for event in events:
        log.append(event)
    return log


def replayed(reader: EventLogReader) -> list[Event]:
    return [each.event for each in reader.poll()]


def test_what_is_replayed_is_what_was_told(path: Path) -> None:
    whole = cpu_run().variants
    events: list[Event] = [
        Started(("baseline", "amp"), 3, 60.0, "alone"),
        *(ended(v.name, w.round) for v in whole for w in v.windows),
        VariantLost("all", "no\nmemory"),
        Progressed(whole),
        RunEnded("complete", "done"),
    ]
    before = time.time_ns(), time.monotonic_ns()
    logged(path, *events)
    read = EventLogReader(path).poll()
    assert [each.event for each in read] == events
    stamps = [(each.at_ns, each.monotonic_ns) for each in read]
    assert before < stamps[0] < stamps[-1] < (time.time_ns(), time.monotonic_ns())


def test_a_window_is_logged_once_however_many_rounds_follow(path: Path) -> None:
    events = [e for i in range(3) for e in (ROUNDS[i], progressed(*ROUNDS[: i + 1]))]
    logged(path, *events)
    assert path.read_text().count('"wall_ns"') == 3
    assert replayed(EventLogReader(path)) == events


@pytest.mark.parametrize(
    "windows",
    [
        (),
        ROUNDS[:1],
        [*ROUNDS, ended("baseline", 3)],
        [ROUNDS[0], ROUNDS[2]],
        [ended("baseline", 7), *ROUNDS],
    ],
    ids=["of a fresh record", "fewer", "one that was not told", "without one", "others before"],
)
def test_records_are_whole_whichever_windows_they_hold(path: Path, windows: list) -> None:
    events = [*ROUNDS, progressed(*windows), progressed(*ROUNDS)]
    logged(path, *events)
    assert replayed(EventLogReader(path)) == events


def test_only_what_is_new_is_returned(path: Path) -> None:
    reader = EventLogReader(path)
    assert reader.poll() == ()
    log = logged(path, Warned("one"))
    assert replayed(reader) == [Warned("one")]
    assert reader.poll() == ()
    log.append(Warned("two"))
    log.append(Warned("three"))
    assert replayed(reader) == [Warned("two"), Warned("three")]


def test_a_line_that_is_being_written_waits_for_its_rest(path: Path) -> None:
    logged(path, Warned("one"), Warned("twö"))
    whole = path.read_bytes()
    reader, found = EventLogReader(path), []
    path.write_bytes(b"")
    for byte in range(len(whole)):
        with path.open("ab") as file:
            file.write(whole[byte : byte + 1])
        found += replayed(reader)
    assert found == [Warned("one"), Warned("twö")]
    assert (reader.num_damaged, reader.num_replaced) == (0, 0)


@pytest.mark.parametrize("damage", [b"{", b"\xff\xfe", b"", b'{"at_ns": 1}', b"[" * 5000, b"null"])
def test_a_damaged_line_costs_itself_alone(path: Path, damage: bytes) -> None:
    log = logged(path, Warned("one"))
    with path.open("ab") as file:
        file.write(damage + b"\n")
    log.append(Warned("two"))
    reader = EventLogReader(path)
    assert replayed(reader) == [Warned("one"), Warned("two")]
    assert (reader.num_damaged, reader.num_unknown) == (1, 0)


def test_what_a_newer_program_added_is_passed_over(path: Path) -> None:
    log = logged(path, Warned("one"))
    lines = [
        b'{"at_ns":1,"monotonic_ns":1,"event":{"type":"Rejoiced","why":"spring"}}',
        b'{"at_ns":1,"monotonic_ns":1,"event":{"type":"Warned","text":"two","loud":true}}',
    ]
    with path.open("ab") as file:
        file.write(b"\n".join(lines) + b"\n")
    log.append(Warned("three"))
    reader = EventLogReader(path)
    assert replayed(reader) == [Warned("one"), Warned("two"), Warned("three")]
    assert (reader.num_damaged, reader.num_unknown) == (0, 1)


def test_a_plan_that_was_logged_before_its_precision_was_told_is_read(path: Path) -> None:
    logged(path, Started(("baseline", "amp"), 3, 60.0, "alone", precision=0.01))
    older = path.read_text().replace(',"precision":0.01', "")
    assert "precision" not in older
    path.write_text(older)
    assert replayed(EventLogReader(path)) == [Started(("baseline", "amp"), 3, 60.0, "alone", None)]


def test_another_format_is_refused(path: Path) -> None:
    path.write_text(f'{{"version": {EVENTS_VERSION + 1}}}\n')
    with pytest.raises(UserError, match="newer annt-prof") as raised:
        EventLogReader(path).poll()
    assert raised.value.where == str(path)
    assert raised.value.hint == "pip install --upgrade annt-prof"


def test_another_format_is_refused_until_another_file_is_there(path: Path) -> None:
    logged(path, Warned("one"))
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(f'{{"version": {EVENTS_VERSION + 1}}}\n'.encode() + rest)
    reader = EventLogReader(path)
    for more in (b"", b"", rest):
        with path.open("ab") as file:
            file.write(more)
        with pytest.raises(UserError, match="newer annt-prof"):
            reader.poll()
    path.unlink()
    logged(path, Warned("two"))
    assert replayed(reader) == [Warned("two")]


def test_a_damaged_header_costs_no_event(path: Path) -> None:
    logged(path, Warned("one"))
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(b"{\n" + rest)
    reader = EventLogReader(path)
    assert replayed(reader) == [Warned("one")]
    assert (reader.header, reader.num_damaged) == (None, 1)


@pytest.mark.parametrize("more", [0, 40])
def test_another_file_in_its_place_is_read_from_its_start(path: Path, more: int) -> None:
    reader = EventLogReader(path)
    logged(path, *ROUNDS, progressed(*ROUNDS), Warned("old"))
    reader.poll()
    events = [ROUNDS[0], progressed(ROUNDS[0]), *[Warned("new")] * more]
    logged(path, *events)
    other = path.read_bytes().replace(b'"pid":', b'"pid":1', 1)  # as of another run
    path.write_bytes(other)
    assert replayed(reader) == events
    assert reader.num_replaced == 1


def test_a_file_that_was_cut_is_read_from_its_start(path: Path) -> None:
    logged(path, Warned("one"), Warned("two"))
    reader = EventLogReader(path)
    reader.poll()
    header, first, _ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + first)
    assert replayed(reader) == [Warned("one")]
    assert reader.num_replaced == 1


def test_it_tells_whether_its_run_lives(path: Path) -> None:
    logged(path)
    reader = EventLogReader(path)
    reader.poll()
    assert reader.header is not None
    assert reader.header.process.pid == os.getpid()
    assert alive(reader.header)


def test_a_file_that_cannot_be_made_costs_no_run(tmp_path: Path) -> None:
    log = logged(tmp_path / "none" / "events.jsonl", Activity("starting"))
    assert log.failure == (
        "what happens is no longer kept for others to follow: No such file or directory"
    )


@pytest.mark.parametrize("short", [False, True], ids=["refused", "cut short"])
def test_a_full_disk_ends_the_log_and_no_run(
    path: Path, monkeypatch: pytest.MonkeyPatch, short: bool
) -> None:
    log = logged(path, Warned("one"))
    write = os.write

    def full(descriptor: int, line: bytes) -> int:
        if short:
            return write(descriptor, line[:20])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    log.append(Warned("two"))
    monkeypatch.setattr(os, "write", write)
    log.append(Warned("three"))
    assert log.failure is not None
    assert replayed(EventLogReader(path)) == [Warned("one")]


def test_what_is_no_text_ends_the_log_and_no_run(path: Path) -> None:
    log = logged(path, VariantLost("amp", "\udcff"))
    assert log.failure is not None
    assert EventLogReader(path).poll() == ()


def test_a_lost_variant_keeps_its_windows(path: Path) -> None:
    record = lost("amp", "crashed", "boom", windows=(window(0, 10.0),))
    events = [ended("amp", 0), Progressed((record,))]
    logged(path, *events)
    assert replayed(EventLogReader(path)) == events


def test_a_run_has_ended_once_its_last_word_is_logged(path: Path) -> None:
    assert not has_ended(path.parent)
    log = logged(path, *ROUNDS)
    assert not has_ended(path.parent)
    log.append(RunEnded("complete", "the rounds are done"))
    assert has_ended(path.parent)
    with path.open("a") as file:
        file.write('{"at_ns": 1, "half')
    assert not has_ended(path.parent)
