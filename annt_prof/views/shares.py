"""Parts of a whole."""

from __future__ import annotations


def share_of(part: float, whole: float) -> float | None:
    """Return a part of a whole as a fraction of 1; None of nothing, which has no share."""
    return part / whole if whole else None
