"""Scenario values before they are validated: a tree that knows where each value came from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Mark:
    """A place in a text; line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Origin:
    """Where a value came from.

    Attributes:
        key: Its key in the file; None if it did not come from the file.
        value: Its value in the file.
        overlay: Whether it stands under ``when.no_accelerator``.
        outside: What it came from, such as ``--set seed=1``; empty for the file.
    """

    key: Mark | None = None
    value: Mark | None = None
    overlay: bool = False
    outside: str = ""


@dataclass(frozen=True)
class Node:
    """A mapping, a list or a scalar, with its origin.

    Attributes:
        value: ``dict[str, Node]``, ``list[Node]``, or None, bool, int, float, str.
    """

    value: Any
    origin: Origin

    def plain(self) -> Any:  # noqa: ANN401 - any JSON value
        """Return the value without origins."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, key: str | int) -> Node | None:
        """Return the child under a key or a list index, or None."""
        if isinstance(self.value, dict) and isinstance(key, str):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and key < len(self.value):
            child: Node = self.value[key]
            return child
        return None

    def find(self, path: KeyPath) -> Node | None:
        """Return the node at a path, or None."""
        node: Node | None = self
        for key in path:
            node = node.child(key) if node is not None else None
        return node

    def deepest(self, path: KeyPath) -> Node:
        """Return the node at a path or, where it ends early, the last one on the way."""
        node = self
        for key in path:
            below = node.child(key)
            if below is None:
                break
            node = below
        return node

    def as_overlay(self) -> Node:
        """Return the same tree, marked as standing under ``when``."""
        value = self.value
        if isinstance(value, dict):
            value = {key: child.as_overlay() for key, child in value.items()}
        elif isinstance(value, list):
            value = [child.as_overlay() for child in value]
        return Node(value, replace(self.origin, overlay=True))


def merge(below: Node, above: Node) -> Node:
    """Lay one tree over another: mappings merge key by key, everything else is replaced.

    Keys keep the order of ``below``; new ones follow.
    """
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    merged = dict(below.value)
    for key, child in above.value.items():
        merged[key] = merge(merged[key], child) if key in merged else child
    return Node(merged, below.origin)


def assign(root: Node, path: Sequence[str], node: Node) -> Node:
    """Return the tree with one place replaced as a whole; missing mappings on the way appear."""
    if not path:
        return node
    first, *rest = path
    children = dict(root.value) if isinstance(root.value, dict) else {}
    origin = root.origin if isinstance(root.value, dict) else node.origin
    children[first] = assign(children.get(first, Node({}, node.origin)), rest, node)
    return Node(children, origin)
