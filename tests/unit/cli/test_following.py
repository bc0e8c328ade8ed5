"""A run that another process measures is shown until it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from annt_prof.cli import following
from annt_prof.cli.following import follow
from annt_prof.runs.event_log import EventLog
from annt_prof.runs.events import Activity, Estimated, RunEnded, Started, Warned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENDED = RunEnded("complete", "done")


class Process:
    """Does something each time it is asked whether it lives, and nothing once that is used up."""

    def __init__(self, *steps: Callable[[], object]) -> None:
        self._steps = list(steps)

    def poll(self) -> int | None:
        if not self._steps:
            return 0
        self._steps.pop(0)()
        return None


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def test_what_happened_before_and_after_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    log.append(Started(("baseline",), 3, 60.0, "alone"))
    log.append(Warned("before"))
    process = Process(
        lambda: log.append(Estimated(72.0, 12e9, 6, 5, 44)),
        lambda: log.append(Warned("after")),
        lambda: log.append(ENDED),
        lambda: log.append(Warned("never")),
    )
    assert follow(tmp_path, process) == ENDED  # type: ignore[arg-type]
    told = capsys.readouterr().err
    places = [told.index(said) for said in ("warning: before", "12 s; about", "warning: after")]
    assert places == sorted(places)
    assert "never" not in told


@pytest.mark.parametrize("ended", [None, ENDED])
def test_a_process_that_is_gone_is_waited_for_no_longer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ended: RunEnded | None
) -> None:
    log = EventLog(tmp_path / "events.jsonl")

    def last() -> None:
        log.append(Warned("last words"))
        if ended is not None:
            log.append(ended)

    class Dying(Process):
        def poll(self) -> int | None:
            last()
            return -9

    assert follow(tmp_path, Dying()) == ended  # type: ignore[arg-type]
    assert "warning: last words" in capsys.readouterr().err


def test_a_run_that_has_told_nothing_yet_is_waited_for(tmp_path: Path) -> None:
    def begin() -> None:
        log = EventLog(tmp_path / "events.jsonl")
        log.append(Activity("starting"))
        log.append(ENDED)

    assert follow(tmp_path, Process(lambda: None, begin)) == ENDED  # type: ignore[arg-type]
    assert following.EVENTS_FILE == "events.jsonl"
