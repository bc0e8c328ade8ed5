"""The live screen: the grid, what comes next, what is known, and how a run stands."""

from __future__ import annotations

import time

import msgspec
import pytest

from annt_prof.runs.events import (
    Activity,
    Event,
    MeasuringEnded,
    Paused,
    Planned,
    Progressed,
    RunEnded,
    VariantLost,
    VariantSkipped,
    Warned,
    WindowEnded,
)
from annt_prof.runs.verdict import Effect, Verdict
from annt_prof.views.live_view import LiveState, live_of_records, live_replayed
from annt_prof.views.page import Block, Chart, Lines, Sheet, Strips, Tone, Tracks
from annt_prof.views.screens.live import Standing, Watch, build_live_page
from following import BEGAN_NS, NAMES, SECOND, begun, logged, records, rounds, timed


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def after(*events: Event) -> LiveState:
    return live_replayed(logged([*begun(), *events]))


def block(state: LiveState, key: str, standing: Standing = "running", **changes: object) -> Block:
    watch = Watch("run", standing, state.last_ns + 5 * SECOND, **changes)
    return next(b for b in build_live_page(state, watch).blocks if b.key == key)


def now(state: LiveState, standing: Standing = "running", **changes: object) -> dict[str, str]:
    lines = block(state, "now", standing, **changes)
    assert isinstance(lines, Lines)
    return {line.label: line.text for line in lines.lines}


def grid(state: LiveState) -> Tracks:
    found = block(state, "rounds")
    assert isinstance(found, Tracks)
    return found


def letters(state: LiveState) -> dict[str, str]:
    return {track.name: track.letters for track in grid(state).tracks}


def cells(state: LiveState, name: str, **changes: object) -> dict[str, str]:
    sheet = block(state, "variants", **changes)
    assert isinstance(sheet, Sheet)
    row = next(row for row in sheet.rows if row.key == name)
    return {c.key: cell.text for c, cell in zip(sheet.columns, row.cells, strict=True)}


def test_the_grid_fills_up() -> None:
    assert letters(after()) == {"baseline": ".", "amp": ".", "all": "."}
    state = after(*rounds(2), *timed("amp", 2), Activity("timing", "all", 2))
    # 7 s for two rounds and a third: 93 s hold all 27 that may come, of which 8 are shown.
    assert letters(state) == {
        "baseline": "##." + "." * 8,
        "amp": "###" + "." * 8,
        "all": "##>" + "." * 8,
    }
    assert [track.text for track in grid(state).tracks] == ["2", "3", "2"]
    assert "3 of at most 30; the time budget holds about 27 more" in grid(state).title


def test_rounds_that_fit_are_the_same_however_many_of_the_windows_are_done() -> None:
    """A round of three windows of 4 s each takes 12 s, as planned: 100 s hold 8, 7 after it."""
    planned = Planned(5, 1, at_epoch=False, round_s=12.0, launches=9, needed=5, enough_s=90)
    events: list[Event] = [planned]
    for place, (number, name) in enumerate((n, v) for n in range(2) for v in NAMES):
        begins, ended = timed(name, number)
        assert isinstance(ended, WindowEnded)
        left = 7 - number
        assert f"holds about {left} more" in grid(after(*events, begins)).title
        events += [begins, msgspec.structs.replace(ended, measured_s=4.0 * (place + 1))]
        assert f"holds about {left} more" in grid(after(*events)).title
        if name == NAMES[-1]:
            events.append(Progressed(records(number + 1)))


def test_launches_are_told_apart_and_numbered() -> None:
    state = after(*rounds(5))
    assert [(s.name, s.num_places) for s in grid(state).stretches][:3] == [
        ("1", 2), ("2", 2), ("3", 2),
    ]  # fmt: skip
    single = live_replayed(logged([*begun(), *rounds(3, rounds_per_launch=1)]))
    assert [s.num_places for s in grid(single).stretches] == [11]
    assert "each is a launch of its own" in grid(single).title


def test_two_rounds_do_not_tell_that_each_is_a_launch() -> None:
    """A launch may hold three of them here: a pause after the first round begins another."""
    found = grid(after(*rounds(2, rounds_per_launch=1)))
    assert "each is a launch of its own" not in found.title
    assert [(s.name, s.num_places) for s in found.stretches][:2] == [("1", 1), ("2", 2)]


def test_who_is_gone_has_a_letter_from_that_round_on() -> None:
    state = after(
        *rounds(2), Activity("timing", "amp", 2), VariantLost("amp", "x"),
        *timed("baseline", 2), VariantSkipped("all", 2), MeasuringEnded("asked", "asked"),
    )  # fmt: skip
    assert letters(state) == {"baseline": "###", "amp": "##x", "all": "##s"}


def test_a_round_without_a_window_has_a_sign_that_claims_no_more() -> None:
    """The variant may have been in that launch: a round breaks off where memory is short."""
    state = after(*rounds(1), *timed("baseline", 1), *timed("baseline", 2))
    assert letters(state)["amp"].startswith("#-.")
    (said,) = (mark.meaning for mark in grid(state).marks if mark.letter == "-")
    assert said == "no window in this round"


def test_a_long_run_shows_its_last_rounds_and_how_many_were_before() -> None:
    events = [event for number in range(300) for event in timed("baseline", number)]
    state = after(*events)
    assert grid(state).num_earlier == 50
    assert len(letters(state)["baseline"]) == 250


def test_what_comes_next_is_told_as_far_as_it_is_known() -> None:
    assert now(after(Activity("timing", "amp", 0)))["next"] == (
        "one of baseline, all, in an order that was drawn for this round"
    )
    one = after(*timed("amp", 0), Activity("timing", "all", 0))
    assert now(one)["next"] == "baseline, then the round is done"
    last = after(*timed("amp", 0), *timed("all", 0), Activity("timing", "baseline", 0))
    assert now(last)["next"].startswith("then the round is done")


def test_what_goes_on_is_told_with_how_long() -> None:
    state = after(Activity("timing", "amp", 0))
    assert now(state)["now"] == "timing amp, round 1 of at most 30, for 5 s"
    assert now(after(*rounds(1), Paused()))["now"] == "paused until it is resumed, for 5 s"


def test_the_budget_is_told() -> None:
    assert now(after(*rounds(2)))["budget"] == (
        "4 % used, 4 s of 100 s; at most 96 s of measuring left"
    )


def test_a_first_round_that_took_longer_than_the_budget_used_more_than_all_of_it() -> None:
    ended = WindowEnded("baseline", 0, 200.0, measured_s=300.0)
    assert now(after(Activity("timing", "baseline", 0), ended))["budget"] == (
        "300 % used, 300 s of 100 s"
    )


def test_variants_have_their_figures() -> None:
    found = cells(after(*rounds(6)), "amp")
    speedup = records(6)[1].speedup
    assert speedup is not None
    assert found["windows"] == "6"
    assert found["last_throughput"] == "200.0"
    assert found["speedup"] == f"{speedup.ratio:.2f}x"
    assert found["interval"] == f"{speedup.low:.2f}x to {speedup.high:.2f}x"
    assert found["now"] == "done"
    table = block(after(*rounds(6)), "variants")
    assert isinstance(table, Sheet)
    (place,) = (n for n, column in enumerate(table.columns) if column.interval)
    ends = {row.key: (row.cells[place].value, row.cells[place].high) for row in table.rows}
    assert ends["amp"] == (speedup.low, speedup.high)
    assert cells(after(*rounds(6)), "baseline")["speedup"] == "-"


def test_a_speedup_has_the_tone_of_the_record_s_verdict() -> None:
    """An interval without 1 shows nothing where the baseline differs from itself by more."""

    def tone(effect: Effect) -> Tone:
        verdict = Verdict(effect, 0.02, 0.5)
        told = tuple(msgspec.structs.replace(v, verdict=verdict) for v in records(6))
        sheet = block(after(*rounds(6), Progressed(told)), "variants")
        assert isinstance(sheet, Sheet)
        row = next(row for row in sheet.rows if row.key == "amp")
        return row.cells[[c.key for c in sheet.columns].index("speedup")].tone

    found = records(6)[1].speedup
    assert found is not None
    assert found.low is not None
    assert found.low > 1
    assert tone(Effect.INCONCLUSIVE) is Tone.UNSURE
    assert tone(Effect.FASTER) is Tone.GOOD
    assert tone(Effect.SLOWER) is Tone.BAD


def test_launches_to_go_are_told_as_what_they_are() -> None:
    few = after(*rounds(2))
    assert cells(few, "amp")["interval"] == "from 3 launches on"
    assert cells(few, "amp")["launches_to_go"] == "at least 4"
    assert cells(after(*rounds(10)), "amp", precision=0.5)["launches_to_go"] == "none"
    assert cells(after(*rounds(6)), "amp", precision=0.5)["launches_to_go"] == "at least 2"
    assert cells(after(*rounds(6)), "amp", precision=0.002)["launches_to_go"].startswith("about ")
    over = after(*rounds(6), RunEnded("complete", "done"))
    assert cells(over, "amp")["launches_to_go"] == "-"


def test_no_launches_are_told_of_a_precision_that_is_not_known() -> None:
    """A record alone, or an older log, may not have it; no other one stands in for it."""

    def notes(**changes: object) -> str:
        sheet = block(after(*rounds(10)), "variants", **changes)
        assert isinstance(sheet, Sheet)
        return " ".join(sheet.notes)

    assert "within ± 1 %" in notes(precision=0.01)
    assert "narrow enough" not in notes()
    assert cells(after(*rounds(10)), "amp")["launches_to_go"] == "-"


def test_step_times_are_strips_from_shortest_to_longest() -> None:
    strips = block(after(*rounds(3)), "steps")
    assert isinstance(strips, Strips)
    first = strips.strips[0]
    windows = records(3)[0].windows
    assert first.lows == tuple(float(min(w.step_ns)) for w in windows)
    assert first.highs == tuple(float(max(w.step_ns)) for w in windows)
    assert first.text.startswith("last ")
    assert " to " in first.range_text


def test_speedups_are_curves_with_their_interval() -> None:
    chart = block(after(*rounds(6)), "speedups")
    assert isinstance(chart, Chart)
    assert [curve.name for curve in chart.curves] == ["amp", "all"]
    curve = chart.curves[0]
    speedup = records(6)[1].speedup
    assert speedup is not None
    assert curve.xs == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    assert (curve.ys[-1], curve.lows[-1], curve.highs[-1]) == (
        speedup.ratio, speedup.low, speedup.high,
    )  # fmt: skip
    assert curve.lows[0] != curve.lows[0]  # NaN: one launch tells no interval
    one = block(after(*rounds(6)), "speedups", chosen="all")
    assert isinstance(one, Chart)
    assert [c.name for c in one.curves] == ["all"]


def test_the_log_has_the_time_of_day_and_its_last_lines() -> None:
    lines = block(after(*(Warned(f"number {n}") for n in range(20))), "log")
    assert isinstance(lines, Lines)
    assert lines.lines[0].text == "10 earlier notices"
    assert lines.lines[-1].text == "warning: number 19"
    at = time.strftime("%H:%M:%S", time.gmtime(BEGAN_NS / 1e9 + len(begun()) + 19))
    assert lines.lines[-1].label == at


@pytest.mark.parametrize(
    ("outcome", "said"),
    [("complete", "2 opens the answer"), ("interrupted", "what was measured is kept, 2 rounds")],
)
def test_the_end_is_told(outcome: str, said: str) -> None:
    state = after(*rounds(2), RunEnded(outcome, "because"))
    assert said in now(state, "ended")["run"]
    assert now(state, "ended")["stopped"] == "because"
    assert "now" not in now(state, "ended")


def test_a_killed_run_says_when_it_was_last_heard_of_and_what_is_kept() -> None:
    text = now(after(*rounds(2)), "gone")["run"]
    assert "ended without a last word after" in text
    assert "what was measured is kept, 2 rounds of it: 2 shows it" in text
    assert "nothing was measured before that" in now(after(), "gone")["run"]
    assert "another machine" in now(after(), "elsewhere")["run"]


def test_a_run_killed_in_its_first_round_says_what_there_is_of_it() -> None:
    state = after(*timed("baseline", 0), *timed("amp", 0), Activity("timing", "all", 0))
    text = now(state, "gone")["run"]
    assert "2 windows of no whole round" in text
    assert "nothing was measured" not in text


def test_nothing_is_timed_any_more_once_the_process_is_gone() -> None:
    state = after(*rounds(1), *timed("baseline", 1), Activity("timing", "amp", 1))

    def row(standing: Standing) -> tuple[str, str]:
        sheet, tracks = block(state, "variants", standing), block(state, "rounds", standing)
        assert isinstance(sheet, Sheet)
        assert isinstance(tracks, Tracks)
        return sheet.rows[1].cells[1].text, tracks.tracks[1].letters

    assert row("running")[0] == "timing"
    assert row("running")[1].startswith("#>")
    assert row("gone") == ("broken off", "#-")


def test_a_run_without_a_log_is_told_by_its_record() -> None:
    state = live_of_records(records(3))
    assert "kept no log of its events" in now(state, "unlogged")["run"]
    assert letters(state) == {"baseline": "###", "amp": "###", "all": "###"}
    assert cells(state, "amp")["now"] == "done"


def test_nothing_known_yet_is_said_and_not_empty() -> None:
    assert now(LiveState())["run"] == "waiting for the run's first event"
    assert grid(LiveState()).empty


def test_lines_that_cannot_be_read_are_counted() -> None:
    assert now(after(), num_damaged=2)["log"] == "skipped 2 lines that cannot be read"
    assert now(after(), num_unknown=1)["log"] == "skipped 1 line that a newer annt-prof wrote"
