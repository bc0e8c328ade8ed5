"""The first launch: every variant is built and warmed up, and the length of windows is chosen."""

from __future__ import annotations

import time
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from annt_prof.runner import pacing, spans
from annt_prof.runner.crew import CrowdedError
from annt_prof.runner.periods import find_period
from annt_prof.runner.residency import too_large
from annt_prof.runs.events import Estimated, Planned, Started, VariantLost
from annt_prof.telemetry.hardware import free_memory_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.entry import Entry
    from annt_prof.runner.messages import Prepared
    from annt_prof.runs.events import Event
    from annt_prof.scenario.schema import WindowChoice

    Notify = Callable[[Event], None]


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
    window, plan = crew.order.scenario.window, crew.order.plan
    for entry in crew.entries:
        if entry.record.status == "crashed":
            notify(VariantLost(entry.variant.name, entry.record.reason or "crashed"))
    names = tuple(entry.variant.name for entry in crew.running)
    notify(Started(names, window.rounds, window.time_budget_s, plan.design))
    began = time.monotonic()
    first, *others = crew.entries
    if first.runs:
        crew.launch([first])
    _foresee(crew, len(names), time.monotonic() - began, notify)
    alone = [entry for entry in others if len(entry.variant.factor_names) == 1]
    for group in (alone, [entry for entry in others if entry not in alone]):
        _launch_first(crew, [entry for entry in group if entry.runs])
    launch_s = time.monotonic() - began - _compiling_s(crew.entries)
    return _planned(crew, launch_s, notify)


def _foresee(crew: Crew, variants: int, launch_s: float, notify: Notify) -> None:
    """Say what the run will take, as soon as one variant is there to tell it."""
    prepared = crew.prepared.get(crew.entries[0].variant.name)
    if prepared is None or variants < 2:
        return
    window = crew.order.scenario.window
    paces, all_s = [_pace(prepared)] * variants, variants * launch_s
    needed = pacing.launches_needed(window)
    span = spans.choose_span(window, paces, all_s, needed)
    # Preparing the others, measuring, and tracing, which takes about as long as preparing.
    total_s = (2 * variants - 1) * launch_s + max(window.time_budget_s, span.round_s)
    buys = pacing.launches_in_budget(window, span.round_s, all_s)
    enough_s = pacing.enough_budget_s(window, span.round_s, all_s)
    notify(Estimated(total_s, fmean(prepared.step_ns), buys, needed, enough_s))
    if prepared.footprint is not None:
        why = too_large(prepared.footprint, variants - 1, free_memory_bytes())
        if why is not None:
            crew.live_apart(why)


def _launch_first(crew: Crew, group: Sequence[Entry]) -> None:
    """Launch variants for the first time; one after the other where they do not fit."""
    # What is refused beside another technique comes again, without it.
    while waiting := [entry for entry in group if entry.runs and not entry.built]:
        if crew.together:
            try:
                crew.launch(waiting)
            except CrowdedError as crowded:
                crew.live_apart(crowded.reason)
        else:
            crew.launch(waiting[:1])
            crew.end(waiting[:1])


def _planned(crew: Crew, launch_s: float, notify: Notify) -> Preparation:
    """Choose how long every window is, and say what the budget holds."""
    window = crew.order.scenario.window
    paces = [_pace(crew.prepared[entry.variant.name]) for entry in crew.running]
    if not paces:
        return Preparation(spans.Span(window.iterations, window.switch_in, 1, False, 0.0), launch_s)
    needed = pacing.launches_needed(window)
    span = spans.choose_span(window, paces, launch_s, needed)
    for entry in crew.running:
        if entry.record.epochs is not None and span.at_epoch:
            entry.change(epochs=msgspec.structs.replace(entry.record.epochs, in_windows=True))
    notify(
        Planned(
            iterations=span.iterations,
            switch_in=span.switch_in,
            at_epoch=span.at_epoch,
            round_s=span.round_s,
            launches=pacing.launches_in_budget(window, span.round_s, launch_s),
            needed=needed,
            enough_s=pacing.enough_budget_s(window, span.round_s, launch_s),
        )
    )
    return Preparation(span, launch_s, tuple(_cut(window, span, needed)))


def _cut(window: WindowChoice, span: spans.Span, needed: int) -> list[str]:
    if span.iterations >= window.iterations:
        return []
    return [
        f"windows have {span.iterations} instead of {window.iterations} iterations, as "
        f"{window.time_budget_s:g} s hold no {needed} launches of longer ones"
    ]


def _pace(prepared: Prepared) -> spans.Pace:
    period = find_period(prepared.step_ns, range(len(prepared.step_ns)))
    return spans.Pace(
        step_ns=fmean(prepared.step_ns),
        accumulation=prepared.accumulation,
        workers=prepared.workers,
        per_epoch=prepared.per_epoch,
        period=(period or 1) * prepared.accumulation,
    )


def _compiling_s(entries: Sequence[Entry]) -> float:
    """Return what first steps took beyond the baseline's: later launches find kernels compiled."""
    firsts = [entry.record.first_step_s for entry in entries]
    known = [seconds for seconds in firsts if seconds is not None]
    return sum(seconds - min(known) for seconds in known)
