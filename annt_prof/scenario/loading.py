"""A scenario file, overrides and the machine to one effective scenario."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.scenario.effective import EffectiveValue, differences
from annt_prof.scenario.overrides import Override, apply, parse_overrides
from annt_prof.scenario.problems import Problem, problem_at, report
from annt_prof.scenario.source import parse
from annt_prof.scenario.tree import Node, Origin, assign, merge
from annt_prof.scenario.validation import describe, unknown_key, validate
from annt_prof.scenario.values import effective_values

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from annt_prof.scenario.schema import Scenario

MAX_BYTES = 256 * 1024
"""A scenario is a page; a larger file is something else."""


@dataclass(frozen=True)
class Resolved:
    """The scenario as it takes effect on one kind of machine.

    Attributes:
        values: Every value, defaults included, with its origin.
        overrides_in_effect: A sentence for each value that ``when`` changed.
    """

    scenario: Scenario
    values: tuple[EffectiveValue, ...]
    overrides_in_effect: tuple[str, ...]


@dataclass(frozen=True)
class ScenarioDocument:
    """A valid scenario file with its overrides.

    Attributes:
        path: Of the file.
        text: The file as given.
        with_accelerator: What is in effect where there is an accelerator.
        without_accelerator: What is in effect elsewhere.
    """

    path: Path
    text: str
    with_accelerator: Resolved
    without_accelerator: Resolved

    def resolve(self, accelerator: bool) -> Resolved:
        """Return what is in effect on a machine with or without an accelerator."""
        return self.with_accelerator if accelerator else self.without_accelerator


def load(path: Path, overrides: Sequence[str] = ()) -> ScenarioDocument:
    """Read and validate a scenario, for machines with an accelerator and without.

    A default gives way to the file, the file to its ``when``, and all of them to an override.

    Args:
        path: A YAML 1.2 file.
        overrides: Each ``key.path=value``.

    Raises:
        UserError: Everything that is wrong, each with its line, column and source line.
    """
    text = _read(path)
    settings, problems = parse_overrides(overrides)
    root, mistakes = parse(text)
    problems += mistakes
    if root is None or not isinstance(root.value, dict):
        raise report([*problems, *_not_a_scenario(root, mistakes)], str(path), text)
    base, overlay, mistakes = _split(_named(root, path))
    problems += mistakes
    with_accelerator, first = _resolve(base, settings, path.name)
    without, second = _resolve(merge(base, overlay) if overlay else base, settings, path.name)
    problems += [*first, *second]
    if problems or with_accelerator is None or without is None:
        raise report(problems, str(path), text)
    changed = differences(with_accelerator.values, without.values)
    sentences = tuple(f"{change}, as this machine has no accelerator" for change in changed)
    without = Resolved(without.scenario, without.values, sentences)
    return ScenarioDocument(path, text, with_accelerator, without)


def _read(path: Path) -> str:
    where = str(path)
    try:
        if path.is_dir():
            raise UserError("is a directory; a scenario is a YAML file", where=where)
        if not path.exists():
            raise UserError("no such file", where=where, hint=_neighbours(path))
        if not path.is_file():
            raise UserError("is not a regular file", where=where)
        if (size := path.stat().st_size) > MAX_BYTES:
            raise UserError(
                f"{size:,} bytes; a scenario has at most {MAX_BYTES:,}: is it one?", where=where
            )
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot be read: {error.strerror}", where=where) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"not UTF-8: byte 0x{content[error.start]:02x}",
            where=f"{where}:{line}",
            hint="save the file as UTF-8",
        ) from error


def _neighbours(path: Path) -> str | None:
    import difflib

    near: list[str] = []
    if path.parent.is_dir():
        files = [file.name for file in path.parent.glob("*.y*ml")]
        near = difflib.get_close_matches(path.name, files, n=1)
    return f"did you mean {path.parent / near[0]}?" if near else None


def _not_a_scenario(root: Node | None, mistakes: list[Problem]) -> list[Problem]:
    if root is None:
        empty = Problem("empty; a scenario names at least a model and a dataset")
        return [] if mistakes else [empty]
    message = f"found {describe(root.plain())}; a scenario is a mapping of keys to values"
    return [problem_at((), message, root.origin)]


def _named(root: Node, path: Path) -> Node:
    """Name a nameless scenario after its file."""
    if root.child("name") is not None:
        return root
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).lstrip("._-")[:100] or "scenario"
    return assign(root, ("name",), Node(stem, Origin(outside="file name")))


def _split(root: Node) -> tuple[Node, Node | None, list[Problem]]:
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
    return base, _spread(overlay.as_overlay()), problems


def _not_a_mapping(node: Node) -> str:
    return f"found {describe(node.plain())}; allowed: a mapping"


def _spread(root: Node) -> Node:
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


def _resolve(
    root: Node, overrides: Sequence[Override], file_name: str
) -> tuple[Resolved | None, list[Problem]]:
    tree = _spread(apply(_spread(root), overrides))
    scenario, problems = validate(tree)
    if scenario is None:
        return None, problems
    return Resolved(scenario, effective_values(scenario, tree, file_name), ()), []
