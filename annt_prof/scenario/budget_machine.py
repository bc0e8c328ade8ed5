"""The machine that a file's absolute limits are of, under ``on``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from annt_prof.scenario import quantities
from annt_prof.scenario.budget_keys import ON, budget_keys
from annt_prof.scenario.budgets import NamedMachine
from annt_prof.scenario.wording import describe, unknown_key

if TYPE_CHECKING:
    from annt_prof.scenario.complaints import Complaints
    from annt_prof.scenario.tree import KeyPath, Node

COUNTS = ("cores", "threads")
WATTS = ("power_limit_w",)


def read_machine(node: Node, path: KeyPath, complaints: Complaints) -> NamedMachine | None:
    """Return the machine that a file names; None where it names none rightly."""
    allowed = budget_keys((ON,))
    if not isinstance(node.value, dict):
        complaints.found(path, node, 'a mapping such as {torch: "2.14"}')
        return None
    if not node.value:
        complaints.at(path, node, f"names nothing; allowed: {', '.join(allowed)}")
        return None
    named: dict[str, Any] = {}
    for key, child in node.value.items():
        if key not in allowed:
            complaints.at_key((*path, key), child, unknown_key(key, allowed))
            continue
        check = _count if key in COUNTS else quantities.positive if key in WATTS else _name
        named[key] = complaints.checked((*path, key), child, check)
    return NamedMachine(**named)


def _count(value: object) -> int:
    return quantities.whole(value, 1)


def _name(value: object) -> str:
    if isinstance(value, float):  # YAML reads 2.10 as 2.1
        raise ValueError(f"found {describe(value)}; put it in quotes, which keep its digits")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"found {describe(value)}; allowed: a name or a version")
    return value.strip()
