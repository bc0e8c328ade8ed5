"""A file that has budgets and no scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.scenario.budget_keys import BUDGETS
from annt_prof.scenario.budget_reading import read_budgets
from annt_prof.scenario.budgets import Budgets
from annt_prof.scenario.complaints import Complaints
from annt_prof.scenario.files import read_text
from annt_prof.scenario.problems import Problem, report
from annt_prof.scenario.source import parse
from annt_prof.scenario.wording import describe, unknown_key

if TYPE_CHECKING:
    from pathlib import Path

    from annt_prof.scenario.tree import Node

DESCRIPTION = "description"
WHEN = "when"


def load_budgets(path: Path) -> Budgets:
    """Read a file whose one key is ``budgets``, beside a ``description`` at most.

    Args:
        path: A YAML 1.2 file.

    Raises:
        UserError: Everything that is wrong, each with its line, column and source line.
    """
    text = read_text(path, "a file of budgets")
    root, problems = parse(text)
    if root is None and not problems:
        problems.append(Problem(f"empty; a file of budgets has the key {BUDGETS}"))
    if root is not None:
        budgets, mistakes = _read(root, str(path))
        problems += mistakes
    if root is None or problems:
        raise report(problems, str(path), text)
    return budgets


def _read(root: Node, file: str) -> tuple[Budgets, list[Problem]]:
    complaints = Complaints()
    if not isinstance(root.value, dict):
        message = f"found {describe(root.plain())}; a file of budgets is a mapping"
        complaints.at((), root, message)
        return Budgets(), complaints.problems
    for key, child in root.value.items():
        if key == WHEN:
            message = "is for scenarios; without an accelerator, give another file of budgets"
            complaints.at_key((key,), child, message)
        elif key == DESCRIPTION:
            if not isinstance(child.value, str):
                complaints.found((key,), child, "a string")
        elif key != BUDGETS:
            message = unknown_key(key, (BUDGETS, DESCRIPTION))
            complaints.at_key((key,), child, message)
    node = root.child(BUDGETS)
    budgets, mistakes = read_budgets(node, file)
    if not budgets.limits and not mistakes:
        message = "missing; this key is required" if node is None else "holds nothing to a limit"
        complaints.at_key((BUDGETS,), node or root, message)
    return budgets, [*complaints.problems, *mistakes]
