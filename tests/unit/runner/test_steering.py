"""What people ask of a run while it goes on is done, at the time when it may be."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import pytest
from test_session import ScriptedWorker, scenario_of, started

from annt_prof.compare.comparison import summarise
from annt_prof.compare.pairing import precise_enough
from annt_prof.plan import plan
from annt_prof.runner.epoch_costs import may_ask
from annt_prof.runner.session import Session
from annt_prof.runs.controls import Interrupt, Pause, Resume, Skip, Stop
from annt_prof.runs.events import (
    Activity,
    MeasuringEnded,
    Paused,
    Progressed,
    Resumed,
    VariantSkipped,
    Warned,
    WindowEnded,
)
from annt_prof.views.progress import replayed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runs.controls import Control
    from annt_prof.runs.events import Event

MIX = {"amp": {}, "gradient_clipping": {}}


class Watched:
    """A session whose events are kept, and of which something may be asked as they happen."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: list[Event] = []
        self.traced: list[str] = []
        self._waiting: list[Control] = []
        self._rules: list[tuple[Callable[[Event], bool], Control]] = []
        session._listeners = [self._listen]
        session._steering._controls = self  # type: ignore[assignment]

    def ask(self, *controls: Control) -> None:
        self._waiting += controls

    def ask_at(self, happens: Callable[[Event], bool], control: Control) -> None:
        self._rules.append((happens, control))

    def poll(self) -> tuple[Control, ...]:
        asked, self._waiting = tuple(self._waiting), []
        return asked

    def _listen(self, event: Event) -> None:
        self.events.append(event)
        for rule in [r for r in self._rules if r[0](event)]:
            self._rules.remove(rule)
            self.ask(rule[1])

    def of(self, *kinds: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    @property
    def windows(self) -> dict[str, int]:
        return {record.name: len(record.windows) for record in self.session.records}


@pytest.fixture
def watching(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Watched]:
    """Return what makes a session that is ready to measure three rounds."""
    monkeypatch.setattr("annt_prof.runner.session.precise_enough", lambda *_: False)

    def make(**changes: Any) -> Watched:
        scenario = scenario_of(techniques=MIX, **changes)
        session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), lambda *_: None)
        watched = Watched(session)

        def trace(_crew: object, state: Any, *_: object, **_launch: object) -> None:
            watched.traced.append(state.variant.name)
            state.change(trace="kept")

        monkeypatch.setattr("annt_prof.runner.traced_windows.trace_variant", trace)
        session.prepare()
        return watched

    return make


def end_of(number: int, nth: int = 1) -> Callable[[Event], bool]:
    """The end of the nth window of a round."""
    seen = []

    def happens(event: Event) -> bool:
        if isinstance(event, WindowEnded) and event.round == number:
            seen.append(event)
        return len(seen) == nth

    return happens


def whole(number: int) -> Callable[[Event], bool]:
    """The end of a round."""

    def happens(event: Event) -> bool:
        return isinstance(event, Progressed) and {
            w.round for record in event.variants for w in record.windows
        } == {*range(number + 1)}

    return happens


class Clock:
    """A clock on which everything takes a moment and every sleep a thousand seconds."""

    def __init__(self, then: Callable[[], None]) -> None:
        self.now_s = 0.0
        self._then = then

    def monotonic(self) -> float:
        self.now_s += 0.001
        return self.now_s

    def sleep(self, _seconds: float) -> None:
        self.now_s += 1000.0
        self._then()


def test_a_pause_waits_for_the_end_of_the_round_and_costs_no_budget(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watching()
    clock = Clock(lambda: watched.ask(Resume()))
    monkeypatch.setattr(time, "monotonic", clock.monotonic)
    monkeypatch.setattr(time, "sleep", clock.sleep)
    watched.ask_at(end_of(0), Pause())
    assert watched.session.measure().cause == "rounds"
    kinds = [type(e) for e in watched.events if not isinstance(e, Activity)]
    first = kinds.index(Paused)
    assert kinds[:first].count(WindowEnded) == 4
    assert kinds[first - 1 : first + 3] == [Progressed, Paused, Resumed, WindowEnded]
    assert set(watched.windows.values()) == {3}
    assert all(event.measured_s < 10 for event in watched.of(WindowEnded))
    assert [r for r in watched.session.remarks if "paused" in r] == [
        "paused for 16 min 40 s in all, between launches: no part of what was measured, or of the "
        "time budget"
    ]


THREE_A_LAUNCH = {"rounds": 9, "rounds_per_launch": 3, "min_launches": 3}


def launches(watched: Watched) -> dict[int, int]:
    """The launch of each round."""
    return {w.round: w.launch for record in watched.session.records for w in record.windows}


def noting_relaunches(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return what fills with the windows, pauses and resumptions before each new launch."""
    started: list[int] = []
    monkeypatch.setattr(
        Session,
        "_relaunch",
        lambda *_: started.append(len(watched.of(WindowEnded, Paused, Resumed))),
    )
    return started


def test_a_pause_ends_the_launch_as_what_stood_still_is_cold(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = watching(window=THREE_A_LAUNCH)
    plain.session.measure()
    assert [*launches(plain).values()] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    watched = watching(window=THREE_A_LAUNCH)
    monkeypatch.setattr(time, "sleep", lambda _: watched.ask(Resume()))
    started = noting_relaunches(watched, monkeypatch)
    watched.ask_at(end_of(1), Pause())
    watched.session.measure()
    assert [*launches(watched).values()] == [0, 0, 1, 1, 1, 2, 2, 2, 3]
    assert started[0] == 10  # after eight windows, the pause and its end


def test_a_pause_before_a_launchs_first_round_starts_its_processes_anew(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watching(window=THREE_A_LAUNCH)
    monkeypatch.setattr(time, "sleep", lambda _: watched.ask(Resume()))
    started = noting_relaunches(watched, monkeypatch)
    watched.ask(Pause())
    watched.session.measure()
    assert started[0] == 2
    assert [*launches(watched).values()] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def starts_of(watched: Watched) -> dict[str, list[int]]:
    """The launches in which each variant was asked what an epoch's start costs."""
    return {
        record.name: [start.launch for start in record.epochs.starts]
        for record in watched.session.records
        if record.epochs is not None
    }


def test_a_stop_while_paused_asks_no_cold_process_for_its_epochs_start(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", 6_000_000)
    watched = watching(window=THREE_A_LAUNCH)
    monkeypatch.setattr(time, "sleep", lambda _: watched.ask(Stop()))
    watched.ask_at(end_of(0), Pause())
    assert watched.session.measure().cause == "asked"
    assert len(starts_of(watched)) == 4
    assert all(launches == [0] for launches in starts_of(watched).values())


def test_a_stop_while_epochs_starts_are_timed_asks_for_none_twice(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", 6_000_000)
    watched = watching()
    watched.ask_at(lambda e: isinstance(e, Activity) and e.kind == "timing_epochs", Stop())
    assert watched.session.measure().cause == "asked"
    assert all(launches == [0] for launches in starts_of(watched).values())


def test_what_is_skipped_while_paused_needs_no_further_launch(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watching(window=THREE_A_LAUNCH)
    others = (Skip("amp"), Skip("gradient_clipping"), Skip("all"))
    monkeypatch.setattr(time, "sleep", lambda _: watched.ask(*others, Resume()))
    watched.ask_at(end_of(0), Pause())
    assert watched.session.measure().cause == "no_variant"
    assert set(watched.windows.values()) == {1}


@pytest.mark.parametrize("ends", ["stop", "rounds"])
def test_windows_are_judged_however_measuring_ends(
    watching: Callable[..., Watched], ends: str
) -> None:
    """A long batch that lies in some windows alone counts in the mean, or in no figure."""
    num_rounds = {"stop": 12, "rounds": 5}[ends]
    watched = watching(window={"rounds": num_rounds, "rounds_per_launch": 4, "min_launches": 3})
    session = watched.session
    session._span = dataclasses.replace(session._span, unheld=(97,), at_epoch=False)
    if ends == "stop":
        watched.ask_at(end_of(1, 4), Stop())
    session.measure()
    assert {record.uneven for record in session.records} == {True}


class Budget:
    """A clock by which a round takes 10 s, a launch 50 s, and a look while paused 1000 s."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, watched: Watched) -> None:
        self.now_s = 0.0
        self.began: list[float] = []

        def sleep(_: float) -> None:
            self.now_s += 1000.0
            watched.ask(Resume())

        def slow_round(*arguments: Any) -> None:
            self.now_s += 10.0
            one_round(*arguments)

        def relaunch(session: Session, _order: object) -> None:
            self.now_s += 50.0
            session._launch_s = 50.0

        one_round = Session._round
        monkeypatch.setattr(time, "monotonic", lambda: self.now_s)
        monkeypatch.setattr(time, "sleep", sleep)
        monkeypatch.setattr(Session, "_round", slow_round)
        monkeypatch.setattr(Session, "_relaunch", relaunch)
        watched.session._launch_s = 50.0


LIMITED = {"rounds": 300, "rounds_per_launch": 5, "min_launches": 3, "time_budget_s": 280}


def test_the_launch_after_a_pause_must_lie_within_the_budget(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watching(window=LIMITED)
    Budget(monkeypatch, watched)
    watched.ask_at(lambda e: isinstance(e, WindowEnded) and e.measured_s >= 240, Pause())
    stop = watched.session.measure()
    assert stop.text.startswith("another launch would exceed the time budget")
    assert watched.session._elapsed_s(0.0) <= 280


def test_a_pause_before_the_first_round_costs_the_budget_no_launch(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = []
    for paused in (False, True):
        watched = watching(window=LIMITED)
        with monkeypatch.context() as patched:
            Budget(patched, watched)
            if paused:
                watched.ask(Pause())
            watched.session.measure()
        rounds.append(launches(watched))
    assert rounds[0] == rounds[1]


def test_a_pause_that_is_taken_back_in_the_same_round_is_none(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask_at(end_of(0), Pause())
    watched.ask_at(end_of(0, 2), Resume())
    watched.session.measure()
    assert watched.of(Paused, Resumed) == []
    assert not any("paused" in remark for remark in watched.session.remarks)


@pytest.mark.parametrize("last", [Stop(), Interrupt()])
def test_a_paused_run_can_be_ended(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch, last: Control
) -> None:
    watched = watching()
    clock = Clock(lambda: watched.ask(Skip("amp"), last))
    monkeypatch.setattr(time, "sleep", clock.sleep)
    watched.ask_at(end_of(1), Pause())
    if isinstance(last, Stop):
        stop = watched.session.measure()
        assert (stop.cause, stop.text) == ("asked", "stopped from the dashboard after 2 rounds")
        assert watched.of(VariantSkipped) == [VariantSkipped("amp", 2)]
    else:
        with pytest.raises(KeyboardInterrupt):
            watched.session.measure()
    assert watched.of(Paused, Resumed) == [Paused()]
    assert set(watched.windows.values()) == {2}


def test_a_skipped_variant_keeps_its_figures_and_runs_no_more(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask_at(whole(0), Skip("amp"))
    watched.session.measure()
    watched.session.trace(None)  # type: ignore[arg-type]
    assert watched.windows == {"baseline": 3, "amp": 1, "gradient_clipping": 3, "all": 3}
    assert watched.of(VariantSkipped) == [VariantSkipped("amp", 1)]
    (*_, progressed) = watched.of(Progressed)
    found = {record.name: record for record in progressed.variants}
    assert (found["amp"].status, found["amp"].skipped) == ("measured", True)
    assert found["amp"].speedup is not None
    assert [remark.text for remark in found["amp"].remarks][-1] == (
        "skipped from the dashboard after 1 round: its interval is over these alone, and it is "
        "not traced"
    )
    assert not found["baseline"].skipped
    assert sorted(watched.traced) == ["all", "baseline", "gradient_clipping"]
    state = replayed(watched.events)
    assert "amp" not in state.running
    assert state.last_round_is_whole


def test_what_is_skipped_before_its_first_window_is_not_measured(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask(Skip("amp"), Skip("amp"))
    watched.session.measure()
    record = next(r for r in watched.session.records if r.name == "amp")
    assert (record.status, record.windows) == ("not_measured", ())
    assert record.reason == "skipped from the dashboard before its first window"
    assert watched.of(VariantSkipped) == [VariantSkipped("amp", 0)]


def test_what_all_others_are_compared_with_is_not_skipped(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask(Skip("baseline"), Skip("sdpa\x1b[31m"))
    watched.session.measure()
    assert set(watched.windows.values()) == {3}
    assert [event.text for event in watched.of(Warned)] == [
        "baseline cannot be skipped: the others are compared with it",
        "sdpa\\x1b[31m cannot be skipped: it is no variant of this run",
    ]


def test_intervals_of_what_was_skipped_are_not_waited_for(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    window = {"rounds": 9, "rounds_per_launch": 1, "min_launches": 4}
    watched = watching(window=window)
    monkeypatch.setattr("annt_prof.runner.session.precise_enough", precise_enough)
    watched.ask_at(whole(1), Skip("amp"))
    stop = watched.session.measure()
    assert stop.cause == "precise"
    assert stop.text.startswith("every 95 % interval but those of skipped variants is within ")
    assert watched.windows == {"baseline": 4, "amp": 2, "gradient_clipping": 4, "all": 4}


def test_starts_of_epochs_count_with_what_was_skipped(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", 6_000_000)
    watched = watching()
    watched.ask_at(whole(1), Skip("amp"))
    watched.session.measure()
    assert {r.epochs.counted for r in watched.session.records if r.epochs} == {True}
    assert not any("skipped before" in remark for remark in watched.session.remarks)


def test_what_was_skipped_before_it_was_asked_changes_no_other_figure(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", 6_000_000)
    watched = watching()
    watched.ask_at(end_of(0, 4), Skip("amp"))
    watched.session.measure()
    told = {v.name: v for v in summarise(watched.session.records)}
    assert {n: v.epochs.counted for n, v in told.items() if v.epochs} == {
        "baseline": True, "amp": False, "gradient_clipping": True, "all": True,
    }  # fmt: skip
    assert (told["amp"].speedup, told["amp"].verdict) == (None, None)
    assert told["all"].speedup is not None
    assert told["all"].step_time is not None
    assert told["all"].step_time.epoch_start_ns == 6_000  # of a thousand iterations
    (said,) = [remark for remark in watched.session.remarks if "epoch" in remark]
    assert said.startswith("amp was skipped before it was measured what an epoch's start costs")


def test_only_what_still_runs_is_to_find_room_in_the_budget(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "annt_prof.runner.epoch_costs.reserved_s", lambda asked, *_: float(len(asked) < 4)
    )
    monkeypatch.setattr(ScriptedWorker, "queue", 8)
    watched = watching()
    crew = watched.session._crew
    assert not may_ask(crew, 1)
    crew.named["amp"].change(skipped=True)
    assert may_ask(crew, 1)


def test_what_was_skipped_is_judged_by_the_same_measure_as_the_others(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = watching()
    monkeypatch.setattr("annt_prof.runner.evenness.unequal", lambda windows, _: len(windows) == 3)
    watched.ask_at(whole(0), Skip("amp"))
    watched.session.measure()
    assert {record.uneven for record in watched.session.records} == {True}


def test_a_stop_ends_measuring_before_the_next_window_and_traces(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask_at(end_of(1, 2), Stop())
    stop = watched.session.measure()
    watched.session.trace(None)  # type: ignore[arg-type]
    said = "stopped from the dashboard after 1 round"
    assert (stop.cause, stop.text) == ("asked", said)
    assert watched.of(MeasuringEnded) == [MeasuringEnded("asked", said)]
    assert sorted(watched.windows.values()) == [1, 1, 2, 2]
    (*_, progressed) = watched.of(Progressed)
    assert [len(r.windows) for r in progressed.variants] == [*watched.windows.values()]
    assert sorted(watched.traced) == ["all", "amp", "baseline", "gradient_clipping"]


def test_a_stop_after_the_last_window_of_a_round_starts_no_process(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask_at(end_of(0, 4), Stop())
    num_before = len(watched.of(Activity))
    assert watched.session.measure().text == "stopped from the dashboard after 1 round"
    kinds = {event.kind for event in watched.of(Activity)[num_before:]}
    assert kinds == {"timing", "timing_epochs"}


@pytest.mark.parametrize("nth", [2, 4], ids=["within a round", "after its last window"])
def test_a_stop_in_the_first_launch_still_counts_the_starts_of_epochs(
    watching: Callable[..., Watched], monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", 6_000_000)
    watched = watching()
    watched.ask_at(end_of(0, nth), Stop())
    assert watched.session.measure().cause == "asked"
    timed = [r for r in watched.session.records if r.windows]
    assert len(timed) == nth
    assert all(r.epochs and r.epochs.starts and r.epochs.counted for r in timed)


@pytest.mark.parametrize("begins", [True, False], ids=["before windows", "after a round"])
def test_the_baseline_is_not_measured_alone_once_all_others_are_skipped(
    watching: Callable[..., Watched], begins: bool
) -> None:
    watched = watching()
    for name in ("amp", "gradient_clipping", "all"):
        if begins:
            watched.ask(Skip(name))
        else:
            watched.ask_at(whole(0), Skip(name))
    stop = watched.session.measure()
    said = "nothing is left to compare with baseline"
    assert (stop.cause, stop.text) == ("no_variant", said)
    assert [*watched.windows.values()] == [1] + [0 if begins else 1] * 3


@pytest.mark.parametrize("controls", [(Interrupt(),), (Stop(), Stop())])
def test_an_interrupt_is_as_ctrl_c(
    watching: Callable[..., Watched], controls: tuple[Control, ...]
) -> None:
    watched = watching()
    for control in controls:
        watched.ask_at(end_of(1, 2), control)
    with pytest.raises(KeyboardInterrupt):
        watched.session.measure()
    assert sorted(watched.windows.values()) == [1, 1, 2, 2]


def test_a_stop_before_anything_is_measured_is_as_ctrl_c(
    watching: Callable[..., Watched],
) -> None:
    watched = watching()
    watched.ask(Stop())
    with pytest.raises(KeyboardInterrupt):
        watched.session.measure()


@pytest.mark.parametrize("control", [Stop(), Interrupt()])
def test_what_is_prepared_can_be_interrupted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, control: Control
) -> None:
    scenario = scenario_of(techniques=MIX)
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), lambda *_: None)
    watched = Watched(session)
    watched.ask_at(lambda event: isinstance(event, Activity), control)
    with pytest.raises(KeyboardInterrupt):
        session.prepare()
    assert len(watched.of(Activity)) == 1


def test_skipping_while_tracing_costs_a_trace_alone(watching: Callable[..., Watched]) -> None:
    watched = watching()
    watched.session.measure()
    watched.ask(Skip("gradient_clipping"), Stop())
    watched.session.trace(None)  # type: ignore[arg-type]
    assert watched.traced == ["baseline", "amp", "all"]
    record = next(r for r in watched.session.records if r.name == "gradient_clipping")
    assert record.remarks[-1].text == (
        "skipped from the dashboard after 3 rounds: it is not traced"
    )
    watched.ask(Skip("amp"))  # it has its trace
    watched.session.trace(None)  # type: ignore[arg-type]
    watched.ask(Stop())  # the second one
    with pytest.raises(KeyboardInterrupt):
        watched.session.trace(None)  # type: ignore[arg-type]
    assert len(watched.of(VariantSkipped)) == 1
