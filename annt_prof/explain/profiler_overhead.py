"""A traced step without what the profiler added, beside the timed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.categories import Category
from annt_prof.compare.figures import waited_share
from annt_prof.explain.agreement import agreement

if TYPE_CHECKING:
    from annt_prof.runs.record import VariantRecord

# What the profiler makes longer where there is a device: time in which the host decides. Device
# activities are timed by the device and keep their lengths.
_HOST_SIDE = frozenset(
    {Category.HOST_BOUND, Category.DATA_LOADING, Category.SYNC, Category.UNATTRIBUTED}
)


class Deflated(NamedTuple):
    """Nanoseconds per iteration; categories and what is in none sum to the timed step.

    Attributes:
        by_category_ns: What the trace shows, without what the profiler added.
        not_in_trace_ns: The timed step without these. Positive where the traced step is shorter,
            negative where it is longer by more than could be taken out. It is of no category that
            is known.
        host_side: Categories that the profiler makes longer.
        timed: Categories that the timed windows tell by themselves.
    """

    by_category_ns: dict[Category, int]
    not_in_trace_ns: int
    host_side: frozenset[Category]
    timed: frozenset[Category] = frozenset()

    def off_ns(self, category: Category) -> int:
        """Return by how much the trace may be wrong on a category, ns.

        What it lacks may be of any; what it has too much of is time in which the host decides.
        """
        if category in self.timed:
            return 0
        lacks = self.not_in_trace_ns > 0
        return abs(self.not_in_trace_ns) if lacks or category in self.host_side else 0


def deflated(
    variant: VariantRecord, device_type: str, timed_ns: float | None = None
) -> Deflated | None:
    """Return the traced step by category without what the profiler added.

    Traces of different variants are taken one after the other, and each is slowed by the
    profiler; the timed windows are neither. So each trace says only how its step divides up.
    Without a device all of the step is host time and shrinks alike; with one only the categories
    in which the host decides do, and where these cannot absorb it all a rest stays. No more is
    taken out than the profiler can cost and windows differ among themselves, where that is known.

    Without a device the timed windows tell for how long training waited for batches. Where loader
    processes set the pace, what the profiler makes longer is waited less: the traced step is as
    long as the timed one, with too much of the rest in it and too little waiting. So what is left
    to the other categories is the timed step without the timed waits.

    A traced step that is shorter than the timed one lacks something, and nothing tells what: no
    category grows. Only an epoch's start, which is measured apart and is waiting for data, is
    added to that.

    Args:
        variant: Of a run.
        device_type: What the run used.
        timed_ns: Per iteration, of the timed windows; their mean unless given.

    Returns:
        None where the variant was not traced or not timed.
    """
    breakdown, timed, compared = variant.breakdown, variant.step_time, agreement(variant)
    if breakdown is None or timed is None or compared is None:
        return None
    whole_ns = (timed.mean_ns if timed_ns is None else timed_ns) - timed.epoch_start_ns
    by_category_ns = breakdown.by_category_ns
    host_side = frozenset(by_category_ns) if device_type == "cpu" else _HOST_SIDE
    waits = waited_share(variant) if device_type == "cpu" else None
    if Category.DATA_LOADING not in by_category_ns:
        waits = None
    told = {} if waits is None else {Category.DATA_LOADING: round(waits * whole_ns)}
    traced_ns = sum(ns for category, ns in by_category_ns.items() if category not in told)
    added_ns = max(0.0, traced_ns - (whole_ns - sum(told.values())))
    if compared.cost_ns is not None:
        added_ns = min(added_ns, compared.cost_ns + compared.beyond_cost_ns)
    shrinks = host_side - told.keys()
    total_ns = sum(ns for category, ns in by_category_ns.items() if category in shrinks)
    factor = max(0.0, 1 - added_ns / total_ns) if total_ns else 1.0
    kept = {
        c: round(ns * factor) if c in shrinks else ns for c, ns in by_category_ns.items()
    } | told
    not_in_trace_ns = round(whole_ns) - sum(kept.values())
    # An epoch that starts for nothing may by chance seem to save something.
    loading_ns = kept.get(Category.DATA_LOADING)
    starts_ns = 0 if loading_ns is None else max(timed.epoch_start_ns, -loading_ns)
    if loading_ns is not None:
        kept[Category.DATA_LOADING] = loading_ns + starts_ns
    not_in_trace_ns += timed.epoch_start_ns - starts_ns
    return Deflated(kept, not_in_trace_ns, host_side, frozenset(told))
