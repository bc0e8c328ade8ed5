"""What grew and what shrank between two divisions of one total each."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import msgspec

from annt_prof import units
from annt_prof.analysis.breakdown.apportionment import whole_numbers
from annt_prof.views.shares import share_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["grew", "shrank", "same"]


class Change(msgspec.Struct, frozen=True):
    """One part of two totals.

    Attributes:
        name: Of the part.
        before_ns, after_ns: Its time; None where it is not measured, which counts as 0, as its
            time is then in other parts.
    """

    name: str
    before_ns: int | None
    after_ns: int | None

    @property
    def change_ns(self) -> int:
        """After less before; the changes of all parts sum to the change of the total."""
        return (self.after_ns or 0) - (self.before_ns or 0)

    @property
    def fraction(self) -> float | None:
        """The change as a fraction of before; None of nothing."""
        return share_of(self.change_ns, self.before_ns or 0)


def changes(before_ns: Mapping[str, int], after_ns: Mapping[str, int]) -> tuple[Change, ...]:
    """Return the change of each part that either total has, the largest first."""
    names = dict.fromkeys((*before_ns, *after_ns))
    compared = (Change(name, before_ns.get(name), after_ns.get(name)) for name in names)
    return tuple(sorted(compared, key=lambda change: (-abs(change.change_ns), change.name)))


def per_sample(by_name_ns: Mapping[str, int], samples: int) -> dict[str, int]:
    """Return the parts of an iteration as parts of a sample, in whole nanoseconds.

    They sum to the iteration's time over its samples, rounded.

    Args:
        by_name_ns: Of an iteration.
        samples: Of it, at least 1.
    """
    shares = {name: Fraction(ns, samples) for name, ns in by_name_ns.items()}
    return whole_numbers(shares, round(Fraction(sum(by_name_ns.values()), samples)))


def direction(before: str, after: str, change: float) -> Direction:
    """Tell which way a figure went; it stays the same where it reads the same.

    Args:
        before: The first figure as it is printed.
        after: The second one likewise.
        change: The second less the first, themselves.
    """
    if _read(before) == _read(after):
        return "same"
    return "grew" if change > 0 else "shrank"


def _read(printed: str) -> str:
    """Return what is printed without the sign of a nought."""
    return printed if any(digit in printed for digit in "123456789") else printed.lstrip("-")


_MANY_TIMES = 10
"""From so many times as much on, a percentage is harder to read than that."""


def relative(fraction: float) -> str:
    """Return a change as a share of what it is a change of, or how many times as much is left."""
    times = 1 + fraction
    return signed(units.percent(fraction), fraction) if times < _MANY_TIMES else units.ratio(times)


def signed(text: str, value: float) -> str:
    """Return a printed change with its sign; one that is ``< 0.1 %`` has that without any."""
    return f"+{text}" if value > 0 and text[:1].isdigit() else text
