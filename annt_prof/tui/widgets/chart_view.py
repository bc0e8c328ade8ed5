"""Which stretch of an x axis is seen: moved and zoomed, and never beyond what there is."""

from __future__ import annotations

View = tuple[float, float]
"""Where a view begins and ends."""

_CLOSEST = 1e-5  # of the whole: below it, floats would no longer tell columns apart


def zoomed(view: View, whole: View, factor: float, about: float) -> View:
    """Return a view in which one place stays where it is, as far as the ends allow.

    Args:
        view: So far.
        whole: All that there is.
        factor: Of the view's length.
        about: The place that stays.
    """
    start, end = view
    least = _CLOSEST * (whole[1] - whole[0])
    if (end - start) * factor < least:
        return view
    return _within((about - (about - start) * factor, about + (end - about) * factor), whole)


def panned(view: View, whole: View, by: float) -> View:
    """Return a view that lies further right, or further left where ``by`` is negative."""
    start, end = view
    by = min(max(by, whole[0] - start), whole[1] - end)
    return start + by, end + by


def showing(view: View, whole: View, x: float) -> View:
    """Return the view, moved as far as needed for a place to be in it."""
    start, end = view
    return panned(view, whole, min(0.0, x - start) + max(0.0, x - end))


def _within(view: View, whole: View) -> View:
    """Return a view of the same length, moved into the whole, or the whole where it is longer."""
    start, length = view[0], view[1] - view[0]
    if length >= whole[1] - whole[0]:
        return whole
    start = min(max(start, whole[0]), whole[1] - length)
    return start, start + length
