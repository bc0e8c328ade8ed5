"""The outer shape of a scenario file: a mapping, with ``when`` beside the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from annt_prof.scenario.budget_keys import BUDGETS
from annt_prof.scenario.problems import Problem, problem_at
from annt_prof.scenario.tree import Node, Origin, assign, merge
from annt_prof.scenario.wording import describe, unknown_key

if TYPE_CHECKING:
    from pathlib import Path


def not_a_scenario(root: Node | None, mistakes: list[Problem]) -> list[Problem]:
    """Return what is wrong with a document that is no mapping."""
    if root is None:
        empty = Problem("empty; a scenario names at least a model and a dataset")
        return [] if mistakes else [empty]
    message = f"found {describe(root.plain())}; a scenario is a mapping of keys to values"
    return [problem_at((), message, root.origin)]


def named(root: Node, path: Path) -> Node:
    """Name a nameless scenario after its file."""
    if root.child("name") is not None:
        return root
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:100] or "scenario"
    return assign(root, ("name",), Node(stem, Origin(outside="file name")))


def split_overlay(root: Node) -> tuple[Node, Node | None, list[Problem]]:
    """Return the scenario without ``when``, the overlay in it, and what is wrong with its shape."""
    children = dict(root.value)
    when = children.pop("when", None)
    base = Node(children, root.origin)
    if when is None or when.value is None:
        return base, None, []
    if not isinstance(when.value, dict):
        return base, None, [problem_at(("when",), _not_a_mapping(when), when.origin)]
    problems = [
        problem_at(("when", key), unknown_key(key, ["no_accelerator"]), child.origin, at_key=True)
        for key, child in when.value.items()
        if key != "no_accelerator"
    ]
    overlay = when.child("no_accelerator")
    if overlay is None or overlay.value is None:
        return base, None, problems
    if not isinstance(overlay.value, dict):
        path = ("when", "no_accelerator")
        return base, None, [*problems, problem_at(path, _not_a_mapping(overlay), overlay.origin)]
    return base, spread_mix(overlay.as_overlay()), problems


def overlaid(base: Node, overlay: Node) -> Node:
    """Lay the overlay over the rest.

    What it says of one metric's budget replaces all of it: half of one limit and half of another
    are none.
    """
    merged = merge(base, overlay)
    budgets = overlay.child(BUDGETS)
    if budgets is not None and isinstance(budgets.value, dict):
        for metric, limits in budgets.value.items():
            merged = assign(merged, (BUDGETS, metric), limits)
    return merged


def _not_a_mapping(node: Node) -> str:
    return f"found {describe(node.plain())}; allowed: a mapping"


def spread_mix(root: Node) -> Node:
    """Read a technique without options, and an empty mix, as an empty mapping."""
    mix = root.child("techniques")
    if mix is None:
        return root
    given = mix.value if isinstance(mix.value, dict) else {}
    filled = {
        name: Node({}, options.origin) if options.value is None else options
        for name, options in given.items()
    }
    whole = Node(filled, mix.origin) if mix.value is None or filled else mix
    return Node({**root.value, "techniques": whole}, root.origin)
