"""Every value of a typed scenario, with its origin."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from annt_prof.scenario.budget_keys import BUDGETS
from annt_prof.scenario.effective import DEFAULT, OVERRIDDEN, EffectiveValue
from annt_prof.scenario.problems import dotted
from annt_prof.scenario.schema import Scenario, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.scenario.tree import KeyPath, Node, Origin


def effective_values(scenario: Scenario, tree: Node, file_name: str) -> tuple[EffectiveValue, ...]:
    """Return every leaf of a scenario but its budgets, defaults included.

    Args:
        scenario: As validated.
        tree: What it was validated from.
        file_name: Names the file in the origins.
    """
    return tuple(
        EffectiveValue(dotted(path), value, _label(tree.find(path), file_name))
        for path, value in _leaves(scenario, ())
    )


def _leaves(value: object, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    children = _children(value)
    if not children:
        leaf = list(value) if isinstance(value, tuple) else value
        yield path, leaf if children is None else {}
        return
    for key, child in children.items():
        yield from _leaves(child, (*path, key))


def _children(value: object) -> dict[str, Any] | None:
    """Return what is beneath a value, or None for a leaf."""
    if isinstance(value, Scenario):
        mix = {chosen.name: chosen.options for chosen in value.techniques}
        # Budgets say nothing of what is measured: runs are held against them, not made by them.
        measured = {key: getattr(value, key) for key in Scenario.model_fields if key != BUDGETS}
        return measured | {"techniques": mix}
    if isinstance(value, Section):
        return {key: getattr(value, key) for key in type(value).model_fields}
    if isinstance(value, dict):
        return value
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _label(node: Node | None, file_name: str) -> str:
    if node is None:
        return DEFAULT
    origin: Origin = node.origin
    if origin.outside:
        return OVERRIDDEN if origin.outside.startswith(OVERRIDDEN) else origin.outside
    place = f"{file_name}:{origin.key.line}:{origin.key.column}" if origin.key else file_name
    return f"when.no_accelerator ({place})" if origin.overlay else place
