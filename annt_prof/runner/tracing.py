"""One traced window of a variant, and what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from annt_prof.analysis.breakdown.accounting import break_down
from annt_prof.analysis.path.path_time import time_on_path
from annt_prof.analysis.tables.doubts import doubts
from annt_prof.analysis.tables.pitfalls import pitfalls
from annt_prof.analysis.timeline.timeline import Timeline
from annt_prof.errors import UserError
from annt_prof.remarks import Remark, Source
from annt_prof.runner.crew import CrowdedError
from annt_prof.runner.traced_launch import traced_launch
from annt_prof.runs.events import Activity
from annt_prof.runs.layout import trace_path
from annt_prof.trace.reading import read
from annt_prof.windows.messages import NumericsReply, NumericsRequest, TracedRequest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from annt_prof.runner.crew import Crew
    from annt_prof.runner.spans import Span
    from annt_prof.runner.variant_state import VariantState
    from annt_prof.runs.events import Event


def trace_variant(
    crew: Crew,
    state: VariantState,
    directory: Path,
    span: Span,
    iterations: int,
    notify: Callable[[Event], None],
    *,
    launch: int | None = None,
) -> None:
    """Trace a variant, look at its numbers, end its process, and analyse the trace.

    Args:
        crew: That the variant belongs to.
        state: With a process.
        directory: The run directory.
        span: Of the timed windows: the traced one holds whole turns of the same things.
        iterations: Recorded ones, at least.
        notify: Told of what is being done.
        launch: Of which process it is told apart from those of other launches; None where one
            launch alone is traced.
    """
    path = trace_path(directory, state.variant.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    notify(Activity("tracing", state.variant.name))
    turns = -(-iterations // span.period)
    # One turn runs unrecorded, so that the loader's processes are where they are in mid-epoch.
    at_epoch = state.record.epochs is not None and state.record.epochs.in_windows
    unrecorded = min(span.period, span.switch_in) if at_epoch else span.period
    request = TracedRequest(turns * span.period, path, unrecorded, at_epoch)
    if crew.ask_beside_measuring(state, request, "not traced") is None:
        return
    if state.record.numerics is None:
        _look_at_numbers(crew, state)
    crew.end([state])
    notify(Activity("analysing", state.variant.name))
    _attribute(state, path, launch, accelerator=crew.job.machine.device_type != "cpu")
    state.change(trace=str(path.relative_to(directory)))


def _look_at_numbers(crew: Crew, state: VariantState) -> None:
    """Ask for the variant's numbers."""
    lacks = "its numbers were not looked at"
    try:
        reply = crew.ask_beside_measuring(state, NumericsRequest(), lacks)
    except CrowdedError as crowded:
        _remark(state, Remark(Source.RUN, f"{lacks}: {crowded.failure.message}"))
    else:
        if reply is not None:
            state.change(numerics=cast("NumericsReply", reply).numerics)


def _attribute(
    state: VariantState, path: Path, launch: int | None = None, *, accelerator: bool
) -> None:
    """Break the traced steps down; a trace that cannot be read costs the breakdown alone."""
    try:
        timeline = Timeline(read(path), accelerator=accelerator)
        breakdown = break_down(timeline)
        state.change(breakdown=breakdown.mean, on_path=time_on_path(timeline))
        _remark(state, *(Remark(Source.TRACE, doubt) for doubt in doubts(timeline, breakdown)))
        found = pitfalls(timeline) or ()
        mistakes = (
            Remark(Source.TRACE, mistake.text, key=mistake.key, subject=mistake.subject)
            for mistake in found
        )
        _remark(state, *mistakes)
        if launch is not None:
            traced = traced_launch(timeline, breakdown.mean, launch, found)
            state.change(traced_launches=(*state.record.traced_launches, traced))
    except UserError as error:
        _remark(state, Remark(Source.RUN, f"no breakdown: {error.message}"))


def _remark(state: VariantState, *remarks: Remark) -> None:
    """Add what an earlier launch did not say already, with other figures perhaps."""
    said = {(remark.source, remark.mistake) for remark in state.record.remarks}
    new = tuple(r for r in remarks if (r.source, r.mistake) not in said)
    state.change(remarks=(*state.record.remarks, *new))
