"""The figures of a metric by launch: what every statistic of a check is told from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


class LaunchFigures(msgspec.Struct, frozen=True):
    """One figure for each launch.

    Attributes:
        values: In the unit of the metric's dimension; of a share a fraction.
        launches: Of which each is, ascending.
        exact: Whether it is a count, of which one figure says all.
        may_be_zero: Whether a launch may have none of it, so that there are no logarithms.
        why_not: Why there are no values; None where there are.
        note: What a reader must know of them.
    """

    values: tuple[float, ...] = ()
    launches: tuple[int, ...] = ()
    exact: bool = False
    may_be_zero: bool = False
    why_not: str | None = None
    note: str | None = None


def by_launch(
    values: Mapping[int, float],
    why_not: str,
    *,
    may_be_zero: bool = False,
    note: str | None = None,
) -> LaunchFigures:
    """Return the figures in the order of their launches.

    Args:
        values: By launch.
        why_not: What is said where there are none.
        may_be_zero: Whether a launch may have none of what they are of.
        note: What is said of them.
    """
    if not values:
        return LaunchFigures(may_be_zero=may_be_zero, why_not=why_not)
    launches = tuple(sorted(values))
    return LaunchFigures(
        values=tuple(float(values[launch]) for launch in launches),
        launches=launches,
        may_be_zero=may_be_zero,
        note=note,
    )
