"""The parent's side of a run: launches every variant, then alternates between them in rounds.

A launch is one worker process of every variant, from building to ending. A run has several, since
processes that run the same code differ for as long as they live.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import time
from typing import TYPE_CHECKING, cast

from annt_prof import units
from annt_prof.compare.comparison import summarise
from annt_prof.compare.pairing import precise_enough
from annt_prof.runner import epoch_costs, evenness, pacing, spans
from annt_prof.runner.caveats import caveats
from annt_prof.runner.crew import Crew, CrowdedError
from annt_prof.runner.further_traces import trace_further
from annt_prof.runner.preparation import prepare
from annt_prof.runner.steering import Steering
from annt_prof.runner.traced_windows import TracedWindows
from annt_prof.runs.events import (
    Activity,
    Event,
    MeasuringEnded,
    Progressed,
    WindowEnded,
)
from annt_prof.windows.messages import TimedReply, TimedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.context import ForkServerContext
    from pathlib import Path

    from annt_prof.plan import Variant
    from annt_prof.runner.job import Job
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.controls import ControlReader
    from annt_prof.runs.record import VariantRecord
    from annt_prof.scenario.effective import Substitution

    Records = tuple[VariantRecord, ...]


class Session:
    """One run; a context manager that leaves no process behind.

    Args:
        context: From ``start_training_server``.
        job: What to measure.
        notify: Told of everything as it happens; must return quickly.
        controls: What people ask of the run while it goes on.
    """

    def __init__(
        self,
        context: ForkServerContext,
        job: Job,
        notify: Callable[[Event], None],
        controls: ControlReader | None = None,
    ) -> None:
        self._listeners = [notify]
        self._crew = Crew(context, job, self._notify)
        self._steering = Steering(self._crew, self._notify, controls)
        self._rounds = 0  # whole ones
        self._window = job.scenario.window
        self._launch_s = 0.0
        self._aside_s = 0.0  # of traces between launches, and of launches that a pause called for
        self._span = spans.Span(self._window.iterations, self._window.switch_in, 1, False, 0.0)
        self._cut: tuple[str, ...] = ()
        self._decides: Callable[[Records, int], str | None] | None = None
        self._to_be_explained: Callable[[Records, int], bool] = lambda _records, _launches: False

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.kill()

    def notify_also(self, listener: Callable[[Event], None]) -> None:
        """Tell ``listener`` of everything from now on."""
        self._listeners.append(listener)

    def stop_when(
        self,
        decides: Callable[[Records, int], str | None],
        to_be_explained: Callable[[Records, int], bool],
    ) -> None:
        """Have this decide, in place of how narrow the intervals are, whether more is measured.

        Args:
            decides: Given the records and how many launches are done: why no more are needed.
            to_be_explained: Given the same once all are done: whether further launches are traced.
        """
        self._decides = decides
        self._to_be_explained = to_be_explained

    def _notify(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)
        if isinstance(event, Activity):
            self._steering.look()  # what lasts begins: a run that is to end need not wait for it

    @property
    def records(self) -> tuple[VariantRecord, ...]:
        """Every variant's record so far, in the plan's order."""
        return tuple(state.record for state in self._crew.states)

    @property
    def orders(self) -> tuple[tuple[str, ...], ...]:
        """A sampled plan's orders, without what turned out to be refused."""
        job = self._crew.job
        kept = (tuple(n for n in names if n not in job.refused) for names in job.plan.orders)
        return tuple(dict.fromkeys(kept))

    @property
    def substitutions(self) -> tuple[Substitution, ...]:
        """What was not what the scenario asked for, over all variants, each once."""
        replaced = (s for state in self._crew.states for s in state.substitutions)
        return tuple(dict.fromkeys(replaced))

    @property
    def precision(self) -> float:
        """Half-width, a fraction, up to which the scenario counts an interval as narrow."""
        return self._window.precision

    def prepare(self) -> None:
        """Build and warm up every variant that can act here, and choose how long windows are.

        Raises:
            UserError: The scenario cannot be built: an unknown model, an unreadable dataset. What
                its techniques refuse is no error but a result of their variants.
        """
        prepared = prepare(self._crew, self._notify)
        self._span, self._launch_s = prepared.span, prepared.launch_s
        self._cut = prepared.remarks

    @property
    def remarks(self) -> tuple[str, ...]:
        """What is to be known of how the run was measured, for people."""
        return (
            *self._crew.remarks,
            *self._cut,
            *self._steering.remarks,
            *caveats(self._crew.compared, self._span),
            *epoch_costs.remarks(self._crew, self._span.period),
        )

    def measure(self) -> pacing.Stop:
        """Run rounds of timed windows, a few in each launch.

        Ends once the intervals are narrow enough or the budget is spent, or once that is asked. A
        pause takes effect between rounds and ends a launch; its time is no part of the budget.

        Returns:
            Why measuring stopped.
        """
        rounds = enumerate(self._crew.job.plan.rounds())
        self._launch_missing(self._crew.states)
        began = time.monotonic()
        for launch in itertools.count():
            stop = self._launch_of_rounds(launch, rounds, began)
            if stop is not None:
                self._notify(MeasuringEnded(stop.cause, stop.text))
                return stop
        raise AssertionError(self._window)  # launches have no end

    def _launch_of_rounds(
        self,
        launch: int,
        rounds: Iterator[tuple[int, tuple[Variant, ...]]],
        began: float,
    ) -> pacing.Stop | None:
        """Run the rounds of one launch, then start the next; return why not."""
        crew = self._crew
        pair = crew.job.plan.variants[0].factors is not None and not crew.job.against_reference
        scenarios = 2 if pair else 1
        self._wait_while_paused()
        for in_launch in itertools.count(1):
            if self._steering.stops:
                return self._asked(launch)
            index, order = next(rounds)
            round_began, crowd = time.monotonic(), False
            try:
                self._round(index, launch, in_launch, order, began)
            except CrowdedError as crowded:
                crew.separate(crowded, self._span)
                crowd = True
            round_s = time.monotonic() - round_began
            self._notify(Progressed(summarise(self.records, self.precision)))
            self._steering.heed()
            if self._steering.stops:
                return self._asked(launch)
            progress = pacing.Progress(
                rounds=index + 1,
                rounds_in_launch=in_launch,
                elapsed_s=self._elapsed_s(began),
                round_s=round_s,
                # Without a process that stays, every round is a launch and has its time in it.
                launch_s=self._launch_s if crew.together else 0.0,
                launches=launch + 1,
                ends_here=self._steering.pauses,  # clocks and caches would be cold after it
            )
            ends = crowd or not crew.together or self._steering.leaves_nothing_to_compare
            over = ends or not crew.running or pacing.launch_is_over(self._window, progress)
            if over:
                periods = self._judge()
                took_s = self._look_at_epochs(launch)  # part of the launch's time
                self._aside_s += self._trace_launch(launch)
                progress = dataclasses.replace(
                    progress,
                    elapsed_s=progress.elapsed_s + took_s,
                    launch_s=progress.launch_s + took_s,
                )
            stop = self._enough(progress) if over else None
            stop = stop or pacing.reason_to_stop(self._window, progress, scenarios=scenarios)
            if stop is not None:
                if not over:
                    self._close_early(launch)
                return stop
            if over:
                self._span = spans.lengthened(self._span, periods, self._window)
                return self._next_launch(order, progress)
        raise AssertionError(self._window)

    def _next_launch(
        self, order: tuple[Variant, ...], progress: pacing.Progress
    ) -> pacing.Stop | None:
        """Start the next launch, once the run is not paused; return why not."""
        self._steering.wait_while_paused()
        if self._steering.stops:
            return self._stopped()
        stop = self._enough(progress)  # variants may have been skipped meanwhile
        if stop is None:
            self._relaunch(order)
        return stop

    def _wait_while_paused(self) -> None:
        """Wait, and then start anew the processes that stood still; no time of it counts."""
        if self._steering.wait_while_paused():
            began = time.monotonic()
            self._relaunch(tuple(state.variant for state in self._crew.running))
            self._aside_s += time.monotonic() - began

    def _judge(self) -> list[int]:
        """Tell whether windows have long steps unequally, and return the periods of the steps."""
        periods = evenness.periods(self._crew.compared)
        evenness.judge(self._crew.compared, periods, self._span)
        return periods

    def _close_early(self, launch: int) -> None:
        """Settle what counts, of a launch that ends with the run."""
        self._judge()
        if launch == 0:  # in later ones it is settled
            self._look_at_epochs(launch)

    def _round(
        self, index: int, launch: int, in_launch: int, order: tuple[Variant, ...], began: float
    ) -> None:
        """Run one window of every variant that is still there, or fewer once the run is to stop."""
        crew = self._crew
        for position, variant in enumerate(order):
            self._steering.heed()
            if self._steering.stops:
                return
            state = crew.named[variant.name]
            if not crew.together and state.runs:
                crew.launch([state])
            if state.worker is None:
                continue
            self._notify(Activity("timing", variant.name, index))
            span = self._span
            later = evenness.later(crew.running, span, launch) if in_launch == 1 else 0
            request = TimedRequest(
                index, launch, position, span.iterations, span.switch_in + later, _at_epoch(state)
            )
            reply = crew.ask(state, request)
            if reply is None:
                continue
            timed = cast("TimedReply", reply)
            state.add(timed)
            per_s = state.record.samples_per_iteration / (timed.window.per_iteration_ns / 1e9)
            measured_s = self._elapsed_s(began)
            self._notify(WindowEnded(variant.name, index, per_s, measured_s, timed.window))
            if not crew.together:
                if epoch_costs.may_ask(crew, span.period):
                    epoch_costs.ask_for_start(crew, state, launch, span.period)
                crew.end([state])
        self._rounds = index + 1

    def _elapsed_s(self, began: float) -> float:
        """Return the seconds since then, without those of pauses and of what follows on them."""
        return time.monotonic() - began - self._steering.paused_s - self._aside_s

    def _asked(self, launch: int) -> pacing.Stop:
        self._close_early(launch)
        return self._stopped()

    def _stopped(self) -> pacing.Stop:
        done = units.count(self._rounds, "round")
        return pacing.Stop("asked", f"stopped from the dashboard after {done}")

    def _look_at_epochs(self, launch: int) -> float:
        """Have the processes of a launch tell what an epoch's start costs, if there is time for it.

        Returns:
            Seconds that it took.
        """
        began, crew = time.monotonic(), self._crew
        if crew.together and epoch_costs.may_ask(crew, self._span.period):
            with contextlib.suppress(CrowdedError):  # the next round finds it out again
                for state in epoch_costs.concerned(crew):
                    if state.worker is not None:
                        epoch_costs.ask_for_start(crew, state, launch, self._span.period)
        epoch_costs.settle(crew)
        return time.monotonic() - began

    def _trace_launch(self, launch: int) -> float:
        """Trace a launch that is over, where a check asks for it; return the seconds it took."""
        began, job = time.monotonic(), self._crew.job
        if job.gate is not None and job.directory is not None and job.gate.traces_each:
            TracedWindows(self._crew, self._span, job.directory, self._notify).of_launch(launch)
        return time.monotonic() - began

    def _relaunch(self, order: tuple[Variant, ...]) -> None:
        """End every process and start it anew, in the shuffled order of the last round."""
        began = time.monotonic()
        self._crew.end(self._crew.alive)
        self._launch_missing([self._crew.named[variant.name] for variant in order])
        if self._crew.together:
            self._launch_s = time.monotonic() - began

    def _launch_missing(self, states: Iterable[VariantState]) -> None:
        """Start a process of each variant that has none, unless they live one after the other."""
        crew, chosen = self._crew, list(states)
        while crew.together and (
            missing := [state for state in chosen if state.runs and state.worker is None]
        ):
            try:
                crew.launch(missing)
            except CrowdedError as crowded:
                crew.separate(crowded, self._span)

    def _enough(self, progress: pacing.Progress) -> pacing.Stop | None:
        """Return why more rounds would be of no use."""
        if not self._crew.running:
            return pacing.Stop("no_variant", "no variant is left")
        if self._steering.leaves_nothing_to_compare:
            name = self._crew.states[0].variant.name
            return pacing.Stop("no_variant", f"nothing is left to compare with {name}")
        needed = pacing.launches_needed(self._window)
        if self._decides is not None:
            said = self._decides(self.records, progress.launches)
            return None if said is None else pacing.Stop("decided", said)
        if precise_enough(self.records, self._window.precision, needed):
            done = f"{progress.rounds} rounds in {progress.launches} launches"
            precision = units.limit_percent(self._window.precision)
            but = " but those of skipped variants" if any(r.skipped for r in self.records) else ""
            said = f"every 95 % interval{but} is within ± {precision} after {done}"
            return pacing.Stop("precise", said)
        return None

    def trace(self, directory: Path) -> None:
        """Run one traced window of every variant, ending its worker, and analyse it.

        Args:
            directory: The run directory; traces go to ``tensorboard/<variant>/`` there.
        """
        self._steering.tracing = self._crew.measured = True
        windows = TracedWindows(self._crew, self._span, directory, self._notify)
        self._cut += windows.remarks
        self._explain(windows)
        for state in self._crew.running:
            self._steering.heed()
            windows.last_of(state)

    def _explain(self, windows: TracedWindows) -> None:
        """Trace further launches, where a check has something that is to be explained by them."""
        crew, gate = self._crew, self._crew.job.gate
        done = len({window.launch for record in self.records for window in record.windows})
        if gate is None or gate.traces_each or not crew.together:
            return
        if self._to_be_explained(self.records, done):
            trace_further(crew, self._steering, windows, done - 1)


def _at_epoch(state: VariantState) -> bool:
    return state.record.epochs is not None and state.record.epochs.in_windows
