"""What is wrong with a scenario, where, and how it is printed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from annt_prof.scenario.tree import KeyPath, Mark, Origin

SHOWN_COLUMNS = 100
"""Source lines are cut to this width around the caret."""


@dataclass(frozen=True)
class Problem:
    """One thing to mend.

    Attributes:
        message: What was found and what is allowed.
        path: The key it is about; empty for the file as a whole.
        mark: The place in the file, or None.
        outside: Where else it came from, such as ``--set seed=x``.
    """

    message: str
    path: str = ""
    mark: Mark | None = None
    outside: str = ""


def dotted(path: KeyPath) -> str:
    """Return a path as it is printed: ``dataset.augmentation[1]``."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += f".{printable(key)}" if text else printable(key)
    return text


def problem_at(path: KeyPath, message: str, origin: Origin, *, at_key: bool = False) -> Problem:
    """Return a problem placed at a node's value, or at its key."""
    shown: KeyPath = ("when", "no_accelerator", *path) if origin.overlay else path
    mark = origin.key if at_key or origin.value is None else origin.value
    return Problem(message, dotted(shown), mark, origin.outside)


def report(problems: Iterable[Problem], file: str, text: str) -> UserError:
    """Return one error that names every problem, each with its source line and a caret.

    Args:
        problems: In the order in which they were found; of several about one value the first is
            named, as what could not be read is no value of the wrong kind, too.
        file: The file's name as the user gave it.
        text: What the file holds.
    """
    lines = re.split("\r\n|[\n\r]", text)
    last = (len(lines) + 1, 0)
    first: dict[object, Problem] = {}
    for problem in problems:
        about = problem if problem.mark is None else (problem.path, problem.mark)
        first.setdefault(about, problem)
    ordered = sorted(first.values(), key=lambda p: (p.mark.line, p.mark.column) if p.mark else last)
    return UserError("\n".join(_render(problem, printable(file), lines) for problem in ordered))


def _render(problem: Problem, file: str, lines: list[str]) -> str:
    place = printable(problem.outside) or file
    if problem.mark is not None:
        place += f":{problem.mark.line}:{problem.mark.column}"
    head = ": ".join(part for part in (place, problem.path, problem.message) if part)
    if problem.mark is None or problem.mark.line > len(lines):
        return head
    return f"{head}\n{_excerpt(lines[problem.mark.line - 1], problem.mark.column - 1)}"


def _excerpt(line: str, column: int) -> str:
    start = max(0, column - SHOWN_COLUMNS // 2) if len(line) > SHOWN_COLUMNS else 0
    shown = printable(line[start : start + SHOWN_COLUMNS])
    from rich.cells import cell_len  # views load scenarios, and are free of what draws

    indent = cell_len(printable(line[start:column]))
    return f"    {shown.rstrip()}\n    {' ' * indent}^"
