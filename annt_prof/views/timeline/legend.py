"""What the letters of a timeline stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from annt_prof.views.timeline.looks import look_of, word_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.views.palette import Look


class LegendEntry(NamedTuple):
    """A letter on its colour and what it stands for."""

    look: Look
    word: str


def legend(codes: Iterable[int]) -> tuple[LegendEntry, ...]:
    """Return an entry for each look among some codes, in the order of kinds."""
    words: dict[Look, dict[str, None]] = {}
    for code in sorted(codes):
        words.setdefault(look_of(code), {})[word_of(code)] = None
    return tuple(LegendEntry(look, "/".join(of_look)) for look, of_look in words.items())
