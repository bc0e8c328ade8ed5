"""Cells of the sheets of kernels and operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof import units
from annt_prof.views.kernel_names import shorten
from annt_prof.views.page import Cell, Tone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NONE = "-"
_CUT = "..."
_MODULE = "nn.Module: "
_MATRIX = {True: "yes", False: "no", None: "?"}
NARROWEST_NAME = 20  # ``shorten`` can do with no less
WIDEST_NAME = 60


def unknown() -> Cell:
    """Return the cell of what is not known."""
    return Cell(_NONE, None, Tone.QUIET)


def short_names(names: Iterable[str], room: int) -> dict[str, str]:
    """Return kernels' names for a column of so many characters, no two the same."""
    return shorten(names, _within(room))


def operator_names(names: Iterable[str], room: int) -> dict[str, str]:
    """Return operators' names likewise: of a long one its beginning and, as it tells most, its end.

    What a kernel's name may lose, such as its library, tells operators apart.
    """
    most = _within(room)
    begin = most // 3
    end = most - begin - len(_CUT)
    every = tuple(names)
    found = {n: n if len(n) <= most else f"{n[:begin]}{_CUT}{n[-end:]}" for n in every}
    return found if len(set(found.values())) == len(found) else shorten(every, most)


def _within(room: int) -> int:
    return max(NARROWEST_NAME, min(WIDEST_NAME, room))


def name_cell(name: str, short: str) -> Cell:
    """Return a short name, which is found by all of the whole one."""
    return Cell(short, name, Tone.STRONG)


def whole(number: int) -> Cell:
    """Return a count."""
    return Cell(units.whole(number), number)


def milliseconds(duration_ns: float | None) -> Cell:
    """Return a duration in milliseconds with three decimals."""
    if duration_ns is None:
        return unknown()
    return Cell(units.milliseconds(duration_ns, 3), duration_ns)


def microseconds(duration_ns: float) -> Cell:
    """Return a duration in microseconds with one decimal."""
    return Cell(units.microseconds(duration_ns), duration_ns)


def share(fraction: float | None) -> Cell:
    """Return a fraction in percent."""
    return unknown() if fraction is None else Cell(units.percent(fraction), fraction)


def matrix_units(used: bool | None) -> Cell:
    """Return whether matrix units are used."""
    return Cell(_MATRIX[used], used, Tone.PLAIN if used else Tone.QUIET)


def most_frequent(counts: Mapping[str, int] | None) -> Cell:
    """Return the most frequent of some labels, and how many others there are."""
    if not counts:
        return unknown()
    first, *others = counts
    more = f" +{len(others)}" if others else ""
    return Cell(f"{place_name(first)}{more}", first)


def place_name(name: str) -> str:
    """Return a module without what all of them begin with, a line of Python without its folders."""
    head, parenthesis, rest = name.removeprefix(_MODULE).partition("(")
    return f"{head.rsplit('/', 1)[-1]}{parenthesis}{rest}"
