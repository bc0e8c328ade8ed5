"""What stands under ``budgets`` to typed limits, each with its place; every mistake at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from annt_prof.categories import KernelClass
from annt_prof.errors import suggestion
from annt_prof.scenario.budget_conflicts import Placed, budget_conflicts
from annt_prof.scenario.budget_entry import read_entry
from annt_prof.scenario.budget_keys import BUDGETS, ON, PITFALLS, budget_keys
from annt_prof.scenario.budget_machine import read_machine
from annt_prof.scenario.budget_metrics import KERNELS, METRICS, NO_PITFALLS
from annt_prof.scenario.budgets import Budget, Budgets, LimitKind
from annt_prof.scenario.complaints import Complaints
from annt_prof.scenario.wording import describe
from annt_prof.text import printable

if TYPE_CHECKING:
    from annt_prof.scenario.budgets import NamedMachine
    from annt_prof.scenario.problems import Problem
    from annt_prof.scenario.tree import KeyPath, Node

ALL = "all"


def read_budgets(node: Node | None, file: str) -> tuple[Budgets, list[Problem]]:
    """Return what a file holds a run to, and what is wrong with it.

    Args:
        node: What stands under ``budgets``; None for no such key.
        file: The file's name as the user gave it, for the limits' places.
    """
    if node is None or node.value is None:
        return Budgets(), []
    reader = _Reader(file)
    reader.read(node)
    problems = [*reader.complaints.problems, *budget_conflicts(reader.placed)]
    return Budgets(tuple(placed.budget for placed in reader.placed), reader.on), problems


class _Reader:
    """Walks the tree under ``budgets``."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.complaints = Complaints()
        self.placed: list[Placed] = []
        self.on: NamedMachine | None = None

    def read(self, node: Node) -> None:
        """Read all of it."""
        if not isinstance(node.value, dict):
            self.complaints.found((BUDGETS,), node, "a mapping from metrics to limits")
            return
        for name, child in node.value.items():
            path: KeyPath = (BUDGETS, name)
            if _taken_away(child):
                continue
            if name == ON:
                self.on = read_machine(child, path, self.complaints)
            elif name == NO_PITFALLS:
                self._no_pitfalls(child, path)
            elif name in METRICS or name in PITFALLS:
                self._limits(name, child, path)
            else:
                self.complaints.at_key(path, child, _unknown_metric(name))

    def _limits(self, name: str, node: Node, path: KeyPath) -> None:
        if not isinstance(node.value, list):
            self._limit(name, node, path)
            return
        if not node.value:
            self.complaints.at(path, node, "an empty list; allowed: at least one limit")
        for i, item in enumerate(node.value):
            self._limit(name, item, (*path, i))

    def _limit(self, name: str, node: Node, path: KeyPath) -> None:
        budget = read_entry(name, node, path, self.complaints)
        if budget is not None:
            self._keep(budget, node.deepest(budget.path[len(path) :]))

    def _no_pitfalls(self, node: Node, path: KeyPath) -> None:
        if node.value == ALL:
            self._keep(Budget(NO_PITFALLS, LimitKind.NONE_OF, 0, ALL, path=path), node)
            return
        if not isinstance(node.value, list):
            self.complaints.found(path, node, f"{ALL}, or a list of pitfalls")
            return
        if not node.value:
            self.complaints.at(path, node, "an empty list; allowed: at least one pitfall, or all")
            return
        before = len(self.complaints.problems)
        keys: list[str] = []
        for i, item in enumerate(node.value):
            key = self.complaints.checked((*path, i), item, _pitfall)
            if key in keys:
                self.complaints.at((*path, i), item, f"{key} is named twice")
            elif key is not None:
                keys.append(key)
        if len(self.complaints.problems) > before:
            return
        text, pitfalls = ", ".join(keys), tuple(keys)
        budget = Budget(NO_PITFALLS, LimitKind.NONE_OF, 0, text, pitfalls=pitfalls, path=path)
        self._keep(budget, node)

    def _keep(self, budget: Budget, limit: Node) -> None:
        """Take a limit in, with the place of its key where that is in the file."""
        origin = limit.origin
        place = None
        if origin.key is not None:
            place = f"{self.file}:{origin.key.line}:{origin.key.column}"
        path = ("when", "no_accelerator", *budget.path) if origin.overlay else budget.path
        told = msgspec.structs.replace(budget, path=path, place=place)
        self.placed.append(Placed(told, budget.path, origin))


def _taken_away(node: Node) -> bool:
    """Whether it is the null by which an overlay or an override takes a budget away."""
    return node.value is None and (node.origin.overlay or node.origin.outside != "")


def _unknown_metric(name: str) -> str:
    known = budget_keys()
    if name in [kernel_class.value for kernel_class in KernelClass]:
        near = f'did you mean "{KERNELS}{name}"?'
    else:
        near = suggestion(name, known)
    return f'unknown metric "{printable(name)}"; {near}'


def _pitfall(given: object) -> str:
    if not isinstance(given, str):
        raise ValueError(f"found {describe(given)}; allowed: a pitfall's name")
    if given not in PITFALLS:
        near = suggestion(given, PITFALLS)
        raise ValueError(f'unknown pitfall "{printable(given)}"; {near}')
    return given
