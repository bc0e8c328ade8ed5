"""Whether a prediction held, and by how much it was off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount, Bounds


def outside(ns: int, bounds: Bounds) -> int:
    """Return how far a saving lies outside its bounds, ns; 0 within, negative below."""
    return ns - min(max(ns, bounds.low_ns), bounds.high_ns)


def held(saving: Amount, bounds: Bounds, floor_ns: float, narrow_ns: float) -> bool | None:
    """Tell whether the measured saving agrees with its bounds; None where it is too uncertain.

    The interval decides, never the point within it: half of all points of a technique that cannot
    act lie above a bound of 0. A prediction held where the interval meets the bounds, and did not
    where all of it lies outside, however wide it is. An interval that is wider than the bounds
    and too wide to show that there is no effect would meet them wherever the truth lies.

    Args:
        saving: Measured, per sample.
        bounds: Of the same.
        floor_ns: What the run tells from nothing, as for its verdicts; the bounds reach as far
            beyond.
        narrow_ns: Width up to which an interval shows that there is no effect.
    """
    if saving.low_ns is None or saving.high_ns is None:
        return None
    if saving.high_ns < bounds.low_ns - floor_ns or saving.low_ns > bounds.high_ns + floor_ns:
        return False
    if saving.high_ns - saving.low_ns > max(bounds.high_ns - bounds.low_ns, narrow_ns):
        return None
    return True


def beyond(saving: Amount, bounds: Bounds, floor_ns: float) -> bool:
    """Tell whether more was measured than the mechanism accounts for.

    Again the interval decides; where there is none, the point, which then is no finding either.

    Args:
        saving: Measured, per sample.
        bounds: Of the same.
        floor_ns: What the run tells from nothing.
    """
    least_ns = saving.ns if saving.low_ns is None else saving.low_ns
    return least_ns > max(bounds.high_ns, 0) + floor_ns
