"""Where one looks in a step: the window of time, and the cursor in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from annt_prof.views.timeline.picture import Window

_BEYOND = 0.02
"""Of a step, that is shown before and behind it."""


@dataclass(frozen=True)
class Place:
    """A window within a step and a cursor in it; nanoseconds from the step's begin.

    Attributes:
        start_ns, end_ns: The window.
        cursor_ns: Within it.
        full_ns: Length of the step, or of the longer of two.
        cells: Of the window.
    """

    start_ns: int
    end_ns: int
    cursor_ns: int
    full_ns: int
    cells: int

    @property
    def window(self) -> Window:
        """The window in cells."""
        return Window(self.start_ns, self.end_ns, self.cells)

    @property
    def cell(self) -> int:
        """The cell that the cursor is in."""
        return self.window.cell_of(self.cursor_ns)


def whole(full_ns: int, cells: int) -> Place:
    """Return the place that shows all of a step, with the cursor at its begin."""
    return _within(Place(0, full_ns, 0, full_ns, cells))


def fitted(place: Place, full_ns: int, cells: int) -> Place:
    """Return the same place for a step of another length, or in another number of cells."""
    if place.end_ns - place.start_ns >= place.full_ns:
        return _within(replace(whole(full_ns, cells), cursor_ns=place.cursor_ns))
    return _within(replace(place, full_ns=full_ns, cells=cells))


def unzoomed(place: Place) -> Place:
    """Return the place that shows all of the step, with the cursor where it is."""
    return _within(replace(whole(place.full_ns, place.cells), cursor_ns=place.cursor_ns))


def zoomed(place: Place, factor: float, around_ns: int | None = None) -> Place:
    """Return the window this many times as long around an instant, which stays where it is.

    Args:
        place: Of a step.
        factor: Below 1 to see more of less.
        around_ns: The cursor, where it is None.
    """
    fixed_ns = place.cursor_ns if around_ns is None else around_ns
    length = place.end_ns - place.start_ns
    longest = place.full_ns + 2 * _margin(place)
    wanted = min(max(round(length * factor), place.cells), max(longest, place.cells))
    share = (fixed_ns - place.start_ns) / length
    start_ns = fixed_ns - round(share * wanted)
    return _within(replace(place, start_ns=start_ns, end_ns=start_ns + wanted))


def panned(place: Place, cells: int) -> Place:
    """Return the place with the cursor so many cells further; the window follows it."""
    edges = place.window.edges_ns
    cell = place.cell + cells
    if 0 <= cell < place.cells:
        return replace(place, cursor_ns=int(edges[cell] + edges[cell + 1]) // 2)
    length = place.end_ns - place.start_ns
    return _within(at(place, place.cursor_ns + cells * length // place.cells))


def shifted(place: Place, share: float) -> Place:
    """Return the window moved by a share of its length, and the cursor with it."""
    by_ns = round((place.end_ns - place.start_ns) * share)
    moved = replace(place, start_ns=place.start_ns + by_ns, end_ns=place.end_ns + by_ns)
    return _within(replace(moved, cursor_ns=place.cursor_ns + by_ns))


def at(place: Place, instant_ns: int) -> Place:
    """Return the place with the cursor at an instant, moved as little as that needs."""
    moved = replace(place, cursor_ns=instant_ns)
    by_ns = min(instant_ns - moved.start_ns, 0) or max(instant_ns - moved.end_ns + 1, 0)
    return _within(replace(moved, start_ns=moved.start_ns + by_ns, end_ns=moved.end_ns + by_ns))


def showing(place: Place, start_ns: int, end_ns: int) -> Place:
    """Return the place with the cursor in the middle of an item, as close as it needs to be seen.

    An item of less than a few cells is zoomed to until it has a tenth of the window.
    """
    middle = (start_ns + end_ns) // 2
    length, window = end_ns - start_ns, place.end_ns - place.start_ns
    if length * place.cells < 3 * window or length > window:
        wanted = max(10 * length if length <= window else round(1.2 * length), place.cells)
        place = replace(place, start_ns=middle - wanted // 2, end_ns=middle + (wanted + 1) // 2)
    return at(place, middle)


def _margin(place: Place) -> int:
    return round(place.full_ns * _BEYOND)


def _within(place: Place) -> Place:
    """Move the window so that it lies in the step with its margins, and the cursor into it."""
    margin = _margin(place)
    length = max(min(place.end_ns - place.start_ns, place.full_ns + 2 * margin), place.cells)
    start_ns = min(max(place.start_ns, -margin), max(place.full_ns + margin - length, -margin))
    cursor_ns = min(max(place.cursor_ns, start_ns), start_ns + length - 1)
    return replace(place, start_ns=start_ns, end_ns=start_ns + length, cursor_ns=cursor_ns)
