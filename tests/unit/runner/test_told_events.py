"""What a run tells as it happens is what its records say in the end."""

from __future__ import annotations

import dataclasses
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from test_question import SCENARIO
from test_session import CPU, ScriptedWorker, scenario_of

from annt_prof.errors import UserError
from annt_prof.plan import plan
from annt_prof.runner import crew as crew_module
from annt_prof.runner import recording
from annt_prof.runner.crew import CrowdedError
from annt_prof.runner.job import Job
from annt_prof.runner.recording import RunRequest
from annt_prof.runner.session import Session
from annt_prof.runs.event_log_reader import EventLogReader
from annt_prof.runs.events import (
    Activity,
    Event,
    MeasuringEnded,
    Progressed,
    RunEnded,
    Started,
    TechniqueLeftOut,
    VariantInapplicable,
    VariantLost,
    VariantsWithheld,
    WindowEnded,
)
from annt_prof.scenario.loading import load
from annt_prof.views.progress import Ending, Position, RunState, replayed, state_after
from annt_prof.windows.messages import TimedRequest
from annt_prof.workers.messages import Failure
from hand_made import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.loop.messages import Assignment
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.windows.messages import Request

    Script = Callable[[Assignment, int], Failure | None]

NO_KERNEL = Failure("not_applicable", "no kernel takes it", "techniques.sdpa")
MIX = {"sdpa": {}, "amp": {}, "gradient_clipping": {}}


class Told(NamedTuple):
    """A session and all that it has told so far."""

    session: Session
    events: list[Event]

    def of(self, *kinds: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    def statuses(self) -> dict[str, str]:
        return {record.name: record.status for record in self.session.records}


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Told]:
    """Return what makes a session of workers that act a script."""
    monkeypatch.setattr("annt_prof.runner.session.precise_enough", lambda *_: False)

    def make(script: Script, mix: dict[str, Any], cores: int = 2, **changes: Any) -> Told:
        launched: dict[str, int] = {}

        def start(_context: object, assignment: Assignment) -> ScriptedWorker:
            name = assignment.variant.name
            launched[name] = launched.get(name, -1) + 1
            return ScriptedWorker(script(assignment, launched[name]), name)

        monkeypatch.setattr(crew_module, "start_training", start)
        scenario = scenario_of(techniques=mix, **changes)
        machine = dataclasses.replace(CPU, num_cores=cores)
        events: list[Event] = []
        job = Job(scenario, plan(scenario), machine, None, tmp_path, tmp_path)
        return Told(Session(None, job, events.append), events)  # type: ignore[arg-type]

    return make


def test_the_plan_is_told_with_the_precision_that_is_asked(
    telling: Callable[..., Told],
) -> None:
    told = telling(unhindered, {"amp": {}})
    told.session.prepare()
    (started,) = told.of(Started)
    assert isinstance(started, Started)
    assert started.precision == told.session.precision


def without_kernel(assignment: Assignment, _launch: int) -> Failure | None:
    named = {chosen.name for chosen in assignment.variant.techniques}
    return NO_KERNEL if "sdpa" in named else None


def test_a_variant_that_goes_on_without_a_technique_is_not_told_as_lost(
    telling: Callable[..., Told],
) -> None:
    told = telling(without_kernel, MIX)
    told.session.prepare()
    assert told.of(VariantLost, VariantInapplicable, TechniqueLeftOut) == [
        VariantInapplicable("sdpa", "no kernel takes it"),
        TechniqueLeftOut("sdpa", ("all",), "no kernel takes it"),
    ]
    told.session.measure()
    assert told.statuses() == {
        "baseline": "measured",
        "sdpa": "not_applicable",
        "amp": "measured",
        "gradient_clipping": "measured",
        "all": "measured",
    }


def test_what_is_refused_alone_is_told_of_every_set_that_is_to_come(
    telling: Callable[..., Told],
) -> None:
    def refusing(assignment: Assignment, _launch: int) -> Failure | None:
        named = [chosen.name for chosen in assignment.variant.techniques]
        return Failure("not_applicable", "nothing is repeated") if named == [last] else None

    last = "activation_checkpointing"
    told = telling(refusing, {"amp": {}, "gradient_clipping": {}, last: {}}, design="leave-one-out")
    told.session.prepare()
    inapplicable = told.of(VariantInapplicable)
    assert inapplicable[0] == VariantInapplicable(last, "nothing is repeated")
    unlike = {name for name, status in told.statuses().items() if status == "not_applicable"}
    assert {event.variant for event in inapplicable} == unlike
    assert "without activation_checkpointing it is the same as amp" in {
        event.reason for event in inapplicable
    }

    told = telling(refusing, {"amp": {}, "gradient_clipping": {}, last: {}}, design="alone")
    told.session.prepare()
    assert told.of(VariantInapplicable, TechniqueLeftOut) == [
        VariantInapplicable(last, "nothing is repeated"),
        TechniqueLeftOut(last, ("all",), "nothing is repeated"),
    ]


@pytest.mark.parametrize("cores", [1, 2, 16])
def test_what_is_refused_beside_others_is_the_same_however_many_are_built_at_once(
    telling: Callable[..., Told], cores: int
) -> None:
    told = telling(
        without_kernel, MIX | {"activation_checkpointing": {}}, cores, design="factorial"
    )
    told.session.prepare()
    reasons = {record.name: record.reason for record in told.session.records}
    assert reasons["all"] == "without sdpa it is the same as all-sdpa"
    assert reasons["all-gradient_clipping"] == (
        "without sdpa it is the same as amp+activation_checkpointing"
    )
    told_of = {event.variant: event.reason for event in told.of(VariantInapplicable)}
    assert told_of == {name: reason for name, reason in reasons.items() if reason is not None}


def crashing_baseline(assignment: Assignment, _launch: int) -> Failure | None:
    return Failure("crashed", "boom") if assignment.variant.name == "baseline" else None


def test_what_a_baseline_that_crashes_takes_with_it_is_told(telling: Callable[..., Told]) -> None:
    told = telling(crashing_baseline, {"amp": {}, "gradient_clipping": {}})
    told.session.prepare()
    assert told.of(VariantLost, VariantsWithheld) == [
        VariantLost("baseline", "boom"),
        VariantsWithheld(
            ("amp", "gradient_clipping", "all"),
            "the baseline crashed, so there is nothing to compare with",
        ),
    ]
    assert replayed(told.events).running == ()
    assert {*told.statuses().values()} == {"crashed", "not_measured"}


def test_what_is_withheld_while_it_is_built_is_not_said_to_be_prepared(
    telling: Callable[..., Told],
) -> None:
    told = telling(crashing_baseline, {"amp": {}, "gradient_clipping": {}}, cores=16)
    crew = told.session._crew
    crew.launch(crew.states)
    assert [event.variant for event in told.of(Activity)] == ["baseline"]


def test_every_preparation_is_counted_once(telling: Callable[..., Told]) -> None:
    told = telling(without_kernel, MIX)
    told.session.prepare()
    states = accumulate(told.events, state_after, initial=RunState())
    positions = dict.fromkeys(s.left for s in states if s.doing and s.doing.kind == "preparing")
    assert [left for left in positions if isinstance(left, Position)] == [
        Position(number, 5) for number in range(1, 6)
    ]


class NoSampler:
    """Samples nothing."""

    note = ""

    def __enter__(self) -> NoSampler:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def recorded(told: Told, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Measure and trace as a recorded run does, in a run directory under ``root``."""

    def record(
        _request: object, directory: Path, notify: Callable[[Event], None]
    ) -> recording.Recorded:
        told.session._listeners = [notify]
        told.session.prepare()
        measured = recording._measure(told.session, directory, run(), NoSampler(), notify)  # type: ignore[arg-type]
        return recording.Recorded(measured, directory)

    monkeypatch.setattr(recording, "_record", record)
    directory = recording.record_run(request(root), told.events.append).directory
    reader = EventLogReader(directory / "events.jsonl")
    assert [logged.event for logged in reader.poll()] == told.events
    assert reader.num_damaged == 0


def request(root: Path) -> RunRequest:
    scenario = root / "made.yaml"
    scenario.write_text(SCENARIO)
    return RunRequest(load(scenario), "cpu", None, root / "runs", root)


def unhindered(_assignment: Assignment, _launch: int) -> Failure | None:
    return None


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_run_that_is_interrupted_while_it_measures_has_an_end(
    telling: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = telling(unhindered, {"amp": {}})

    def in_second_round(_worker: ScriptedWorker) -> int:
        amp, baseline = (told.session._crew.named[name] for name in ("amp", "baseline"))
        if len(baseline.record.windows) > len(amp.record.windows) > 0:
            interrupt()  # a window of the baseline's more
        return 1_000_000

    monkeypatch.setattr(ScriptedWorker, "step_ns", property(in_second_round))
    recorded(told, monkeypatch, tmp_path)
    assert not told.of(MeasuringEnded)
    assert told.events[-1] == RunEnded("interrupted", "interrupted")
    before, state = replayed(told.events[:-2]), replayed(told.events)
    assert [len(record.windows) for record in before.records] == [1, 1]
    assert before.last_round_is_whole
    assert [record.windows for record in state.records] == [
        record.windows for record in told.session.records
    ]
    assert not state.last_round_is_whole
    assert (state.doing, state.left) == (None, None)
    assert state.ended == Ending("interrupted", "interrupted")


def test_a_run_that_is_interrupted_while_it_traces_has_ended_measuring(
    telling: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = telling(unhindered, {"amp": {}})
    monkeypatch.setattr(told.session, "trace", interrupt)
    recorded(told, monkeypatch, tmp_path)
    done = "the 3 rounds that the scenario allows are done"
    assert told.of(MeasuringEnded) == [MeasuringEnded("rounds", done)]
    state = replayed(told.events)
    assert state.measuring_ended == "rounds"
    assert state.ended == Ending("interrupted", f"{done}; interrupted while tracing")


def test_a_complete_run_says_so_once_it_is_written(
    telling: Callable[..., Told], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = telling(unhindered, {"amp": {}})
    monkeypatch.setattr(told.session, "trace", lambda _directory: None)
    recorded(told, monkeypatch, tmp_path)
    done = "the 3 rounds that the scenario allows are done"
    assert Activity("writing") in told.events
    assert told.events[-1] == RunEnded("complete", done)


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (KeyboardInterrupt(), RunEnded("interrupted", "interrupted")),
        (UserError("no such model", where="model.name"), RunEnded("failed", "no such model")),
        (KeyError("gpu"), RunEnded("failed", "KeyError: 'gpu'")),
    ],
)
def test_a_run_that_is_broken_off_has_an_end(
    telling: Callable[..., Told],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: BaseException,
    ended: RunEnded,
) -> None:
    def broken(_assignment: Assignment, _launch: int) -> Failure | None:
        raise error

    told = telling(broken, {"amp": {}})
    with pytest.raises(type(error)):
        recorded(told, monkeypatch, tmp_path)
    assert told.events[-1] == ended


def test_a_round_that_is_cut_short_is_told_as_that(telling: Callable[..., Told]) -> None:
    """The second of three lacks memory in its first window, and later ones are not asked."""
    told = telling(unhindered, {"amp": {}, "gradient_clipping": {}})
    told.session.prepare()
    ask, asked = told.session._crew.ask, []

    def crowded(state: VariantState, request: Request) -> object:
        if isinstance(request, TimedRequest):
            asked.append(state.variant.name)
            if len(asked) == 2:
                raise CrowdedError(state, Failure("out_of_memory", "CUDA out of memory"))
        return ask(state, request)

    told.session._crew.ask = crowded  # type: ignore[method-assign]
    told.session.measure()
    progressed = told.of(Progressed)
    states = [replayed([event]) for event in progressed]
    assert [state.last_round_is_whole for state in states] == [False, True, True]
    assert sorted(len(record.windows) for record in states[0].records) == [0, 0, 0, 1]


def test_what_is_done_is_told_of_the_variant_whose_process_does_it(
    telling: Callable[..., Told], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All processes of a launch are built before the first is warmed up."""
    asked: list[tuple[str, str]] = []
    told = telling(unhindered, {"amp": {}, "gradient_clipping": {}})
    send = ScriptedWorker.send

    def noted(worker: ScriptedWorker, request: Request) -> None:
        (*_, last) = told.of(Activity)
        asked.append((worker.name, type(request).__name__))
        assert last.variant == worker.name
        kinds = {
            "WarmRequest": "warming",
            "TimedRequest": "timing",
            "EpochRequest": "timing_epochs",
        }
        assert last.kind == kinds[type(request).__name__]
        send(worker, request)

    monkeypatch.setattr(ScriptedWorker, "send", noted)
    told.session.prepare()
    told.session.measure()
    assert {kind for _, kind in asked} == {"WarmRequest", "TimedRequest", "EpochRequest"}


def test_nothing_is_measured_on_once_no_variant_is_left(telling: Callable[..., Told]) -> None:
    told = telling(unhindered, {"amp": {}}, window={"rounds": 40, "rounds_per_launch": 4})
    told.session.prepare()
    for state in told.session._crew.states:
        state.worker._failure = Failure("crashed", "boom")
    assert told.session.measure().cause == "no_variant"
    assert len(told.of(Progressed)) == 1


def crowded(assignment: Assignment, launch: int) -> Failure | None:
    """From amp's second process on, beside others, variants live one after the other."""
    lacks = assignment.variant.name == "amp" and launch == 1
    return Failure("out_of_memory", "CUDA out of memory") if lacks else None


@pytest.mark.parametrize("script", [unhindered, without_kernel, crashing_baseline, crowded])
def test_a_run_replays_from_its_log_as_it_was_seen_live(
    telling: Callable[..., Told],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    script: Script,
) -> None:
    told = telling(script, MIX)
    monkeypatch.setattr(told.session, "trace", lambda _directory: None)
    recorded(told, monkeypatch, tmp_path)
    (directory,) = (tmp_path / "runs").iterdir()
    replay = [logged.event for logged in EventLogReader(directory / "events.jsonl").poll()]
    assert list(accumulate(replay, state_after, initial=RunState())) == list(
        accumulate(told.events, state_after, initial=RunState())
    )
    assert replayed(replay).ended is not None


@pytest.mark.parametrize("script", [unhindered, crowded])
def test_every_window_of_a_record_was_told(
    telling: Callable[..., Told],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    script: Script,
) -> None:
    told = telling(script, MIX)
    monkeypatch.setattr(told.session, "trace", lambda _directory: None)
    recorded(told, monkeypatch, tmp_path)
    for record in told.session.records:
        windows = [e.window for e in told.of(WindowEnded) if e.variant == record.name]
        assert tuple(windows) == record.windows
