"""When to ask what an epoch's start costs, and where the answer is kept."""

from __future__ import annotations

from statistics import fmean
from typing import TYPE_CHECKING, cast

import msgspec

from annt_prof.runner.messages import EpochReply, EpochRequest
from annt_prof.runs.record import EpochStart

if TYPE_CHECKING:
    from annt_prof.runner.crew import Crew
    from annt_prof.runner.entry import Entry
    from annt_prof.runner.spans import Span

_WORTH_ASKING_AGAIN = 0.005  # share of an epoch, below which no figure takes its start in
_TIME_SHARE = 0.1  # of the time budget: no question takes longer


def note_epoch_start(crew: Crew, entry: Entry, launch: int, span: Span) -> None:
    """Ask a process that has run its windows, and keep what it says in the record.

    Nothing is asked where windows hold whole epochs, where the start turned out to be too short
    to count, or where so many steps take too long; the record then has no start.

    Raises:
        CrowdedError: It ran out of memory beside others.
    """
    prepared, epochs = crew.prepared[entry.variant.name], entry.record.epochs
    own = [w for w in entry.record.windows if w.launch == launch]
    if span.at_epoch or epochs is None or not own:
        return
    step_ns = fmean(w.per_iteration_ns for w in own)
    waited_ns = fmean(w.waited_ns / w.iterations for w in own)
    if epochs.starts:
        seen = fmean(start.cost_ns for start in epochs.starts)
        if seen < _WORTH_ASKING_AGAIN * step_ns * epochs.iterations:
            return
    turns = -(-(prepared.queue + 1) // span.period)
    iterations = min(turns * span.period, epochs.iterations)
    budget_ns = crew.order.scenario.window.time_budget_s * 1e9
    if prepared.queue and 2 * iterations * step_ns > _TIME_SHARE * budget_ns:
        return
    reply = crew.ask(entry, EpochRequest(iterations, step_ns, waited_ns))
    if reply is None:
        return
    start = EpochStart(launch, cast("EpochReply", reply).cost_ns)
    entry.change(epochs=msgspec.structs.replace(epochs, starts=(*epochs.starts, start)))
