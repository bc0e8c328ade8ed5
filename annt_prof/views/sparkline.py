"""A series as one line of text, a character for each point."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEVELS = "▁▂▃▄▅▆▇█"
ASCII_LEVELS = "_.,-~=*#"
"""As many, from low to high, where a terminal knows only ASCII."""


def sparkline(values: Sequence[float], *, ascii_only: bool = False) -> str:
    """Return one character for each value: the least is the lowest, the greatest the highest.

    All of them are of the middle where they are the same.
    """
    levels = ASCII_LEVELS if ascii_only else LEVELS
    if not values:
        return ""
    least, span = min(values), max(values) - min(values)
    if not span:
        return levels[len(levels) // 2 - 1] * len(values)
    last = len(levels) - 1
    return "".join(levels[round((value - least) / span * last)] for value in values)
