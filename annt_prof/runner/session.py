"""The parent's side of a run: prepares every variant, then alternates between them in rounds."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import msgspec

from annt_prof.analysis.breakdown import break_down
from annt_prof.analysis.phases import find_phases
from annt_prof.analysis.pitfalls import pitfalls
from annt_prof.analysis.steps import find_steps
from annt_prof.errors import UserError
from annt_prof.plan import AGAIN, Variant
from annt_prof.runner.messages import (
    Assignment,
    NumericsReply,
    NumericsRequest,
    Prepared,
    TimedReply,
    TimedRequest,
    TracedRequest,
)
from annt_prof.runner.process import Worker, WorkerLost, start_training
from annt_prof.runs.events import (
    Activity,
    Estimated,
    Event,
    MeasuringEnded,
    Progressed,
    Started,
    VariantLost,
    WindowEnded,
)
from annt_prof.runs.record import VariantRecord
from annt_prof.scenario.pair import changed
from annt_prof.techniques import registry
from annt_prof.trace.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from annt_prof.plan import Plan
    from annt_prof.scenario.effective import Substitution
    from annt_prof.scenario.schema import ChosenTechnique, Scenario
    from annt_prof.techniques.technique import Machine

ORIGINAL_TRACE = "kineto.json.gz"


@dataclass(frozen=True)
class Statistics:
    """What the runner needs of the statistics, which live on its own floor.

    Attributes:
        precise_enough: Whether, at a precision and from a number of rounds on, more rounds
            would not be worth their time.
        summarise: Fills in everything that follows from the windows.
    """

    precise_enough: Callable[[tuple[VariantRecord, ...], float, int], bool]
    summarise: Callable[[tuple[VariantRecord, ...]], tuple[VariantRecord, ...]]


@dataclass(frozen=True)
class Order:
    """What is to be measured, where.

    Attributes:
        search_path: Folder of the user's own modules.
        logs: Folder for what the workers print.
    """

    scenario: Scenario
    plan: Plan
    machine: Machine
    data_dir: Path | None
    search_path: Path
    logs: Path


@dataclass
class _Entry:
    variant: Variant
    record: VariantRecord
    worker: Worker | None = None
    substitutions: tuple[Substitution, ...] = field(default=())

    def change(self, **changes: object) -> None:
        self.record = msgspec.structs.replace(self.record, **changes)


class Session:
    """One run's workers; a context manager that leaves no process behind.

    Args:
        context: From ``process.fork_server``.
        order: What to measure.
        notify: Told of everything as it happens; must return quickly.
    """

    def __init__(
        self, context: ForkServerContext, order: Order, notify: Callable[[Event], None]
    ) -> None:
        self._context = context
        self._order = order
        self._listeners = [notify]
        self._entries = _entries(order)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for entry in self._entries:
            if entry.worker is not None:
                entry.worker.kill()

    def notify_also(self, listener: Callable[[Event], None]) -> None:
        """Tell ``listener`` of everything from now on."""
        self._listeners.append(listener)

    def _notify(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    @property
    def records(self) -> tuple[VariantRecord, ...]:
        """Every variant's record so far, in the plan's order."""
        return tuple(entry.record for entry in self._entries)

    @property
    def substitutions(self) -> tuple[Substitution, ...]:
        """What was not what the scenario asked for, over all variants, each once."""
        found = (s for entry in self._entries for s in entry.substitutions)
        return tuple(dict.fromkeys(found))

    def prepare(self) -> None:
        """Build and warm up every variant that can act here, one after another.

        Raises:
            UserError: The scenario cannot be built: an unknown model, an unreadable dataset.
        """
        running = [entry for entry in self._entries if _runs(entry)]
        window = self._order.scenario.window
        names = tuple(entry.variant.name for entry in running)
        design = self._order.plan.design
        self._notify(Started(names, window.rounds, window.time_budget_s, design))
        began = time.monotonic()
        for number, entry in enumerate(running):
            if number == 1:
                each_s = time.monotonic() - began
                left_s = each_s * (2 * len(running) - 1) + window.time_budget_s
                self._notify(Estimated(left_s))
            self._notify(Activity("preparing", entry.variant.name))
            entry.worker = start_training(self._context, self._assignment(entry.variant))
            reply = self._ask(entry)
            if reply is not None:
                prepared = cast("Prepared", reply)
                entry.substitutions = prepared.substitutions
                entry.change(
                    remarks=(*entry.record.remarks, *prepared.remarks),
                    iterations_per_optimizer_step=prepared.accumulation,
                    first_step_s=prepared.first_step_s,
                )

    def measure(self, statistics: Statistics) -> str:
        """Run rounds of timed windows until they are precise enough or the budget is spent.

        Returns:
            Why measuring stopped, for people.
        """
        window = self._order.scenario.window
        measured_s = 0.0
        for index, order in enumerate(self._order.plan.rounds()):
            began = time.monotonic()
            self._round(index, order, measured_s)
            spent = time.monotonic() - began
            measured_s += spent
            self._notify(Progressed(statistics.summarise(self.records)))
            stop = self._reason_to_stop(index + 1, measured_s + spent, statistics)
            if stop is not None:
                self._notify(MeasuringEnded(stop))
                return stop
        raise AssertionError(window)  # the plan's rounds have no end

    def trace(self, directory: Path) -> None:
        """Run one traced window of every variant, ending its worker, and analyse it.

        Args:
            directory: The run directory; traces go to ``tensorboard/<variant>/`` there.
        """
        for entry in self._entries:
            if entry.worker is None:
                continue
            path = directory / "tensorboard" / entry.variant.name / ORIGINAL_TRACE
            path.parent.mkdir(parents=True, exist_ok=True)
            self._notify(Activity("tracing", entry.variant.name))
            entry.worker.send(TracedRequest(self._order.scenario.window.traced_iterations, path))
            if self._ask(entry) is None:
                continue
            self._look_at_numbers(entry)
            self._notify(Activity("analysing", entry.variant.name))
            _attribute(entry, path)
            entry.change(trace=str(path.relative_to(directory)))

    def _look_at_numbers(self, entry: _Entry) -> None:
        """Ask for the variant's numbers and end its worker; what is measured stands either way."""
        worker = cast("Worker", entry.worker)
        worker.send(NumericsRequest())
        try:
            entry.change(numerics=cast("NumericsReply", worker.receive()).numerics)
        except WorkerLost as lost:
            remark = f"its numbers were not looked at: {lost.failure.message}"
            entry.change(remarks=(*entry.record.remarks, remark))
        worker.end()
        entry.worker = None

    def _round(self, index: int, order: tuple[Variant, ...], measured_s: float) -> None:
        """Run one window of every variant that is still there."""
        began = time.monotonic()
        window = self._order.scenario.window
        entries = {entry.variant.name: entry for entry in self._entries}
        for position, variant in enumerate(order):
            entry = entries[variant.name]
            if entry.worker is None:
                continue
            self._notify(Activity("timing", variant.name, index))
            entry.worker.send(TimedRequest(index, position, window.iterations, window.switch_in))
            reply = self._ask(entry)
            if reply is None:
                continue
            timed = cast("TimedReply", reply)
            entry.change(
                windows=(*entry.record.windows, timed.window),
                peak_memory_bytes=timed.peak_memory_bytes,
                peak_memory_of=timed.peak_memory_of,
            )
            throughput = entry.record.samples_per_iteration / (timed.window.median_ns / 1e9)
            elapsed = measured_s + time.monotonic() - began
            self._notify(WindowEnded(variant.name, index, throughput, elapsed))

    def _reason_to_stop(
        self, rounds: int, after_next_s: float, statistics: Statistics
    ) -> str | None:
        window = self._order.scenario.window
        if all(entry.worker is None for entry in self._entries):
            return "no variant is left"
        if statistics.precise_enough(self.records, window.precision, window.min_rounds):
            return f"every 95 % interval is within ± {window.precision:.0%} after {rounds} rounds"
        if rounds >= window.rounds:
            return f"the {rounds} rounds that the scenario allows are done"
        if after_next_s > window.time_budget_s:
            return f"another round would exceed the time budget of {window.time_budget_s:g} s"
        return None

    def _assignment(self, variant: Variant) -> Assignment:
        return Assignment(
            scenario=changed(self._order.scenario, variant.changes),
            variant=variant,
            device_type=self._order.machine.device_type,
            data_dir=self._order.data_dir,
            search_path=self._order.search_path,
            log=self._order.logs / f"{variant.name}.log",
        )

    def _ask(self, entry: _Entry) -> object | None:
        """Return the worker's reply, or None once the variant is lost and recorded as such."""
        worker = cast("Worker", entry.worker)
        try:
            return worker.receive()
        except WorkerLost as lost:
            worker.kill()
            entry.worker = None
            failure = lost.failure
            if failure.kind == "user_error":
                raise UserError(failure.message, where=failure.where, hint=failure.hint) from None
            entry.change(status=failure.kind, reason=failure.message)
            self._notify(VariantLost(entry.variant.name, failure.message))
            return None


def _runs(entry: _Entry) -> bool:
    return entry.record.status == "measured"


def _attribute(entry: _Entry, path: Path) -> None:
    """Break the traced steps down; a trace that cannot be read costs the breakdown alone."""
    try:
        trace = read(path)
        entry.change(breakdown=break_down(trace).mean)
        steps = find_steps(trace)
        found = pitfalls(trace, steps, find_phases(trace, steps.main_thread))
        entry.change(remarks=(*entry.record.remarks, *(f"trace: {each}" for each in found)))
    except UserError as error:
        entry.change(remarks=(*entry.record.remarks, f"no breakdown: {error.message}"))


def _entries(order: Order) -> list[_Entry]:
    """One entry a variant, without what cannot act on this machine."""
    entries: list[_Entry] = []
    for variant in order.plan.variants:
        entry = _entry(variant, order)
        same = [e.variant.name for e in entries if e.record.techniques == entry.record.techniques]
        if _runs(entry) and same and variant.name != AGAIN:
            left_out = " and ".join(entry.record.left_out)
            reason = f"without {left_out} it is the same as {same[0]}"
            entry.change(status="not_applicable", reason=reason)
        entries.append(entry)
    return entries


def obstacles(mix: tuple[ChosenTechnique, ...], machine: Machine) -> dict[str, str]:
    """Return the techniques that cannot act on this machine, each with the reason."""
    found = {c.name: registry.load(c.name).obstacle(c.options, machine) for c in mix}
    return {name: reason for name, reason in found.items() if reason is not None}


def _entry(variant: Variant, order: Order) -> _Entry:
    idle = obstacles(variant.techniques, order.machine)
    acting = tuple(c for c in variant.techniques if c.name not in idle)
    named = tuple(name for name in variant.factor_names if name not in idle)
    applicable = bool(named) or not variant.factor_names
    known = [(c, registry.load(c.name)) for c in acting]
    remarks = (technique.remark(c.options, order.machine) for c, technique in known)
    varied = variant.factors is None
    scenario = changed(order.scenario, variant.changes)
    record = VariantRecord(
        name=variant.name,
        techniques=named,
        status="measured" if applicable else "not_applicable",
        reason=None if applicable else "; ".join(idle.values()),
        left_out={name: why for name, why in idle.items() if name in variant.factor_names},
        remarks=tuple(filter(None, remarks)),
        mathematics=(
            *(f"{c.name}: {technique.mathematics}" for c, technique in known
              if varied or c.name in named),
            *(f.sentence for f in variant.factors or () if f.name not in {c.name for c in acting}),
        ),
        samples_per_iteration=scenario.dataset.batch_size,
    )  # fmt: skip
    kept = Variant(variant.name, acting, variant.changes, variant.factors)
    return _Entry(kept, record)
