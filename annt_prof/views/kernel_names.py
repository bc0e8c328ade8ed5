"""Kernel names short enough for a table, and never two alike for different kernels."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from annt_prof.views.name_forms import NameForms, name_forms

if TYPE_CHECKING:
    from collections.abc import Iterable

_ELLIPSIS = "..."
_WORD_BEGINS = re.compile(r"(?<=[_<>,: (])(?=\w)|(?<=[a-z0-9])(?=[A-Z])")

_KERNEL = re.compile(r"_?[kK]ernel(?:_cuda|_impl)?$")


def shorten(names: Iterable[str], most: int) -> dict[str, str]:
    """Return a short form of each name, no two the same.

    Each is written in the fullest of its forms that there is room for, unless that makes two
    alike: then in the first in which they are not. What fits in no form is cut, between words if
    that keeps most of it; where that makes two names alike, what is kept is the stretch in which
    they begin to differ; at worst they are numbered.

    Args:
        names: Different from each other.
        most: Characters, at least 20; no short form has more.
    """
    forms = {name: name_forms(name) for name in dict.fromkeys(names)}
    plain = _distinct({name: of_name.full[0] for name, of_name in forms.items()}, forms)
    chosen = {name: _fullest(forms[name], most) for name in forms}
    for group in _alike(chosen):
        chosen |= _in_other_forms(group, forms, most, set(chosen.values()))
    return _numbered(_told_apart(chosen, plain, most), most)


def _fullest(forms: NameForms, most: int) -> str:
    """Return the fullest form that there is room for; without any, what can be kept of it."""
    for form in forms.full:
        if len(form) <= most:
            return form
    return _with_operation(forms, most) or _cut(forms.own, most)


def _with_operation(forms: NameForms, most: int) -> str | None:
    """Drop the function's last words, as what it is given to do tells more than those."""
    given = f"<{forms.operation}>" if forms.operation else ""
    if len(forms.own + given) <= most:
        return forms.own + given
    room = most - len(given) - len(_ELLIPSIS)
    kept = forms.own[: max(room + 1, 0)].rpartition("_")[0]
    if given and kept:
        return f"{kept}{_ELLIPSIS}{given}"
    return _cut(forms.operation, most) if forms.operation else None


def _in_other_forms(
    group: list[str], forms: dict[str, NameForms], most: int, taken: set[str]
) -> dict[str, str]:
    """Write names that came out alike in the first of their forms in which they do not."""
    written = {name: forms[name].fullest_first() for name in group}
    for number in range(max(map(len, written.values()))):
        others = [of_name[min(number, len(of_name) - 1)] for of_name in written.values()]
        fits = all(len(form) <= most for form in others)
        if fits and len(set(others)) == len(group) and taken.isdisjoint(others):
            return dict(zip(group, others, strict=True))
    return {}


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


def _distinct(plain: dict[str, str], forms: dict[str, NameForms]) -> dict[str, str]:
    """Give those that became alike their whole names back, until no two are alike."""
    result = dict(plain)
    while groups := _alike(result):
        for name in itertools.chain(*groups):
            result[name] = forms[name].whole if result[name] != forms[name].whole else name
    return result


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


def _cut(name: str, most: int) -> str:
    """Keep the beginning and the end, as much as fits in whole words of both.

    The word "kernel" at the end goes first, as it tells nothing.
    """
    shorter = _KERNEL.sub("", name)
    if len(name) <= most or 0 < len(shorter) <= most:
        return name if len(name) <= most else shorter
    room = most - len(_ELLIPSIS)
    begins = [match.start() for match in _WORD_BEGINS.finditer(name)]
    tails = [name[begin:] for begin in begins if len(name) - begin <= room * 5 // 9]
    tails = tails or [name[-(most // 3) :]]
    both = [(_whole_words(name, room - len(tail)), tail) for tail in tails]
    head, tail = max(both, key=lambda ends: (len(ends[0]) + len(ends[1]), len(ends[0])))
    return f"{head}{_ELLIPSIS}{tail}"


def _whole_words(text: str, room: int) -> str:
    """Keep what there is room for, without a broken word where that keeps half of it."""
    ends = [match.start() for match in _WORD_BEGINS.finditer(text, 0, room + 1)]
    if len(text) <= room or not ends or ends[-1] <= room // 2:
        return text[:room]
    return text[: ends[-1]].rstrip("_<,: (")


def _around(name: str, place: int, most: int) -> str:
    """Keep the beginning and what follows ``place``, from the beginning of the word there on."""
    head = _whole_words(name, most // 3)
    begins = [match.start() for match in _WORD_BEGINS.finditer(name, 0, place + 1)]
    near = [begin for begin in begins if begin >= place - most // 3]
    start = max(len(head), near[-1] if near else place - 4)
    room = most - len(head) - 2 * len(_ELLIPSIS)
    kept = _whole_words(name[start:], room)
    end = _ELLIPSIS if start + len(kept) < len(name) else ""
    return f"{head}{_ELLIPSIS if start > len(head) else ''}{kept}{end}"
