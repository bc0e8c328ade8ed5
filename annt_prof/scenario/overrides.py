"""``--set key.path=value`` into a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annt_prof.scenario.budget_keys import BUDGETS
from annt_prof.scenario.budget_metrics import KERNELS
from annt_prof.scenario.problems import Problem, dotted
from annt_prof.scenario.source import parse
from annt_prof.scenario.tree import Node, Origin, assign

if TYPE_CHECKING:
    from collections.abc import Sequence

Override = tuple[tuple[str, ...], Node]


def parse_overrides(texts: Sequence[str]) -> tuple[list[Override], list[Problem]]:
    """Return the place and the value of each override, and what is wrong with any.

    Args:
        texts: Each ``key.path=value``, the value in YAML.
    """
    overrides: list[Override] = []
    problems: list[Problem] = []
    for text in texts:
        parsed = _parse_one(text)
        if isinstance(parsed, Problem):
            problems.append(parsed)
        else:
            overrides.append(parsed)
    return overrides, problems


def apply(root: Node, overrides: Sequence[Override]) -> Node:
    """Assign each override in turn; the last one wins. A mapping replaces what was there."""
    for path, node in overrides:
        root = assign(root, path, node)
    return root


def beneath_lists(root: Node, overrides: Sequence[Override]) -> list[Problem]:
    """Return what is wrong with overrides that would replace a list by one of its parts.

    A metric's list of limits would give way to a single one, and nobody would see it.
    """
    problems = []
    for path, node in overrides:
        lists = [path[:n] for n in range(1, len(path)) if _is_list(root.find(path[:n]))]
        if lists:
            message = "is a list; set it as a whole"
            problems.append(Problem(message, dotted(lists[0]), outside=node.origin.outside))
    return problems


def _is_list(node: Node | None) -> bool:
    return node is not None and isinstance(node.value, list)


def _parse_one(text: str) -> Override | Problem:
    outside = f"--set {text}"
    key, equals, value = text.partition("=")
    path = _kernels_joined(tuple(part.strip() for part in key.split(".")))
    if not equals or not all(path):
        return Problem("expected key.path=value, such as window.rounds=10", outside=outside)
    if path[0] == "when":
        return Problem(
            "--set already wins over when; set the value itself", "when", outside=outside
        )
    node, problems = parse(value)
    if problems:
        return Problem(problems[0].message, key.strip(), outside=outside)
    if node is None:
        return Problem("no value; write null for none", key.strip(), outside=outside)
    return path, _from_outside(node, Origin(outside=outside))


def _kernels_joined(path: tuple[str, ...]) -> tuple[str, ...]:
    """Put ``budgets.kernels.gemm.max`` together, where a metric's own name has a dot."""
    match path:
        case ("budgets", "kernels", name, *below):
            return (BUDGETS, f"{KERNELS}{name}", *below)
    return path


def _from_outside(node: Node, origin: Origin) -> Node:
    value = node.value
    if isinstance(value, dict):
        value = {key: _from_outside(child, origin) for key, child in value.items()}
    elif isinstance(value, list):
        value = [_from_outside(child, origin) for child in value]
    return Node(value, origin)
