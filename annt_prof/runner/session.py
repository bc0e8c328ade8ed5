"""The parent's side of a run: launches every variant, then alternates between them in rounds.

A launch is one worker process of every variant, from building to ending. A run has several, since
processes that run the same code differ for as long as they live.
"""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from annt_prof.analysis.breakdown import break_down
from annt_prof.analysis.phases import find_phases
from annt_prof.analysis.pitfalls import pitfalls
from annt_prof.analysis.steps import find_steps
from annt_prof.errors import UserError
from annt_prof.runner.entry import entries
from annt_prof.runner.messages import (
    Assignment,
    NumericsReply,
    NumericsRequest,
    Prepared,
    TimedReply,
    TimedRequest,
    TracedRequest,
)
from annt_prof.runner.pacing import Progress, launch_is_over, reason_to_stop
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
from annt_prof.scenario.pair import changed
from annt_prof.trace.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from annt_prof.plan import Variant
    from annt_prof.runner.entry import Entry, Order
    from annt_prof.runner.messages import Failure
    from annt_prof.runs.record import VariantRecord
    from annt_prof.scenario.effective import Substitution

ORIGINAL_TRACE = "kineto.json.gz"


@dataclass(frozen=True)
class Statistics:
    """What the runner needs of the statistics, which live on its own floor.

    Attributes:
        precise_enough: Whether, at a precision and from a number of launches on, more of them
            would not be worth their time.
        summarise: Fills in everything that follows from the windows.
    """

    precise_enough: Callable[[tuple[VariantRecord, ...], float, int], bool]
    summarise: Callable[[tuple[VariantRecord, ...]], tuple[VariantRecord, ...]]


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
        self._entries = entries(order)
        self._named = {entry.variant.name: entry for entry in self._entries}
        self._launch_s = 0.0
        self._span = 1

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
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """A sampled plan's orders, without what turned out to be refused."""
        refused = self._order.refused
        kept = (tuple(n for n in order if n not in refused) for order in self._order.plan.orders)
        return tuple(dict.fromkeys(kept))

    @property
    def substitutions(self) -> tuple[Substitution, ...]:
        """What was not what the scenario asked for, over all variants, each once."""
        found = (s for entry in self._entries for s in entry.substitutions)
        return tuple(dict.fromkeys(found))

    def prepare(self) -> None:
        """Build and warm up every variant that can act here, one after another.

        Raises:
            UserError: The scenario cannot be built: an unknown model, an unreadable dataset. What
                its techniques refuse is no error but a result of their variants.
        """
        for entry in self._entries:
            if entry.record.status == "crashed":
                self._notify(VariantLost(entry.variant.name, entry.record.reason or "crashed"))
        running = [entry for entry in self._entries if entry.runs]
        window = self._order.scenario.window
        names = tuple(entry.variant.name for entry in running)
        self._notify(Started(names, window.rounds, window.time_budget_s, self._order.plan.design))
        began = time.monotonic()
        for number, entry in enumerate(running):
            if not entry.runs:
                continue  # a variant before it showed that it cannot act
            if number == 1:
                each_s = time.monotonic() - began
                left_s = each_s * (2 * len(running) - 1) + window.time_budget_s
                self._notify(Estimated(left_s))
            self._launch(entry)
        self._launch_s = time.monotonic() - began - _compiling_s(self._entries)
        self._span = math.lcm(*(e.record.iterations_per_optimizer_step for e in running))

    def measure(self, statistics: Statistics) -> str:
        """Run rounds of timed windows, a few in each launch.

        Ends once the intervals are narrow enough or the budget is spent.

        Returns:
            Why measuring stopped, for people.
        """
        window = self._order.scenario.window
        scenarios = 1 if self._order.plan.variants[0].factors is None else 2
        began = time.monotonic()
        launch, in_launch = 0, 0
        for index, order in enumerate(self._order.plan.rounds()):
            round_began = time.monotonic()
            self._round(index, launch, order, began)
            in_launch += 1
            now = time.monotonic()
            self._notify(Progressed(statistics.summarise(self.records)))
            progress = Progress(
                index + 1, in_launch, now - began, now - round_began, self._launch_s
            )
            stop = self._enough(progress, launch + 1, statistics)
            stop = stop or reason_to_stop(window, progress, scenarios=scenarios)
            if stop is not None:
                self._notify(MeasuringEnded(stop))
                return stop
            if launch_is_over(window, progress):
                self._relaunch(order)
                launch, in_launch = launch + 1, 0
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

    def _look_at_numbers(self, entry: Entry) -> None:
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

    def _launch(self, entry: Entry) -> None:
        """Start a variant's process, and have it built and warmed up."""
        self._notify(Activity("preparing", entry.variant.name))
        entry.worker = start_training(self._context, self._assignment(entry.variant))
        reply = self._ask(entry)
        if reply is None or entry.record.windows:
            return  # what a later process says of itself, the first one has said
        prepared = cast("Prepared", reply)
        entry.substitutions = prepared.substitutions
        entry.change(
            remarks=(*entry.record.remarks, *prepared.remarks),
            iterations_per_optimizer_step=prepared.accumulation,
            first_step_s=prepared.first_step_s,
        )

    def _relaunch(self, order: tuple[Variant, ...]) -> None:
        """End every process and start it anew, in the shuffled order of the last round."""
        began = time.monotonic()
        alive = [self._named[variant.name] for variant in order]
        alive = [entry for entry in alive if entry.worker is not None]
        for entry in alive:
            cast("Worker", entry.worker).end()
            entry.worker = None
        for entry in alive:
            self._launch(entry)
        self._launch_s = time.monotonic() - began

    def _round(self, index: int, launch: int, order: tuple[Variant, ...], began: float) -> None:
        """Run one window of every variant that is still there."""
        window = self._order.scenario.window
        for position, variant in enumerate(order):
            entry = self._named[variant.name]
            if entry.worker is None:
                continue
            self._notify(Activity("timing", variant.name, index))
            entry.worker.send(
                TimedRequest(
                    index, launch, position, window.iterations, window.switch_in, self._span
                )
            )
            reply = self._ask(entry)
            if reply is None:
                continue
            timed = cast("TimedReply", reply)
            entry.add(timed)
            throughput = entry.record.samples_per_iteration / (timed.window.median_ns / 1e9)
            elapsed_s = time.monotonic() - began
            self._notify(WindowEnded(variant.name, index, throughput, elapsed_s))

    def _enough(self, progress: Progress, launches: int, statistics: Statistics) -> str | None:
        """Return why more rounds would be of no use, for people."""
        window = self._order.scenario.window
        if all(entry.worker is None for entry in self._entries):
            return "no variant is left"
        if not launch_is_over(window, progress):
            return None
        if statistics.precise_enough(self.records, window.precision, window.min_launches):
            done = f"{progress.rounds} rounds in {launches} launches"
            return f"every 95 % interval is within ± {window.precision:.0%} after {done}"
        return None

    def _assignment(self, variant: Variant) -> Assignment:
        return Assignment(
            scenario=changed(self._order.scenario, variant.changes),
            variant=variant,
            device_type=self._order.machine.device_type,
            data_dir=self._order.data_dir,
            search_path=self._order.search_path,
            log=self._order.logs / f"{variant.name}.log",
            compiled=self._order.logs / "compiled" / variant.name,
        )

    def _ask(self, entry: Entry) -> object | None:
        """Return the worker's reply, or None once the variant is lost and recorded as such."""
        worker = cast("Worker", entry.worker)
        try:
            return worker.receive()
        except WorkerLost as lost:
            worker.kill()
            entry.worker = None
            self._lose(entry, lost.failure)
            return None

    def _lose(self, entry: Entry, failure: Failure) -> None:
        """Record why a variant is lost.

        Raises:
            UserError: It is the scenario itself that cannot be built, and nothing is measured yet.
        """
        status = failure.kind
        if status in ("user_error", "not_applicable"):
            if not entry.built and self._is_the_scenarios(entry, failure):
                second = "the second scenario cannot be built: " if entry.variant.changes else ""
                message = f"{second}{failure.message}"
                raise UserError(message, where=failure.where, hint=failure.hint)
            # What could be built once has not become inapplicable: something else went wrong.
            status = "crashed" if entry.built else "not_applicable"
        entry.change(status=status, reason=failure.message)
        self._notify(VariantLost(entry.variant.name, failure.message))
        if status == "not_applicable":
            self._leave_out(entry)

    def _is_the_scenarios(self, entry: Entry, failure: Failure) -> bool:
        """Whether a failure to build is the fault of a scenario rather than of a variant of it.

        Between two scenarios lie sets of their differences that nobody wrote down, so only the
        two themselves must be possible to build.
        """
        variant = entry.variant
        if entry is self._entries[0]:
            return True
        if failure.kind != "user_error":
            return False
        all_changes = max(len(each.changes) for each in self._order.plan.variants)
        return len(variant.changes) in (0, all_changes)

    def _leave_out(self, entry: Entry) -> None:
        """Leave a technique that the scenario refuses out of the variants that are to come.

        Not so between two scenarios: what the first refuses the second may take.
        """
        variant, reason = entry.variant, entry.record.reason
        if variant.factors is not None or len(variant.techniques) != 1 or reason is None:
            return
        refused = {**self._order.refused, variant.techniques[0].name: reason}
        self._order = dataclasses.replace(self._order, refused=refused)
        for old, new in zip(self._entries, entries(self._order), strict=True):
            if old is entry or (old.runs and not old.built):
                old.variant, old.record = new.variant, new.record


def _compiling_s(entries: list[Entry]) -> float:
    """Return what first steps took beyond the baseline's: later launches find kernels compiled."""
    firsts = [entry.record.first_step_s for entry in entries]
    known = [seconds for seconds in firsts if seconds is not None]
    return sum(seconds - min(known) for seconds in known)


def _attribute(entry: Entry, path: Path) -> None:
    """Break the traced steps down; a trace that cannot be read costs the breakdown alone."""
    try:
        trace = read(path)
        entry.change(breakdown=break_down(trace).mean)
        steps = find_steps(trace)
        found = pitfalls(trace, steps, find_phases(trace, steps.main_thread))
        entry.change(remarks=(*entry.record.remarks, *(f"trace: {each}" for each in found)))
    except UserError as error:
        entry.change(remarks=(*entry.record.remarks, f"no breakdown: {error.message}"))
