"""A traced step brought to the length of the timed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.categories import Category

if TYPE_CHECKING:
    from annt_prof.runs.record import VariantRecord

# What the profiler makes longer where there is a device: time in which the host decides. Device
# activities are timed by the device and keep their lengths.
_HOST_SIDE = frozenset(
    {Category.HOST_BOUND, Category.DATA_LOADING, Category.SYNC, Category.UNATTRIBUTED}
)


def deflated(
    variant: VariantRecord, device_type: str, timed_ns: float | None = None
) -> dict[Category, int] | None:
    """Return nanoseconds per iteration by category without what the profiler added.

    Traces of different variants are taken one after the other, and each is slowed by the
    profiler; the timed windows are neither. So each trace says only how its step divides up.
    Without a device all of the step is host time and shrinks alike; with one only the categories
    in which the host decides do, and where these cannot absorb it all a rest stays.

    Args:
        variant: Of a run.
        device_type: What the run used.
        timed_ns: Per iteration, of the timed windows; their median unless given.

    Returns:
        None where the variant was not traced or not timed.
    """
    breakdown, timed = variant.breakdown, variant.step_time
    if breakdown is None or timed is None:
        return None
    found = breakdown.by_category_ns
    shrinking = {c: ns for c, ns in found.items() if device_type == "cpu" or c in _HOST_SIDE}
    total_ns = sum(shrinking.values())
    surplus_ns = breakdown.step_ns - (timed.mean if timed_ns is None else timed_ns)
    factor = max(0.0, 1 - surplus_ns / total_ns) if total_ns else 1.0
    return {c: round(ns * factor) if c in shrinking else ns for c, ns in found.items()}
