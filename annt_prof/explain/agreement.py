"""Whether a variant's traced window shows the same step as its timed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from annt_prof import units
from annt_prof.compare.figures import launch_of_rounds, of_launches

if TYPE_CHECKING:
    from annt_prof.runs.record import VariantRecord

COST_OF_EVENT_NS = 5_000
"""What recording one host event costs at most; a generous bound.

Source: measured as a traced step minus a timed one over the operators and annotations of a step,
with torch 2.14, shapes and memory, on one core of a shared x86 host: 0.5 to 1.6 us, and with
Python stacks (whose frames are events too) 0.7 to 1.4 us. CUPTI adds to each call of the runtime.
"""

DRIFT = 0.05
"""Fraction by which a machine's own drift may part two windows; a choice."""

# Past this share the traced step is another step than the timed one. It is a choice: a category
# of a sixth of the step would then appear twice as large, were all of the excess its own.
_FAR_FROM_TIMED = 0.2


class Agreement(NamedTuple):
    """How a traced step compares with the timed one.

    Attributes:
        finding: ``agree``; ``longer`` by more than the profiler costs and windows differ among
            themselves, or ``shorter`` by more than these do: then the two do not show the same
            work. ``cost_unknown`` where it is longer and its events were not counted.
        inflation: Traced over timed step time, minus 1.
        cost_ns: What the profiler costs at most per iteration; None where it is not known.
        beyond_cost_ns: What the traced step may be longer than that, as windows differ.
        mid_epoch: Whether the timed step is without its part of an epoch's start, which no traced
            window has.
    """

    finding: Literal["agree", "longer", "shorter", "cost_unknown"]
    inflation: float
    cost_ns: int | None
    beyond_cost_ns: int
    mid_epoch: bool = False


def agreement(variant: VariantRecord) -> Agreement | None:
    """Compare a variant's traced step with its timed one; None where it lacks either."""
    breakdown, timed = variant.breakdown, variant.step_time
    if breakdown is None or timed is None:
        return None
    timed_ns = timed.within_epoch_ns
    windows = {window.round: window.per_iteration_ns for window in variant.windows}
    launches = launch_of_rounds(variant)
    launches_ns = of_launches(windows, launches, uneven=variant.uneven) or [timed_ns]
    drift_ns = round(DRIFT * timed_ns)
    over_ns = max(drift_ns, round(max(launches_ns)) - timed_ns)
    under_ns = max(drift_ns, timed_ns - round(min(launches_ns)))
    events = breakdown.host_events
    cost_ns = None if events is None else events * COST_OF_EVENT_NS
    off_ns = breakdown.step_ns - timed_ns
    finding: Literal["agree", "longer", "shorter", "cost_unknown"] = "agree"
    if off_ns < -under_ns:
        finding = "shorter"
    elif cost_ns is None:
        finding = "cost_unknown" if off_ns > 0 else "agree"
    elif off_ns > cost_ns + over_ns:
        finding = "longer"
    inflation = breakdown.step_ns / timed_ns - 1
    return Agreement(finding, inflation, cost_ns, over_ns, mid_epoch=timed.epoch_start_ns > 0)


def in_words(compared: Agreement) -> str:
    """Say how the traced steps compare with the timed ones, and what to read then."""
    size = units.percent(abs(compared.inflation))
    timed = "timed ones in mid-epoch" if compared.mid_epoch else "timed ones"
    if compared.inflation < 0:
        said = f"traced steps are {size} shorter than {timed}, which no profiler does"
        if compared.finding == "shorter":
            return f"{said}: {_OTHER_WORK}"
        said = f"{said}, within what windows that lie apart may differ by"
    else:
        said = f"traced steps are {size} longer than {timed}"
        if compared.finding == "longer":
            most = units.duration(compared.cost_ns or 0)
            return (
                f"{said}, more than the profiler costs (at most about {most} here): {_OTHER_WORK}"
            )
        known = compared.finding == "agree"
        said += (
            "; the profiler slows the host" if known else "; what the profiler costs is not known"
        )
    if abs(compared.inflation) > _FAR_FROM_TIMED:
        return f"{said}, and not every category alike: take the shares for a hint"
    return f"{said}, so read the shares, not the sum"


_OTHER_WORK = "the two windows do not show the same work; read the timed figure"
