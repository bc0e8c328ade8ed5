"""Whether a prediction held, and by how much it was off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from annt_prof.explain.explanation import Amount, Bounds


def outside(ns: int, bounds: Bounds) -> int:
    """Return how far a saving lies outside its bounds, ns; 0 within, negative below."""
    return ns - min(max(ns, bounds.low_ns), bounds.high_ns)


def held(saving: Amount, bounds: Bounds) -> bool | None:
    """Tell whether the measured saving lies within its bounds; None where it is too uncertain.

    An interval wider than the bounds would meet them wherever the truth lies. One that does not
    meet them at all tells that they did not hold, however wide it is.
    """
    if saving.low is None or saving.high is None:
        return None
    if saving.high < bounds.low_ns or saving.low > bounds.high_ns:
        return False
    if saving.high - saving.low > bounds.high_ns - bounds.low_ns:
        return None
    return outside(saving.ns, bounds) == 0


def beyond(saving: Amount, bounds: Bounds) -> bool:
    """Tell whether more was measured than the mechanism accounts for, interval or not."""
    return saving.ns > max(bounds.high_ns, 0)
