"""What a check has done to each launch beside its windows: traced, compiled anew, decided upon."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from test_session import CPU, ScriptedWorker, crowding, scenario_of

from annt_prof.check.checking import Check
from annt_prof.check.looks import planned
from annt_prof.plan import Factor, Side, plan, plan_against
from annt_prof.runner import crew as crew_module
from annt_prof.runner import further_traces, traced_windows
from annt_prof.runner.gate import Gate
from annt_prof.runner.job import Job
from annt_prof.runner.session import Session
from annt_prof.runner.spans import Span
from annt_prof.runner.traced_windows import TracedWindows
from annt_prof.runner.variant_state import make_states
from annt_prof.runs.record import TracedLaunch
from annt_prof.workers.messages import Failure
from hand_made import breakdown, run
from hand_made_checks import MS, limit, terms

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.loop.messages import Assignment
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.record import VariantRecord
    from annt_prof.scenario.schema import Scenario

SIDE = Side(Path("/their/python"), Path("/tree/src"), Path("/home/us"), Path("/tree"))
OWN = Side(python=Path("/our/python"))


@dataclasses.dataclass
class Seen:
    """What a session did."""

    assignments: list[Assignment] = dataclasses.field(default_factory=list)
    traced: list[tuple[str, int | None]] = dataclasses.field(default_factory=list)

    def of(self, name: str) -> list[Assignment]:
        return [each for each in self.assignments if each.variant.name == name]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    found = Seen()

    def start(_context: object, assignment: Assignment) -> ScriptedWorker:
        found.assignments.append(assignment)
        return ScriptedWorker(None, assignment.variant.name)

    def trace(crew: Any, state: VariantState, *_: object, launch: int | None = None) -> None:
        found.traced.append((state.variant.name, launch))
        crew.end([state])
        if launch is not None:
            traced = TracedLaunch(launch, breakdown(1.0, forward=0.5))
            state.change(traced_launches=(*state.record.traced_launches, traced))

    monkeypatch.setattr(crew_module, "start_training", start)
    monkeypatch.setattr(traced_windows, "trace_variant", trace)
    return found


def job_of(tmp_path: Path, scenario: Scenario, gate: Gate | None = None, **changes: Any) -> Job:
    made = Job(scenario, plan(scenario), CPU, None, tmp_path, tmp_path, gate=gate)
    return dataclasses.replace(made, directory=tmp_path, **changes)


def session_of(job: Job) -> Session:
    session = Session(None, job, lambda _: None)  # type: ignore[arg-type]
    session.prepare()
    return session


def gate(decides: Callable[..., str | None] = lambda *_: None, **changes: Any) -> Gate:
    return Gate({}, decides, **changes)


def four_launches(**changes: Any) -> Scenario:
    window = {"rounds": 4, "rounds_per_launch": 1, "min_launches": 4}
    return scenario_of(techniques={"amp": {}}, window=window | changes)


class TestTraces:
    @pytest.mark.parametrize(("each_one", "launches"), [(True, [0, 1, 2, 3]), (False, [])])
    def test_each_launch_is_traced_at_its_end_where_that_is_held_to_something(
        self, tmp_path: Path, seen: Seen, each_one: bool, launches: list[int]
    ) -> None:
        session = session_of(job_of(tmp_path, four_launches(), gate(traces_each=each_one)))
        session.measure()
        for name in ("baseline", "amp"):
            assert [launch for each, launch in seen.traced if each == name] == launches

    def test_what_was_traced_last_is_not_traced_again(self, tmp_path: Path, seen: Seen) -> None:
        session = session_of(job_of(tmp_path, four_launches(), gate(traces_each=True)))
        session.measure()
        before = len(seen.traced)
        session.trace(tmp_path)
        assert len(seen.traced) == before

    def test_else_the_last_one_is_as_the_run_ends(self, tmp_path: Path, seen: Seen) -> None:
        session = session_of(job_of(tmp_path, four_launches(), gate()))
        session.measure()
        session.trace(tmp_path)
        assert seen.traced == [("baseline", 3), ("amp", 3)]
        assert [each.launch for each in session.records[0].traced_launches] == [3]

    @staticmethod
    def explained(tmp_path: Path, scenario: Scenario, **changes: Any) -> Session:
        """Return a session that has measured, and has something to be explained by traces."""
        session = session_of(job_of(tmp_path, scenario, gate(**changes)))
        session.stop_when(lambda *_: None, lambda _records, launches: launches == 4)
        session.measure()
        return session

    def test_further_launches_are_where_something_is_to_be_explained(
        self, tmp_path: Path, seen: Seen
    ) -> None:
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000))
        started = len(seen.assignments)
        session.trace(tmp_path)
        for name in ("baseline", "amp"):
            assert [n for each, n in seen.traced if each == name] == list(range(3, 10))
        # The last of the timed ones is traced first; none has a window that is timed.
        assert len(seen.assignments) - started == 2 * 6
        assert {window.launch for window in session.records[0].windows} == set(range(4))

    def test_neither_variant_is_always_traced_beside_the_other(
        self, tmp_path: Path, seen: Seen
    ) -> None:
        self.explained(tmp_path, four_launches(time_budget_s=10_000)).trace(tmp_path)
        first = [name for name, _ in seen.traced[::2]]
        assert first == ["amp", "baseline"] * 3 + ["amp"]

    def test_launches_that_take_long_are_fewer(
        self, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000))
        clock = itertools.count(0, 2_200)  # seconds, each time it is looked at
        monkeypatch.setattr(further_traces.time, "monotonic", lambda: float(next(clock)))
        session.trace(tmp_path)
        launches = {launch for _, launch in seen.traced}
        assert 1 < len(launches) < 7

    @pytest.mark.parametrize(
        "failure",
        [
            Failure("crashed", "killed by SIGSEGV", signal="SIGSEGV"),
            Failure("out_of_memory", "CUDA out of memory"),
        ],
    )
    def test_a_process_that_fails_in_one_costs_a_remark_and_no_verdict(
        self, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch, failure: Failure
    ) -> None:
        launched: dict[str, int] = {}

        def start(_context: object, assignment: Assignment) -> ScriptedWorker:
            name = assignment.variant.name
            launched[name] = launched.get(name, 0) + 1
            fails = name == "amp" and launched[name] == 6  # the third that is traced
            return ScriptedWorker(failure if fails else None, name)

        monkeypatch.setattr(crew_module, "start_training", start)
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000))
        session.trace(tmp_path)
        assert [record.status for record in session.records] == ["measured", "measured"]
        assert {name for name, n in seen.traced if n == 4} == {"baseline", "amp"}
        assert max(n for _, n in seen.traced if n is not None) <= 5  # no further one is of use
        assert len(seen.traced) == len(set(seen.traced))  # none is a second one of a launch
        assert not any("one variant's process at a time" in each for each in session.remarks)

    def test_a_trace_that_fails_is_not_asked_for_again_and_again(
        self, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000))
        started = len(seen.assignments)

        def fail(crew: Any, state: VariantState, *_: object, **_named: object) -> None:
            crew.end([state])

        monkeypatch.setattr(traced_windows, "trace_variant", fail)
        session.trace(tmp_path)
        assert len(seen.assignments) - started <= 2

    def test_a_run_that_is_to_stop_traces_no_further_one(
        self, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000))
        trace = traced_windows.trace_variant

        def stopping(*arguments: Any, **named: Any) -> None:
            trace(*arguments, **named)
            session._steering._stops = True

        monkeypatch.setattr(traced_windows, "trace_variant", stopping)
        session.trace(tmp_path)
        assert [n for _, n in seen.traced] == [3, 3]

    @pytest.mark.usefixtures("seen")
    def test_none_compiles_anew(self, tmp_path: Path) -> None:
        """They would be further figures of a budget on compiling, at which nobody is to look."""
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000), compiles_anew=True)
        session.trace(tmp_path)
        for record in session.records:
            assert [each.launch for each in record.first_steps] == [0, 1, 2, 3]

    def test_none_is_where_each_was_traced_already(self, tmp_path: Path, seen: Seen) -> None:
        session = self.explained(tmp_path, four_launches(time_budget_s=10_000), traces_each=True)
        session.trace(tmp_path)
        assert {launch for _, launch in seen.traced} == {0, 1, 2, 3}

    def test_without_a_check_one_launch_alone_is_traced(self, tmp_path: Path, seen: Seen) -> None:
        session = session_of(job_of(tmp_path, four_launches()))
        session.measure()
        assert seen.traced == []
        session.trace(tmp_path)
        assert seen.traced == [("baseline", None), ("amp", None)]
        assert session.records[0].traced_launches == ()

    def test_of_processes_one_after_the_other_only_the_last_is(
        self, tmp_path: Path, seen: Seen, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script = crowding("amp", Failure("out_of_memory", "CUDA out of memory"))
        launched: dict[str, int] = {}

        def start(_context: object, assignment: Assignment) -> ScriptedWorker:
            name = assignment.variant.name
            launched[name] = launched.get(name, -1) + 1
            return ScriptedWorker(script(assignment, launched[name]), name)

        monkeypatch.setattr(crew_module, "start_training", start)
        session = session_of(job_of(tmp_path, four_launches(), gate(traces_each=True)))
        session.measure()
        assert seen.traced == []
        session.trace(tmp_path)
        assert [name for name, _ in seen.traced] == ["baseline", "amp"]

    @pytest.mark.parametrize(
        ("held", "asked", "step_s", "traced"),
        [
            (None, 4, 0.001, 4),
            (gate(), 4, 0.05, 12),  # what grew is told from the mean of some
            (gate(), 4, 0.01, 20),  # and of a tenth of a second, of each of two variants
            (gate(), 4, 0.005, 30),
            (gate(), 4, 0.0001, 30),
            (gate(), 120, 0.001, 120),
            (gate(), 4, 10.0, 5),  # as many as a window has, where more would take too long
        ],
    )
    def test_a_check_traces_some_steps_unless_they_are_slow(
        self, tmp_path: Path, held: Gate | None, asked: int, step_s: float, traced: int
    ) -> None:
        scenario = four_launches(traced_iterations=asked, time_budget_s=100)
        session = Session(None, job_of(tmp_path, scenario, held), lambda _: None)  # type: ignore[arg-type]
        span = Span(5, 0, 1, False, 5 * step_s)
        windows = TracedWindows(session._crew, span, tmp_path, lambda _: None)
        assert windows._iterations == traced
        assert bool(windows.remarks) == (step_s == 10.0)


class TestCompiling:
    def test_each_launch_has_a_folder_and_a_first_step_of_its_own(
        self, tmp_path: Path, seen: Seen
    ) -> None:
        session = session_of(job_of(tmp_path, four_launches(), gate(compiles_anew=True)))
        session.measure()
        for record in session.records:
            assert [(each.launch, each.seconds) for each in record.first_steps] == [
                (launch, 0.001) for launch in range(4)
            ]
            folders = [each.compiled for each in seen.of(record.name)]
            above = tmp_path / "compiled" / record.name
            assert folders == [above / str(launch) for launch in range(4)]

    def test_else_a_later_launch_finds_what_the_first_compiled(
        self, tmp_path: Path, seen: Seen
    ) -> None:
        session = session_of(job_of(tmp_path, four_launches(), gate()))
        session.measure()
        assert {each.compiled for each in seen.of("amp")} == {tmp_path / "compiled" / "amp"}
        assert all(record.first_steps == () for record in session.records)
        assert session.records[0].first_step_s == 0.001


def wobbling(record: VariantRecord) -> VariantRecord:
    """Return it with windows that differ, so that what lies on its limit stays open."""
    windows = tuple(
        msgspec.structs.replace(window, wall_ns=round(window.wall_ns * (1 + (n % 3 - 1) / 50)))
        for n, window in enumerate(record.windows)
    )
    return msgspec.structs.replace(record, windows=windows)


@pytest.mark.usefixtures("seen")
class TestDeciding:
    def test_the_check_ends_the_run_in_place_of_narrow_intervals(self, tmp_path: Path) -> None:
        asked: list[int] = []

        def decides(_records: object, launches: int) -> str | None:
            asked.append(launches)
            return "a budget is broken" if launches == 3 else None

        session = session_of(job_of(tmp_path, four_launches(), gate()))
        session.stop_when(decides, lambda *_: False)
        assert session.measure().text == "a budget is broken"
        assert sorted(set(asked)) == [1, 2, 3]

    def test_a_look_is_counted_once_though_a_session_asks_twice(self, tmp_path: Path) -> None:
        check = Check(terms(limit("step_time", MS, variant="amp")), planned(28))
        asked: list[int] = []

        def decides(records: tuple[VariantRecord, ...], launches: int) -> str | None:
            asked.append(launches)
            return check.decides(run(*map(wobbling, records)), launches)

        session = session_of(
            job_of(tmp_path, four_launches(rounds=8, min_launches=8), gate(decides))
        )
        session.stop_when(decides, lambda *_: False)
        session.measure()
        assert asked.count(5) == 2
        # After 5 and 7 launches, and after the 8 that the run ends with.
        assert check.result(run(*map(wobbling, session.records)), "runs/one").looks == 3


class TestSides:
    """Were one lost, the reference would run the present code, and differ by nothing."""

    @staticmethod
    def job(tmp_path: Path, **techniques: Any) -> Job:
        scenario = scenario_of(techniques=techniques)
        made = plan_against(
            scenario, scenario, Factor("worktree", "main -> now"), side=SIDE, own_side=OWN
        )
        return job_of(tmp_path, scenario, gate(), plan=made, against_reference=True)

    def test_a_state_keeps_the_side_of_its_variant(self, tmp_path: Path) -> None:
        states = make_states(self.job(tmp_path, amp={}, pin_memory={}))
        assert [state.variant.side for state in states] == [SIDE, OWN]
        # What cannot act here is left out of both, and that must not cost the rest of them.
        assert [[c.name for c in state.variant.techniques] for state in states] == [["amp"]] * 2

    def test_every_launch_is_told_whose_code_it_runs(self, tmp_path: Path, seen: Seen) -> None:
        session = session_of(self.job(tmp_path, amp={}))
        session.measure()
        assert len(seen.of("baseline")) > 1
        for assignment in seen.of("baseline"):
            assert assignment.variant.side == SIDE
            assert assignment.search_path == SIDE.search_path
        for assignment in seen.of("worktree"):
            assert (assignment.variant.side, assignment.search_path) == (OWN, tmp_path)
