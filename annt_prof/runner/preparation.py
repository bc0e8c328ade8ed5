"""The first launch: every variant is built and warmed up, and the length of windows is chosen."""

from __future__ import annotations

import math
import time
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof import units
from annt_prof.machine.hardware import free_memory_bytes
from annt_prof.runner import epoch_costs, pacing, spans
from annt_prof.runner.crew import CrowdedError
from annt_prof.runner.periods import find_period
from annt_prof.runner.residency import too_large
from annt_prof.runs.events import Estimated, Planned, Started, VariantLost

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.events import Event
    from annt_prof.scenario.schema import WindowChoice
    from annt_prof.windows.messages import Prepared

    Notify = Callable[[Event], None]


_OTHER_STEPS = 3  # that tracing a variant takes beside those of its trace
_ANALYSING_S = 1.5  # of a trace, and of ending its process
_UNKNOWN = spans.Span(1, 0, 1, False, 0.0)  # nothing has been timed yet


class Preparation(NamedTuple):
    """What the first launch settled.

    Attributes:
        span: How long windows are.
        launch_s: Seconds that it took, without compiling, which later ones are spared.
        remarks: What is not as the scenario asks, for people.
    """

    span: spans.Span
    launch_s: float
    remarks: tuple[str, ...] = ()


def prepare(crew: Crew, notify: Notify) -> Preparation:
    """Build and warm up every variant that can act here, and choose how long windows are.

    The baseline comes first and tells what the others will take. Single techniques come before
    sets of them, since what the scenario refuses is left out of the sets.

    Raises:
        UserError: The scenario cannot be built.
    """
    window, plan = crew.job.scenario.window, crew.job.plan
    for state in crew.states:
        if state.record.status == "crashed":
            notify(VariantLost(state.variant.name, state.record.reason or "crashed"))
    names = tuple(state.variant.name for state in crew.running)
    notify(
        Started(names, window.rounds, window.time_budget_s, plan.design, precision=window.precision)
    )
    began = time.monotonic()
    first, *others = crew.states
    if first.runs:
        crew.launch([first])
    _foresee(crew, len(names), time.monotonic() - began, notify)
    alone = [state for state in others if len(state.variant.factor_names) == 1]
    for group in (alone, [state for state in others if state not in alone]):
        _launch_first(crew, [state for state in group if state.runs])
    launch_s = time.monotonic() - began - _compiling_s(crew.states)
    return _planned(crew, launch_s, notify)


def _foresee(crew: Crew, variants: int, launch_s: float, notify: Notify) -> None:
    """Say what the run will take, as soon as one variant is there to tell it."""
    prepared = crew.prepared.get(crew.states[0].variant.name)
    if prepared is None or variants < 2:
        return
    if prepared.footprint is not None:
        why = too_large(prepared.footprint, variants - 1, free_memory_bytes())
        if why is not None:
            crew.live_apart(why)
    outlook = _outlook(crew, [prepared] * variants, variants * launch_s)
    window, step_s = crew.job.scenario.window, fmean(prepared.step_ns) / 1e9
    measuring_s = max(window.time_budget_s, outlook.span.round_s)
    # A step to warm the profiler up, a turn unrecorded, the recorded ones, and looks at numbers.
    traced = outlook.span.period + min(window.traced_iterations, outlook.span.iterations)
    tracing_s = variants * (_ANALYSING_S + step_s * (traced + _OTHER_STEPS))
    notify(
        Estimated(
            total_s=(variants - 1) * launch_s + measuring_s + tracing_s,
            step_ns=fmean(prepared.step_ns),
            launches=outlook.launches,
            needed=outlook.needed,
            enough_s=outlook.enough_s,
        )
    )


class _Outlook(NamedTuple):
    """What a run can hold; see ``events.Planned``."""

    span: spans.Span
    launches: int
    needed: int
    enough_s: int


def _outlook(crew: Crew, prepared: Sequence[Prepared], launch_s: float) -> _Outlook:
    """Choose the length of windows and reckon what the budget holds of them.

    Args:
        crew: Whose processes live together, or one variant's at a time.
        prepared: Of each variant.
        launch_s: Seconds that it takes to start all of them once.
    """
    window, paces = crew.job.scenario.window, [_pace(told) for told in prepared]
    needed = pacing.launches_needed(window)
    paid = None if crew.together else needed
    span = spans.choose_span(window, paces, launch_s, needed, paid_launches=paid)
    within = [told for told in prepared if not span.holds_epochs(told.per_epoch)]
    reserved_s = epoch_costs.reserved_s(within, span.period, window.time_budget_s)
    if reserved_s:
        left = window.model_copy(update={"time_budget_s": window.time_budget_s - reserved_s})
        span = spans.choose_span(left, paces, launch_s, needed, paid_launches=paid)
        window = left
    if crew.together:
        rounds_s, starts_s = span.round_s, launch_s
    else:  # every round starts its processes
        window = window.model_copy(update={"rounds_per_launch": 1})
        rounds_s, starts_s = span.round_s + launch_s, 0.0
    return _Outlook(
        span,
        pacing.launches_in_budget(window, rounds_s, starts_s),
        needed,
        pacing.enough_budget_s(window, rounds_s, starts_s),
    )


def _launch_first(crew: Crew, group: Sequence[VariantState]) -> None:
    """Launch variants for the first time; one after the other where they do not fit."""
    # What is refused beside another technique comes again, without it.
    while waiting := [state for state in group if state.runs and not state.built]:
        if crew.together:
            try:
                crew.launch(waiting)
            except CrowdedError as crowded:
                crew.separate(crowded, _UNKNOWN)
        else:
            crew.launch(waiting[:1])
            crew.end(waiting[:1])


def _planned(crew: Crew, launch_s: float, notify: Notify) -> Preparation:
    """Choose how long every window is, and say what the budget holds."""
    window = crew.job.scenario.window
    prepared = [crew.prepared[state.variant.name] for state in crew.running]
    if not prepared:
        return Preparation(spans.Span(window.iterations, window.switch_in, 1, False, 0.0), launch_s)
    outlook = _outlook(crew, prepared, launch_s)
    span = outlook.span
    for state in crew.running:
        epochs = state.record.epochs
        if epochs is not None:
            held = span.holds_epochs(epochs.iterations)
            state.change(epochs=msgspec.structs.replace(epochs, in_windows=held))
    notify(
        Planned(
            iterations=span.iterations,
            switch_in=span.switch_in,
            at_epoch=span.at_epoch,
            round_s=span.round_s,
            launches=outlook.launches,
            needed=outlook.needed,
            enough_s=outlook.enough_s,
        )
    )
    group = math.lcm(*(variant.accumulation for variant in prepared))
    remarks = (_cut(window, span, outlook.needed), _rounded(window, span, group))
    return Preparation(span, launch_s, tuple(said for said in remarks if said is not None))


def _cut(window: WindowChoice, span: spans.Span, needed: int) -> str | None:
    if span.iterations >= window.iterations:
        return None
    return (
        f"windows have {span.iterations} instead of {window.iterations} iterations, as, by the "
        f"steps of the warm-up, {units.limit_s(window.time_budget_s)} hold no {needed} launches of "
        "longer ones"
    )


def _rounded(window: WindowChoice, span: spans.Span, group: int) -> str | None:
    """Return what is said where windows of the asked length would cut an optimizer step."""
    whole_steps = -(-window.iterations // group) * group
    if span.at_epoch or not window.iterations < span.iterations == whole_steps:
        return None
    return (
        f"windows have {span.iterations} instead of {window.iterations} iterations, as optimizer "
        f"steps of {group} iterations each are timed whole"
    )


def _pace(prepared: Prepared) -> spans.Pace:
    period = find_period(prepared.step_ns, range(len(prepared.step_ns)))
    return spans.Pace(
        step_ns=fmean(prepared.step_ns),
        accumulation=prepared.accumulation,
        workers=prepared.workers,
        per_epoch=prepared.per_epoch,
        period=(period or 1) * prepared.accumulation,
    )


def _compiling_s(states: Sequence[VariantState]) -> float:
    """Return what first steps took beyond the shortest: later launches find kernels compiled."""
    firsts = [state.record.first_step_s for state in states]
    known = [seconds for seconds in firsts if seconds is not None]
    return sum(seconds - min(known) for seconds in known)
