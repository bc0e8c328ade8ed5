"""Which variants a failure costs, told by workers that act a script."""

from __future__ import annotations

import dataclasses
import math
import random
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from annt_prof.compare.pairing import precise_enough
from annt_prof.errors import UserError
from annt_prof.machine.machine import Machine
from annt_prof.plan import plan, plan_pair
from annt_prof.remarks import Remark, Source
from annt_prof.runner import crew as crew_module
from annt_prof.runner import evenness
from annt_prof.runner.evenness import period_of
from annt_prof.runner.job import Job
from annt_prof.runner.obstacles import obstacles
from annt_prof.runner.pacing import Stop
from annt_prof.runner.preparation import _pace
from annt_prof.runner.session import Session
from annt_prof.runs.events import VariantLost
from annt_prof.runs.record import TimedWindow
from annt_prof.scenario.effective import Replaced, Substitution
from annt_prof.scenario.pair import compare
from annt_prof.scenario.schema import Scenario
from annt_prof.techniques import registry
from annt_prof.techniques.evidence import Baseline
from annt_prof.windows.messages import (
    Built,
    EpochReply,
    EpochRequest,
    Prepared,
    TimedReply,
    TimedRequest,
    WarmRequest,
)
from annt_prof.workers.messages import Failure
from annt_prof.workers.process import WorkerLost

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.loop.messages import Assignment
    from annt_prof.techniques.technique import Technique
    from annt_prof.windows.messages import Reply, Request
    from annt_prof.workers.messages import LossKind

    Script = Callable[[Assignment, int], Failure | None]

CPU = Machine("cpu", "A CPU", 0, 2, native_bfloat16=True)
MS = 1_000_000
FACTORY = Failure("user_error", "the factory fails", "model.name", "mend it")


@pytest.fixture(autouse=True)
def never_precise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted windows are all alike, so that their intervals have no width."""
    monkeypatch.setattr("annt_prof.runner.session.precise_enough", lambda *_: False)


class ScriptedWorker:
    """Replies as a worker does, unless the script says that its process fails as it starts."""

    epoch_start_ns = 0
    queue = 0
    step_ns = MS
    per_epoch = 1000
    fails_after: float = math.inf  # iterations
    fails_warming: Failure | None = None
    substitutions: tuple[Substitution, ...] = ()
    asked: list[TimedRequest] = []  # noqa: RUF012 - replaced by the test that looks
    warmed: list[tuple[str, int]] = []  # noqa: RUF012 - likewise

    def __init__(self, failure: Failure | None, name: str, accumulation: int = 1) -> None:
        self._failure = failure
        self.name = name
        self.lived = 0
        self._accumulation = accumulation
        self._request: Request | None = None

    def send(self, request: Request) -> None:
        self._request = request

    def receive(self) -> Reply:
        if self._failure is not None:
            raise WorkerLost(self._failure)
        match self._request:
            case None:
                return Built(self.substitutions)
            case WarmRequest() as warming:
                if self.fails_warming is not None:
                    raise WorkerLost(self.fails_warming)
                self.warmed.append((self.name, warming.look))
                return Prepared(
                    (),
                    self._accumulation,
                    0.001,
                    step_ns=(self.step_ns,),
                    queue=self.queue,
                    per_epoch=self.per_epoch,
                )
            case EpochRequest():
                return EpochReply(self.epoch_start_ns)
            case TimedRequest() as asked:
                self.asked.append(asked)
                self.lived += asked.switch_in + asked.iterations
                if self.lived > self.fails_after:
                    raise WorkerLost(Failure("out_of_memory", "CUDA out of memory"))
                count = asked.iterations
                window = TimedWindow(
                    round=asked.round,
                    position=asked.position,
                    started_ns=0,
                    ended_ns=count * self.step_ns,
                    step_ns=(self.step_ns,) * count,
                    iterations=count,
                    samples=4 * count,
                    wall_ns=count * self.step_ns,
                    launch=asked.launch,
                    first_iteration=self.lived - count,
                )
                return TimedReply(window, None, "host process")
        raise AssertionError(self._request)

    def end(self) -> None:
        pass

    def kill(self) -> None:
        pass


def started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, scenario: Scenario, plan: Any, script: Script
) -> tuple[Session, list[VariantLost]]:
    launched: dict[str, int] = {}

    def start(_context: object, assignment: Assignment) -> ScriptedWorker:
        name = assignment.variant.name
        launched[name] = launched.get(name, -1) + 1
        return ScriptedWorker(script(assignment, launched[name]), name)

    monkeypatch.setattr(crew_module, "start_training", start)
    job = Job(scenario, plan, CPU, None, tmp_path, tmp_path)
    lost: list[VariantLost] = []

    def listen(event: object) -> None:
        if isinstance(event, VariantLost):
            lost.append(event)

    return Session(None, job, listen), lost  # type: ignore[arg-type]


def scenario_of(**changes: Any) -> Scenario:
    window = {"rounds": 3, "rounds_per_launch": 1, "min_launches": 2}
    base = {
        "model": {"source": "torchvision", "name": "resnet18"},
        "dataset": {"name": "digits", "batch_size": 4},
        "window": window,
    }
    return Scenario.model_validate(base | changes)


def prepared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Session:
    """Return a session of a baseline and amp, of which nothing fails, ready to measure."""
    scenario = scenario_of(techniques={"amp": {}})
    session, _ = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    return session


MIX = {"amp": {}, "activation_checkpointing": {}, "gradient_clipping": {}}


def test_a_factory_that_fails_at_a_later_launch_costs_its_variant_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def script(assignment: Assignment, launch: int) -> Failure | None:
        return FACTORY if launch == 1 and assignment.variant.name == "amp" else None

    scenario = scenario_of(techniques={"amp": {}})
    session, lost = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    session.measure()
    baseline, amp = session.records
    assert (amp.status, amp.reason) == ("crashed", "the factory fails")
    assert [len(each.windows) for each in (baseline, amp)] == [3, 1]
    assert [event.variant for event in lost] == ["amp"]


@pytest.mark.parametrize("kind", ["crashed", "out_of_memory"])
def test_what_was_replaced_is_known_of_a_run_whose_first_step_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: LossKind
) -> None:
    replaced = Substitution("cifar10", "a stand-in", "timing alone", Replaced.DATA, "cifar10")
    monkeypatch.setattr(ScriptedWorker, "substitutions", (replaced,))
    monkeypatch.setattr(ScriptedWorker, "fails_warming", Failure(kind, "boom"))
    scenario = scenario_of(techniques={"amp": {}})
    session, lost = started(monkeypatch, tmp_path, scenario, plan(scenario), lambda *_: None)
    session.prepare()
    assert lost[0].variant == "baseline"
    assert session.substitutions == (replaced,)


@pytest.mark.parametrize("variant", ["baseline", "amp"])
def test_a_scenario_that_cannot_be_built_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variant: str
) -> None:
    def script(assignment: Assignment, _launch: int) -> Failure | None:
        return FACTORY if assignment.variant.name == variant else None

    scenario = scenario_of(techniques={"amp": {}})
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    with pytest.raises(UserError, match="the factory fails") as raised:
        session.prepare()
    assert (raised.value.where, raised.value.hint) == ("model.name", "mend it")


def refusing(*names: str) -> Script:
    def script(assignment: Assignment, _launch: int) -> Failure | None:
        refused = any(chosen.name in names for chosen in assignment.variant.techniques)
        return Failure("not_applicable", "nothing is repeated") if refused else None

    return script


def test_what_the_model_refuses_is_left_out_of_every_variant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scenario = scenario_of(techniques=MIX, design="factorial")
    script = refusing("activation_checkpointing")
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    found = {each.name: each for each in session.records}
    alone, whole = found["activation_checkpointing"], found["all"]
    assert (alone.status, alone.reason) == ("not_applicable", "nothing is repeated")
    assert alone.left_out == {"activation_checkpointing": "nothing is repeated"}
    sets = {each.factors for each in session.records if each.status == "measured"}
    assert sets == {(), ("amp",), ("gradient_clipping",), ("amp", "gradient_clipping")}
    assert (
        whole.reason
        == "without activation_checkpointing it is the same as all-activation_checkpointing"
    )


def test_a_sampled_designs_orders_lose_what_the_model_refuses(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scenario = scenario_of(techniques=MIX, design="sampled")
    script = refusing("activation_checkpointing")
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    assert session.orders
    assert all(set(order) == {"amp", "gradient_clipping"} for order in session.orders)


def test_what_the_baseline_itself_refuses_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def script(_assignment: Assignment, _launch: int) -> Failure | None:
        return Failure("not_applicable", "a batch of 65 needs more samples")

    scenario = scenario_of(techniques=MIX)
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    with pytest.raises(UserError, match="a batch of 65"):
        session.prepare()


def test_measuring_ends_once_the_intervals_are_narrow(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("annt_prof.runner.session.precise_enough", precise_enough)
    scenario = scenario_of(
        techniques={"amp": {}}, window={"rounds": 8, "rounds_per_launch": 1, "min_launches": 4}
    )
    session, _ = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    stop = session.measure()
    assert stop.cause == "precise"
    assert stop.text.startswith("every 95 % interval is within ± ")
    assert stop.text.endswith(" after 4 rounds in 4 launches")
    assert [len(record.windows) for record in session.records] == [4, 4]


SECOND = {"dataset": {"name": "digits", "batch_size": 8, "image_size": 64}}


def failing_for(*paths: str) -> Script:
    def script(assignment: Assignment, _launch: int) -> Failure | None:
        return FACTORY if {c.path for c in assignment.variant.changes} == set(paths) else None

    return script


def test_a_set_between_two_scenarios_that_cannot_be_built_is_a_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = compare(scenario_of(), scenario_of(**SECOND))
    script = failing_for("dataset.image_size")
    session, _ = started(monkeypatch, tmp_path, pair.first, plan_pair(pair), script)
    session.prepare()
    found = {each.name: each for each in session.records}
    lost = found["dataset.image_size"]
    assert (lost.status, lost.reason) == ("not_applicable", "the factory fails")
    assert found["all"].factors == ("dataset.image_size", "dataset.batch_size")
    assert found["all"].status == found["dataset.batch_size"].status == "measured"


def test_a_second_scenario_that_cannot_be_built_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = compare(scenario_of(), scenario_of(**SECOND))
    script = failing_for("dataset.image_size", "dataset.batch_size")
    session, _ = started(monkeypatch, tmp_path, pair.first, plan_pair(pair, again=True), script)
    with pytest.raises(UserError, match="the second scenario cannot be built: the factory fails"):
        session.prepare()


@pytest.mark.parametrize("asked", ["obstacle", "remark"])
def test_a_plug_in_that_raises_costs_its_own_variants_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: str
) -> None:
    def broken(_options: object, _machine: Machine) -> str | None:
        raise KeyError("gpu")

    def load(name: str) -> Technique:
        known = registered(name)
        return dataclasses.replace(known, **{asked: broken}) if name == "amp" else known

    registered = registry.load
    monkeypatch.setattr(registry, "load", load)
    scenario = scenario_of(techniques=MIX)
    assert obstacles(scenario.techniques, CPU) == {}
    session, lost = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    reason = f"amp of annt_prof.techniques.shipped.amp: its {asked} raised KeyError: 'gpu'"
    found = {each.name: (each.status, each.reason) for each in session.records}
    assert found["amp"] == found["all"] == ("crashed", reason)
    assert found["baseline"] == found["gradient_clipping"] == ("measured", None)
    assert [event.variant for event in lost] == ["amp", "all"]


def test_what_the_baseline_does_already_is_not_measured():
    """The two would run the same code, and a run could only show noise."""
    scenario = scenario_of(techniques={"set_to_none": {}, "amp": {}})
    drops = Baseline("cpu", set_to_none=True)
    assert obstacles(scenario.techniques, CPU, drops) == {
        "set_to_none": "the baseline does so already"
    }
    fills = Baseline("cpu", set_to_none=False)
    assert obstacles(scenario.techniques, CPU, fills) == {}
    assert obstacles(scenario.techniques, CPU) == {}


def test_what_was_found_in_a_variant_that_fails_is_said_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Remark(Source.PITFALL, "found", "amp")

    def script(assignment: Assignment, launch: int) -> Failure | None:
        failure = Failure("crashed", "no", remarks=(found, found))
        return failure if launch == 0 and assignment.variant.name == "amp" else None

    scenario = scenario_of(techniques={"amp": {}})
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    _, amp = session.records
    assert (amp.status, amp.remarks.count(found)) == ("crashed", 1)


def test_what_another_technique_frees_is_tried_beside_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def script(assignment: Assignment, _launch: int) -> Failure | None:
        names = {chosen.name for chosen in assignment.variant.techniques}
        alone = names == {"sdpa"}
        return Failure("not_applicable", "flash takes 16-bit inputs only") if alone else None

    scenario = scenario_of(techniques={"amp": {}, "sdpa": {}})
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    found = {each.name: each for each in session.records}
    assert found["sdpa"].status == "not_applicable"
    assert found["all"].status == "measured"
    assert found["all"].factors == ("amp", "sdpa")


def test_what_nothing_frees_is_left_out_of_the_mix_after_all(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused = Failure("not_applicable", "flash takes no dropout", "techniques.sdpa")

    def script(assignment: Assignment, _launch: int) -> Failure | None:
        names = {chosen.name for chosen in assignment.variant.techniques}
        return refused if "sdpa" in names else None

    scenario = scenario_of(techniques={"amp": {}, "sdpa": {}, "gradient_clipping": {}})
    session, _ = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    found = {each.name: each for each in session.records}
    assert found["sdpa"].status == "not_applicable"
    assert found["all"].status == "measured"
    assert found["all"].factors == ("amp", "gradient_clipping")
    assert found["all"].left_out == {"sdpa": "flash takes no dropout"}


def crowding(name: str, failure: Failure) -> Script:
    """A variant that runs out of memory the first time, when others are alive."""

    def script(assignment: Assignment, launch: int) -> Failure | None:
        return failure if assignment.variant.name == name and launch == 0 else None

    return script


@pytest.mark.parametrize(
    "failure",
    [
        Failure("out_of_memory", "CUDA out of memory"),
        Failure("crashed", "killed by SIGKILL", signal="SIGKILL"),
    ],
)
def test_what_lacks_memory_beside_others_is_tried_by_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, failure: Failure
) -> None:
    scenario = scenario_of(techniques=MIX)
    session, lost = started(
        monkeypatch, tmp_path, scenario, plan(scenario), crowding("amp", failure)
    )
    session.prepare()
    session.measure()
    assert not lost
    assert all(len(each.windows) == 3 for each in session.records)
    # Every round is a launch of its own then, so each has an interval to contribute to.
    assert [w.launch for w in session.records[0].windows] == [0, 1, 2]
    (remark,) = (said for said in session.remarks if not said.startswith("windows of "))
    assert remark.startswith("one variant's process at a time: amp ran out of memory beside")


def test_what_lacks_memory_after_a_while_is_tried_alone_for_as_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every process fails after some iterations, which by itself it would reach too late."""
    monkeypatch.setattr(ScriptedWorker, "fails_after", 30)
    scenario = scenario_of(
        techniques={"amp": {}},
        window={"rounds": 9, "rounds_per_launch": 4, "min_launches": 2, "iterations": 10},
    )
    session, lost = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    assert session.measure() == Stop("no_variant", "no variant is left")
    assert [record.status for record in session.records] == ["out_of_memory", "out_of_memory"]
    assert sorted(event.variant for event in lost) == ["amp", "baseline"]
    assert not any(remark.startswith("one variant's process") for remark in session.remarks)


def test_the_very_first_process_looks_for_a_period(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    warmed: list[tuple[str, int]] = []
    monkeypatch.setattr(ScriptedWorker, "warmed", warmed)
    session = prepared(monkeypatch, tmp_path)
    session.measure()
    assert warmed[0] == ("baseline", 75)
    assert {look for _, look in warmed[1:]} == {0}


def test_what_lacks_memory_by_itself_is_out_of_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def script(assignment: Assignment, _launch: int) -> Failure | None:
        big = assignment.variant.name == "amp"
        return Failure("out_of_memory", "CUDA out of memory") if big else None

    scenario = scenario_of(techniques=MIX)
    session, lost = started(monkeypatch, tmp_path, scenario, plan(scenario), script)
    session.prepare()
    session.measure()
    found = {each.name: each for each in session.records}
    assert found["amp"].status == "out_of_memory"
    assert found["amp"].reason == "CUDA out of memory; no other variant's process was alive"
    assert [event.variant for event in lost] == ["amp"]
    assert len(found["baseline"].windows) == 3


@pytest.mark.parametrize(("start_ms", "counted"), [(4, False), (6, True)])
def test_epochs_starts_count_for_all_variants_or_for_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, start_ms: int, counted: bool
) -> None:
    """An epoch is a thousand steps of 1 ms: 4 ms are less than 0.5 % of it, 6 ms are more."""

    def cost_ns(worker: ScriptedWorker) -> int:
        return start_ms * MS if worker.name == "amp" else 0

    monkeypatch.setattr(ScriptedWorker, "epoch_start_ns", property(cost_ns))
    session = prepared(monkeypatch, tmp_path)
    session.measure()
    for record in session.records:
        assert record.epochs is not None
        # The processes of two launches are asked, of three.
        assert [start.launch for start in record.epochs.starts] == [0, 1]
        assert (record.epochs.iterations, record.epochs.in_windows) == (1000, False)
        assert record.epochs.counted is counted


def test_nothing_is_asked_where_the_budget_has_no_room_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ScriptedWorker, "queue", 8)
    monkeypatch.setattr(ScriptedWorker, "step_ns", 1000 * MS)
    session = prepared(monkeypatch, tmp_path)
    session.measure()
    assert all(r.epochs and not r.epochs.starts and not r.epochs.counted for r in session.records)
    assert any(
        remark.startswith("figures are of the middle of an epoch") for remark in session.remarks
    )


def test_windows_of_every_phase_lie_within_an_epoch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An epoch that ended before a window would have its start in it, in some launches only."""
    asked: list[TimedRequest] = []
    monkeypatch.setattr(ScriptedWorker, "asked", asked)
    monkeypatch.setattr(ScriptedWorker, "per_epoch", 28)
    monkeypatch.setattr(ScriptedWorker, "step_ns", 100 * MS)
    monkeypatch.setattr("annt_prof.runner.evenness.seems_uneven", lambda _windows: True)
    scenario = scenario_of(
        techniques={"amp": {}},
        window={
            "iterations": 20, "switch_in": 4, "rounds": 8, "rounds_per_launch": 1,
            "time_budget_s": 30, "min_launches": 5, "traced_iterations": 2,
        },
    )  # fmt: skip
    session, _ = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    session.measure()
    assert {each.at_epoch for each in asked} == {False}
    begun = {each.switch_in for each in asked}
    assert len(begun) > 2  # the phases differ
    assert all(each.switch_in + each.iterations <= 28 for each in asked)


def test_a_period_that_windows_do_not_hold_is_in_their_mean(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = prepared(monkeypatch, tmp_path)
    session.measure()
    lengths = {w.iterations for record in session.records for w in record.windows}
    assert lengths == {10}
    evenness.judge(session._crew.compared, [5], session._span)
    assert not any(record.uneven for record in session.records)
    evenness.judge(session._crew.compared, [5, 24], session._span)
    assert all(record.uneven for record in session.records)


def test_a_step_that_every_process_has_once_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = prepared(monkeypatch, tmp_path)
    state = session._crew.states[0]
    windows = [
        TimedWindow(
            3 * launch + number, 0, 0, 1,
            tuple(91 * MS if 12 * number + i == 27 else MS for i in range(10)),
            10, 40, 10 * MS, launch, first_iteration=12 * number,
        )
        for launch in range(4)
        for number in range(3)
    ]  # fmt: skip
    state.change(windows=tuple(windows))
    told = (
        "baseline: the step at iteration 27 of every process takes 90.00 ms longer than most. It "
        "is in 4 of 12 windows, and the medians leave it out: whether it comes round is not to be "
        "told from a single one"
    )
    assert told in session.remarks
    state.change(uneven=True)
    assert told.replace("the medians leave it out", "the figures have it") in session.remarks


@pytest.mark.parametrize(("step_ms", "told"), [(1, True), (6, False)])
def test_windows_that_are_over_in_no_time_are_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, step_ms: int, told: bool
) -> None:
    monkeypatch.setattr(ScriptedWorker, "step_ns", step_ms * MS)
    session = prepared(monkeypatch, tmp_path)
    assert not [said for said in session.remarks if said.startswith("windows of ")]
    session.measure()
    assert [said.split(":")[0] for said in session.remarks if said.startswith("windows of ")] == (
        ["windows of baseline last 10.00 ms in the median"] if told else []
    )


def test_a_process_that_fails_while_it_is_traced_keeps_what_it_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scenario = scenario_of(techniques={"amp": {}})
    session, lost = started(
        monkeypatch, tmp_path, scenario, plan(scenario), lambda _assignment, _launch: None
    )
    session.prepare()
    session.measure()
    failure = Failure("crashed", "the profiler failed")
    for state in session._crew.states:
        state.worker._failure = failure
    session.trace(tmp_path)
    assert [record.status for record in session.records] == ["measured", "measured"]
    remark = "not traced: the profiler failed (logs/baseline.log)"
    assert remark in [each.text for each in session.records[0].remarks]
    assert not lost


def test_windows_of_short_epochs_begin_with_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(ScriptedWorker, "per_epoch", 4)
    asked: list[TimedRequest] = []
    monkeypatch.setattr(ScriptedWorker, "asked", asked)
    session = prepared(monkeypatch, tmp_path)
    session.measure()
    assert {(each.iterations % 4, each.at_epoch) for each in asked} == {(0, True)}
    assert all(r.epochs and r.epochs.in_windows and not r.epochs.starts for r in session.records)


def test_windows_that_are_slow_as_a_whole_show_no_period(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Twelve windows, twelve iterations apart, of which another program makes every third slow."""
    session = prepared(monkeypatch, tmp_path)
    state = session._crew.states[0]
    noise = random.Random(5)
    windows = []
    for number in range(12):
        level = 1.4 if number % 3 == 0 else 1.0
        steps = tuple(round(level * (MS + noise.random() * MS / 50)) for _ in range(10))
        windows.append(
            TimedWindow(number, 0, 0, 1, steps, 10, 4, sum(steps), 0, first_iteration=12 * number)
        )
    state.change(windows=tuple(windows))
    assert period_of(state) is None
    long = [msgspec.structs.replace(w, step_ns=_every(18, w.first_iteration)) for w in windows]
    state.change(windows=tuple(long))
    assert period_of(state) == 18


def _every(period: int, first: int) -> tuple[int, ...]:
    return tuple(9 * MS if (first + i) % period == 4 else MS for i in range(10))


def test_a_period_in_optimizer_steps_is_one_in_iterations(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    session = prepared(monkeypatch, tmp_path)
    state = session._crew.states[0]
    steps = tuple(9 * MS if number % 3 == 0 else MS for number in range(18))
    window = TimedWindow(0, 0, 0, 1, steps, 36, 4, sum(steps) * 2, 0, first_iteration=0)
    state.change(windows=(window,), iterations_per_optimizer_step=2)
    assert period_of(state) == 6
    pace = _pace(Prepared((), 2, 0.1, step_ns=steps))
    assert (pace.period, pace.accumulation) == (6, 2)


@pytest.mark.parametrize(
    ("steps", "iterations", "remarks"),
    [
        (4, 12, ("windows have 12 instead of 10 iterations, as optimizer steps of 4 iterations "
                 "each are timed whole",)),
        (5, 10, ()),
    ],
)  # fmt: skip
def test_windows_are_rounded_up_to_whole_optimizer_steps(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    steps: int,
    iterations: int,
    remarks: tuple[str, ...],
) -> None:
    def start(_context: object, assignment: Assignment) -> ScriptedWorker:
        accumulation = steps if assignment.variant.techniques else 1
        return ScriptedWorker(None, assignment.variant.name, accumulation)

    scenario = scenario_of(techniques={"gradient_accumulation": {"steps": steps}})
    monkeypatch.setattr(crew_module, "start_training", start)
    job = Job(scenario, plan(scenario), CPU, None, tmp_path, tmp_path)
    session = Session(None, job, lambda _event: None)  # type: ignore[arg-type]
    session.prepare()
    session.measure()
    windows = [window for record in session.records for window in record.windows]
    assert {window.iterations for window in windows} == {iterations}
    said = tuple(remark for remark in session.remarks if remark.startswith("windows have"))
    assert said == remarks
