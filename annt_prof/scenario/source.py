"""YAML 1.2 text to a tree of values with their places; every mistake at once."""

from __future__ import annotations

import math
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode
from ruamel.yaml.reader import ReaderError

from annt_prof.scenario.problems import Problem, dotted
from annt_prof.scenario.tree import KeyPath, Mark, Node, Origin
from annt_prof.text import printable

MAX_VALUES = 20_000
"""Values in one file after aliases are followed; more is a mistake or an attack."""

_TAG = "tag:yaml.org,2002:"


def parse(text: str) -> tuple[Node | None, list[Problem]]:
    """Read one YAML document.

    Args:
        text: Any text.

    Returns:
        The tree, None where there is nothing to read, and what is wrong with it.
    """
    try:
        top = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError, ValueError) as error:
        return None, [_syntax_problem(error, text)]
    if top is None:
        return None, []
    reader = _Reader()
    try:
        node = reader.read(top, (), None)
    except RecursionError:
        return None, [Problem("nested too deeply")]
    return node, reader.problems


def _syntax_problem(error: Exception, text: str) -> Problem:
    if isinstance(error, ReaderError):
        before = text[: error.position]
        mark = Mark(before.count("\n") + 1, len(before) - before.rfind("\n"))
        return Problem(f"not YAML: unacceptable character {error.character!r}", mark=mark)
    if isinstance(error, MarkedYAMLError) and error.problem_mark is not None:
        mark = Mark(error.problem_mark.line + 1, error.problem_mark.column + 1)
        context = f" {error.context}" if error.context else ""
        return Problem(printable(f"not YAML: {error.problem}{context}"), mark=mark)
    if isinstance(error, RecursionError):
        return Problem("nested too deeply")
    return Problem(printable(f"not YAML: {error}"))


class _Reader:
    """Walks composed YAML nodes; scalars follow the YAML 1.2 core schema."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.count = 0
        self._open: list[YamlNode] = []

    def read(self, node: YamlNode, path: KeyPath, key: Mark | None) -> Node:
        """Return the tree under a YAML node; ``key`` is the place of its key."""
        self.count += 1
        here = _mark(node)
        if isinstance(node, ScalarNode):
            empty = not node.value and node.style is None
            return Node(self._scalar(node, path), Origin(key, key if empty and key else here))
        origin = Origin(key or here, here)
        if node in self._open:
            return self._refuse(path, here, "an alias that contains itself")
        if self.count > MAX_VALUES:
            return self._refuse(path, here, f"more than {MAX_VALUES} values", once=True)
        self._open.append(node)
        value: Any = None
        if isinstance(node, SequenceNode):
            value = [self.read(item, (*path, i), None) for i, item in enumerate(node.value)]
        elif isinstance(node, MappingNode):
            value = self._mapping(node, path)
        self._open.pop()
        return Node(value, origin)

    def _refuse(self, path: KeyPath, mark: Mark, message: str, *, once: bool = False) -> Node:
        if not (once and any(problem.message == message for problem in self.problems)):
            self.problems.append(Problem(message, dotted(path), mark))
        return Node(None, Origin(mark, mark))

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Node]:
        own: dict[str, Node] = {}
        inherited: dict[str, Node] = {}
        for key, value in node.value:
            if key.tag == f"{_TAG}merge":
                inherited = {**self._inherited(value, path), **inherited}
                continue
            if not isinstance(key, ScalarNode) or key.tag != f"{_TAG}str":
                self._refuse(path, _mark(key), "a key must be a string; put it in quotes")
                continue
            name = self._scalar(key, path)
            if name in own:
                first = own[name].origin.key
                line = f"; it is also on line {first.line}" if first else ""
                self._refuse((*path, name), _mark(key), f"duplicate key{line}")
            elif name is not None:
                own[name] = self.read(value, (*path, name), _mark(key))
        return {**inherited, **own}

    def _inherited(self, node: YamlNode, path: KeyPath) -> dict[str, Node]:
        """Return what a ``<<`` key brings in; the first of several mappings wins."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        brought: dict[str, Node] = {}
        for source in sources:
            tree = self.read(source, path, None)
            if isinstance(tree.value, dict):
                brought = {**tree.value, **brought}
            else:
                self._refuse(path, _mark(node), "<< must name a mapping")
        return brought

    def _scalar(self, node: ScalarNode, path: KeyPath) -> Any:  # noqa: ANN401 - any scalar
        kind, text = str(node.tag).removeprefix(_TAG), node.value
        try:
            match kind:
                case "null":
                    return None
                case "bool":
                    return text.lower() in ("true", "yes", "on")
                case "int":
                    return _integer(text)
                case "float":
                    return _number(text)
                case "str" | "timestamp":  # YAML 1.2's core schema has no dates
                    return _unicode(text)
        except ValueError as error:
            return self._refuse(path, _mark(node), str(error)).value
        tag = printable(str(node.tag))
        return self._refuse(path, _mark(node), f"the YAML tag {tag} is not supported").value


def _unicode(text: str) -> str:
    """Join the surrogate pairs that escapes in double quotes may stand for."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("half of a surrogate pair is not a character") from None


def _mark(node: YamlNode) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _integer(text: str) -> int:
    digits = text.replace("_", "").lower()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
    if len(digits) > 70:  # spares int() thousands of digits
        raise ValueError(f"{printable(text[:20])}... does not fit into 64 bits")
    try:
        value = sign * int(digits, base)
    except ValueError:
        raise ValueError(f"{printable(text)} is not an integer") from None
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{text} does not fit into 64 bits")
    return value


def _number(text: str) -> float:
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{printable(text)} is not a finite number")
    return value
