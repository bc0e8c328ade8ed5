"""The workers of a run: started, asked, and lost without taking the others along."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, cast

from annt_prof.errors import UserError
from annt_prof.loop.messages import Assignment
from annt_prof.loop.starting import start_training
from annt_prof.remarks import Remark, Source
from annt_prof.runner.variant_state import make_states
from annt_prof.runner.withholding import REASON, costs_every_variant, withhold
from annt_prof.runs.events import (
    Activity,
    Event,
    TechniqueLeftOut,
    VariantInapplicable,
    VariantLost,
    VariantsWithheld,
)
from annt_prof.runs.layout import file_name, log_name, log_path
from annt_prof.runs.record import Epochs, FirstStep
from annt_prof.scenario.pair import changed
from annt_prof.windows.messages import Built, Prepared, TimedRequest, WarmRequest
from annt_prof.workers.messages import Failure
from annt_prof.workers.process import WorkerLost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from multiprocessing.context import ForkServerContext

    from annt_prof.plan import Variant
    from annt_prof.runner.job import Job
    from annt_prof.runner.spans import Span
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.record import VariantStatus
    from annt_prof.windows.messages import Reply, Request
    from annt_prof.workers.process import Worker

_LOOK = 75  # iterations of the very first process, in which periods up to a third of it show
_WARM_UP_SHARE = 0.1  # of the time budget: warming up ends by then, however slow steps are


class CrowdedError(Exception):
    """A process ran out of memory while others held some; by itself it might not have.

    Attributes:
        state: Whose process it was.
        failure: What happened to it.
    """

    def __init__(self, state: VariantState, failure: Failure) -> None:
        super().__init__(failure.message)
        self.state = state
        self.failure = failure

    @property
    def reason(self) -> str:
        """Why processes should live one after the other, for people."""
        return f"{self.state.variant.name} ran out of memory beside the others"


class Crew:
    """The variants and their processes.

    Args:
        context: From ``start_training_server``.
        job: What to measure.
        notify: Told of everything as it happens.

    Attributes:
        tell: What is told of everything.
        states: Every variant, in the plan's order.
        prepared: What the first process of each variant said once it was warmed up.
        together: Whether processes of several variants live at once.
        measured: Whether the timed windows are over: a process that fails then costs a remark, and
            what is measured of its variant stands.
        remarks: What is to be known of how they live, for people.
    """

    def __init__(
        self, context: ForkServerContext, job: Job, notify: Callable[[Event], None]
    ) -> None:
        self._context = context
        self._job = job
        self.tell = notify
        self.states = make_states(job)
        self.named = {state.variant.name: state for state in self.states}
        self.prepared: dict[str, Prepared] = {}
        self.together = True
        self.measured = False
        self.remarks: tuple[str, ...] = ()

    @property
    def job(self) -> Job:
        """What to measure, with what turned out to be refused."""
        return self._job

    @property
    def running(self) -> list[VariantState]:
        """The variants that can act here and were neither lost nor skipped."""
        return [state for state in self.states if state.runs]

    @property
    def compared(self) -> list[VariantState]:
        """The variants that have figures or will: those that run, and those that were skipped."""
        return [state for state in self.states if state.record.status == "measured"]

    @property
    def alive(self) -> list[VariantState]:
        """The variants that have a process."""
        return [state for state in self.states if state.worker is not None]

    def launch(self, chosen: Iterable[VariantState]) -> None:
        """Start processes, have them built several at once, and warmed up one after the other.

        A variant whose process fails is lost, and recorded as such.

        Raises:
            CrowdedError: One ran out of memory beside others.
            UserError: The scenario itself cannot be built.
        """
        waiting = iter(list(chosen))
        building = list(itertools.islice(waiting, max(1, self._job.machine.num_cores)))
        built: list[VariantState] = []
        for state in building:
            self._start(state)
        while building:
            state = building.pop(0)
            if state.worker is not None:  # it may have been withheld meanwhile
                self.tell(Activity("preparing", state.variant.name))
                reply = self.receive(state)
                if reply is not None:
                    state.substitutions = cast("Built", reply).substitutions
                    built.append(state)
            following = next(waiting, None)
            if following is not None and following.runs:
                self._start(following)
                building.append(following)
        # Only now, since a first step beside others that build would seem to compile for longer.
        for state in built:
            if state.worker is not None:
                self._warm(state)

    def _start(self, state: VariantState) -> None:
        state.worker = start_training(self._context, self._assignment(state.variant))

    def _warm(self, state: VariantState) -> None:
        limit_s = _WARM_UP_SHARE * self._job.scenario.window.time_budget_s
        looks = state is self.states[0] and not state.built
        self.tell(Activity("warming", state.variant.name))
        reply = self.ask(state, WarmRequest(limit_s, _LOOK if looks else 0))
        if reply is None:
            return
        prepared = cast("Prepared", reply)
        if self._compiles_anew:
            first = FirstStep(len(state.record.first_steps), prepared.first_step_s)
            state.change(first_steps=(*state.record.first_steps, first))
        if state.built:
            return  # what else a later process says of itself, the first one has said
        self.prepared[state.variant.name] = prepared
        state.change(
            remarks=(*state.record.remarks, *prepared.remarks),
            iterations_per_optimizer_step=prepared.accumulation,
            first_step_s=prepared.first_step_s,
            epochs=Epochs(prepared.per_epoch),
        )

    @property
    def _compiles_anew(self) -> bool:
        gate = self._job.gate
        return gate is not None and gate.compiles_anew and not self.measured

    def _assignment(self, variant: Variant) -> Assignment:
        side, compiled = variant.side, self._job.logs / "compiled" / file_name(variant.name)
        if self._compiles_anew:
            compiled /= str(len(self.named[variant.name].record.first_steps))
        return Assignment(
            scenario=changed(self._job.scenario, variant.changes),
            variant=variant,
            device_type=self._job.machine.device_type,
            data_dir=self._job.data_dir,
            search_path=(side and side.search_path) or self._job.search_path,
            log=self._job.logs / log_name(variant.name),
            compiled=compiled,
        )

    def separate(self, crowded: CrowdedError, span: Span) -> None:
        """Have processes live one after the other, if that helps the one that lacked memory.

        It is tried alone, for longer than it lived beside the others. Where it fails alike it is
        out of memory, and the others may live together.

        Raises:
            UserError: It is the scenario itself that cannot be built.
        """
        state, before = crowded.state, self.remarks
        self.live_apart(crowded.reason)
        self.launch([state])
        if state.worker is not None and state.record.windows:
            last = state.record.windows[-1]
            lived = last.first_iteration + last.iterations + span.switch_in + span.iterations
            self.ask(state, TimedRequest(-1, -1, 0, span.iterations, lived))
        self.end([state])
        if not state.runs:
            self.together, self.remarks = True, before

    def live_apart(self, why: str) -> None:
        """From now on, have the processes of one variant at a time."""
        self.together = False
        self.end(self.alive)
        if self.measured:  # the windows that are compared are not concerned
            return
        self.remarks += (
            f"one variant's process at a time: {why}. Windows that are compared lie further "
            "apart, so what drifts meanwhile is not cancelled, and intervals are wider",
        )

    def end(self, chosen: Sequence[VariantState]) -> None:
        """End these processes."""
        for state in chosen:
            if state.worker is not None:
                state.worker.end()
                state.worker = None

    def kill(self) -> None:
        """End every process now."""
        for state in self.alive:
            cast("Worker[Request, Reply]", state.worker).kill()
            state.worker = None

    def ask(self, state: VariantState, request: Request) -> Reply | None:
        """Return the reply, or None once the variant is lost and recorded as such."""
        cast("Worker[Request, Reply]", state.worker).send(request)
        return self.receive(state)

    def receive(self, state: VariantState) -> Reply | None:
        """Wait for what a worker says; None once its variant is lost and recorded as such."""
        said = self._said(state)
        if isinstance(said, Failure):
            if self.measured and state.record.windows:
                self._remark(state, "not traced", said)
            else:
                self.lose(state, said)
            return None
        return said

    def ask_beside_measuring(
        self, state: VariantState, request: Request, lacks: str
    ) -> Reply | None:
        """Return the reply, or None where the process fails: what is measured stands either way.

        Args:
            state: With a process.
            request: For something beside its timed windows.
            lacks: What the record is then without, for people.

        Raises:
            CrowdedError: It ran out of memory beside others.
        """
        cast("Worker[Request, Reply]", state.worker).send(request)
        said = self._said(state)
        if isinstance(said, Failure):
            self._remark(state, lacks, said)
            return None
        return said

    def _remark(self, state: VariantState, lacks: str, failure: Failure) -> None:
        """Say what a record is without, once."""
        log = "" if failure.signal else f" ({log_path(state.variant.name)})"
        remark = Remark(Source.RUN, f"{lacks}: {failure.message}{log}")
        if remark not in state.record.remarks:
            state.change(remarks=(*state.record.remarks, remark))

    def _said(self, state: VariantState) -> Reply | Failure:
        """Wait for what a worker says; one that fails has no process any more.

        Raises:
            CrowdedError: It ran out of memory beside others.
        """
        worker = cast("Worker[Request, Reply]", state.worker)
        try:
            return worker.receive()
        except WorkerLost as lost:
            worker.kill()
            state.worker = None
            others = self.alive
            if self.together and others and _lacked_memory(lost.failure):
                raise CrowdedError(state, lost.failure) from None
            return lost.failure

    def lose(self, state: VariantState, failure: Failure) -> None:
        """Record why a variant is lost, or that it goes on without what the scenario refuses.

        Raises:
            UserError: It is the scenario itself that cannot be built, and nothing is measured yet.
        """
        kind = failure.kind
        if kind in ("user_error", "not_applicable"):
            if not state.built and self._is_the_scenarios(state, failure):
                message = f"{self._whose(state)}{failure.message}"
                raise UserError(message, where=failure.where, hint=failure.hint)
            # What could be built once has not become inapplicable: something else went wrong.
            kind = "crashed" if state.built else "not_applicable"
        status: VariantStatus = "crashed" if kind == "user_error" else kind
        reason = failure.message
        if status == "out_of_memory":
            reason = f"{reason}; no other variant's process was alive"
        remarks = tuple(dict.fromkeys((*state.record.remarks, *failure.remarks)))
        state.change(status=status, reason=reason, remarks=remarks)
        if status == "not_applicable":
            self._leave_out(state, failure)
            return
        self.tell(VariantLost(state.variant.name, reason))
        if state is self.states[0] and costs_every_variant(state, failure):
            withheld = withhold(self.states[1:])
            if withheld:
                self.tell(VariantsWithheld(withheld, REASON))

    def _whose(self, state: VariantState) -> str:
        """Return which of two scenarios cannot be built, as the beginning of a sentence."""
        if self._job.against_reference:
            return "the reference cannot be built: " if state is self.states[0] else ""
        return "the second scenario cannot be built: " if state.variant.changes else ""

    def _is_the_scenarios(self, state: VariantState, failure: Failure) -> bool:
        """Whether a failure to build is the fault of a scenario rather than of a variant of it.

        Between two scenarios lie sets of their differences that nobody wrote down, so only the
        two themselves must be possible to build.
        """
        variant = state.variant
        if state is self.states[0]:
            return True
        if failure.kind != "user_error":
            return False
        all_changes = max(len(planned.changes) for planned in self._job.plan.variants)
        return len(variant.changes) in (0, all_changes)

    def _leave_out(self, state: VariantState, failure: Failure) -> None:
        """Leave a technique that the scenario refuses out of the variants that are to come.

        Told are those that go on without it, and those that do not run at all.
        """
        technique = self._refused(state.variant, failure)
        waiting = [s for s in self.states if s.runs and not s.built and s.worker is None]
        concerned = [state] if technique is None else [state, *waiting]
        had_it = [s for s in concerned if technique in {c.name for c in s.variant.techniques}]
        if technique is not None:
            fresh = {made.variant.name: made for made in make_states(self._job)}
            for old in concerned:
                new = fresh[old.variant.name]
                old.variant, old.record = new.variant, new.record
        for dropped in (s for s in concerned if not s.runs):
            self.tell(VariantInapplicable(dropped.variant.name, dropped.record.reason or ""))
        without = [s for s in had_it if s.runs and technique in s.record.left_out]
        if technique is not None and without:
            names = tuple(s.variant.name for s in without)
            self.tell(TechniqueLeftOut(technique, names, without[0].record.left_out[technique]))

    def _refused(self, variant: Variant, failure: Failure) -> str | None:
        """Note and return which technique a failure shows to be refused; None for no single one.

        Where it is refused beside one that might have freed it, the variant is to come again,
        without it. Not so between two scenarios: what the first refuses the second may take.
        """
        job = self._job
        named = {f"techniques.{chosen.name}": chosen.name for chosen in variant.techniques}
        beside = named.get(failure.where or "")
        if variant.factors is not None:
            return None
        if len(variant.techniques) == 1:
            (alone,) = variant.techniques
            refused = {**job.refused, alone.name: failure.message}
            self._job = dataclasses.replace(job, refused=refused)
            return alone.name
        # Of several that are built at once each comes again, also once the first one is noted.
        if beside is None or beside not in job.refused:
            return None
        self._job = dataclasses.replace(job, refused_beside=job.refused_beside | {beside})
        return beside


def _lacked_memory(failure: Failure) -> bool:
    """Whether it said so, or was ended as the kernel ends what takes too much of the host's."""
    return failure.kind == "out_of_memory" or failure.signal == "SIGKILL"
