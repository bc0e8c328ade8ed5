"""Gathering what is wrong with a tree while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from annt_prof.scenario.problems import Problem, problem_at
from annt_prof.scenario.wording import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from annt_prof.scenario.tree import KeyPath, Node

T = TypeVar("T")


class Complaints:
    """What is wrong so far.

    Attributes:
        problems: In the order in which they were found.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def at(self, path: KeyPath, node: Node, message: str) -> None:
        """Complain of a value."""
        self.problems.append(problem_at(path, message, node.origin))

    def at_key(self, path: KeyPath, node: Node, message: str) -> None:
        """Complain of a value's key."""
        self.problems.append(problem_at(path, message, node.origin, at_key=True))

    def found(self, path: KeyPath, node: Node, allowed: str) -> None:
        """Complain of a value that is none of what is allowed."""
        self.at(path, node, f"found {describe(node.plain())}; allowed: {allowed}")

    def checked(self, path: KeyPath, node: Node, check: Callable[[object], T]) -> T | None:
        """Return what a check makes of a value; None after a complaint where it refuses."""
        try:
            return check(node.plain())
        except ValueError as error:
            self.at(path, node, str(error))
            return None
