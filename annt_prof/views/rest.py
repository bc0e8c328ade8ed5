"""What a list does not show: it ends before rows that would read 0.000 ms, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from annt_prof import units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Row = TypeVar("Row")


@dataclass(frozen=True)
class Rest:
    """The rows that a list does not show, each shorter than those it does.

    Attributes:
        count: Of these; 0 where the list shows all.
        total_ns: Of all of them.
    """

    count: int
    total_ns: float


@dataclass(frozen=True)
class Listed(Generic[Row]):
    """Rows as they are listed, and those that are not."""

    rows: tuple[Row, ...]
    rest: Rest


def legible(rows: Iterable[Row], time_ns: Callable[[Row], float]) -> Listed[Row]:
    """Return the rows that do not read 0.000 ms, and what is left of them.

    Args:
        rows: Of a list in milliseconds with three decimals.
        time_ns: What a row takes.
    """
    every = tuple(rows)
    shown = tuple(row for row in every if not units.reads_as_nothing(time_ns(row)))
    total_ns = sum(map(time_ns, every)) - sum(map(time_ns, shown))
    return Listed(shown, Rest(len(every) - len(shown), total_ns))
