"""Kernel names short enough for a table, and never two alike for different kernels."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOISE = re.compile(r"^void |\(anonymous namespace\)::|\b(?:at::native|at::detail|at|c10|std)::")
_ELLIPSIS = "..."


def shorten(names: Iterable[str], most: int) -> dict[str, str]:
    """Return a short form of each name, no two the same.

    Namespaces and parameter lists go first, then the middle. Where that makes two names alike,
    what is kept is the stretch in which they begin to differ; at worst they are numbered.

    Args:
        names: Different from each other.
        most: Characters, at least 20; no short form has more.
    """
    whole = list(dict.fromkeys(names))
    plain = _distinct({name: _without_noise(name) for name in whole}, whole)
    cut = {name: _cut(text, most) for name, text in plain.items()}
    return _numbered(_told_apart(cut, plain, most), most)


def _told_apart(cut: dict[str, str], plain: dict[str, str], most: int) -> dict[str, str]:
    """Cut names that are alike around where they begin to differ, as long as that helps.

    It may take several rounds: those of one group may come out like those of another.
    """
    while groups := _alike(cut):
        anew = dict(cut)
        for group in groups:
            prefix = _common([plain[name] for name in group])
            anew |= {name: _around(plain[name], prefix, most) for name in group}
        if sum(map(len, _alike(anew))) >= sum(map(len, groups)):
            return cut
        cut = anew
    return cut


def _distinct(shortened: dict[str, str], whole: list[str]) -> dict[str, str]:
    """Give those that became alike their whole names back, until no two are alike."""
    result = dict(shortened)
    while groups := _alike(result):
        result |= {name: name for group in groups for name in group}
    return {name: result[name] for name in whole}


def _numbered(shortened: dict[str, str], most: int) -> dict[str, str]:
    """Put a number behind those that are still alike, in the order of the names."""
    result = dict(shortened)
    taken = set(shortened.values())
    for group in _alike(shortened):
        numbers = itertools.count(1)
        for name in group:
            free = (f"#{number}" for number in numbers)
            texts = (f"{shortened[name][: most - len(tag)]}{tag}" for tag in free)
            result[name] = next(text for text in texts if text not in taken)
            taken.add(result[name])
    return result


def _alike(shortened: dict[str, str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name, text in shortened.items():
        groups.setdefault(text, []).append(name)
    return [group for group in groups.values() if len(group) > 1]


def _common(texts: list[str]) -> int:
    """Return with how many characters all of them begin alike."""
    together = zip(*texts, strict=False)
    return sum(1 for _ in itertools.takewhile(lambda column: len(set(column)) == 1, together))


def _without_noise(name: str) -> str:
    return _NOISE.sub("", _without_parameters(name)).strip() or name


def _without_parameters(name: str) -> str:
    """Drop the parameter list at the end of a demangled C++ name."""
    if not name.endswith(")"):
        return name
    depth = 0
    for place in range(len(name) - 1, -1, -1):
        depth += (name[place] == ")") - (name[place] == "(")
        if depth == 0:
            return name[:place] if place else name
    return name


def _cut(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    tail = most // 3
    return f"{name[: most - tail - len(_ELLIPSIS)]}{_ELLIPSIS}{name[-tail:]}"


def _around(name: str, place: int, most: int) -> str:
    """Keep the beginning and what follows ``place``, with a little before it."""
    head = most // 3
    start = max(head, place - 4)
    kept = name[start : start + most - head - 2 * len(_ELLIPSIS)]
    end = _ELLIPSIS if start + len(kept) < len(name) else ""
    return f"{name[:head]}{_ELLIPSIS if start > head else ''}{kept}{end}"
