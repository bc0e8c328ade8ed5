"""A scenario file, overrides and the machine to one effective scenario."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.scenario.effective import OVERRIDDEN, EffectiveValue, differences
from annt_prof.scenario.files import read_text
from annt_prof.scenario.overrides import Override, apply, beneath_lists, parse_overrides
from annt_prof.scenario.problems import Problem, report
from annt_prof.scenario.shape import named, not_a_scenario, overlaid, split_overlay, spread_mix
from annt_prof.scenario.source import parse
from annt_prof.scenario.validation import validate
from annt_prof.scenario.values import effective_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from annt_prof.scenario.schema import Scenario
    from annt_prof.scenario.tree import Node


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


Result = tuple[Resolved | None, list[Problem]]


@dataclass(frozen=True)
class ScenarioDocument:
    """A valid scenario file with its overrides.

    Attributes:
        path: Of the file.
        text: The file as given.
        by_accelerator: What is in effect with an accelerator and without, or what is wrong there.
    """

    path: Path
    text: str
    by_accelerator: Mapping[bool, Resolved | UserError]

    def resolve(self, accelerator: bool) -> Resolved:
        """Return what is in effect on a machine with or without an accelerator.

        Raises:
            UserError: An override does not go with the rest on such a machine.
        """
        resolved = self.by_accelerator[accelerator]
        if isinstance(resolved, UserError):
            raise resolved
        return resolved


def load(path: Path, overrides: Sequence[str] = ()) -> ScenarioDocument:
    """Read and validate a scenario, for machines with an accelerator and without.

    A default gives way to the file, the file to its ``when``, and all of them to an override.

    Args:
        path: A YAML 1.2 file.
        overrides: Each ``key.path=value``.

    Raises:
        UserError: Everything that is wrong, each with its line, column and source line.
    """
    return load_text(read_text(path), path, overrides)


def load_text(text: str, path: Path, overrides: Sequence[str] = ()) -> ScenarioDocument:
    """Validate what a scenario file holds or would hold, like ``load``.

    Args:
        text: Of the file.
        path: Of the file, there or not; it names the text in messages.
        overrides: Each ``key.path=value``.

    Raises:
        UserError: Everything that is wrong, each with its line, column and source line.
    """
    settings, problems = parse_overrides(overrides)
    root, mistakes = parse(text)
    problems += mistakes
    if root is None or not isinstance(root.value, dict):
        raise report([*problems, *not_a_scenario(root, mistakes)], str(path), text)
    base, overlay, mistakes = split_overlay(named(root, path))
    problems += mistakes
    trees = {
        True: spread_mix(base),
        False: spread_mix(overlaid(base, overlay) if overlay else base),
    }
    results = {kind: _resolve(tree, settings, path) for kind, tree in trees.items()}
    problems += _certain(trees, results, settings, path)
    if problems:
        raise report(problems, str(path), text)
    by_accelerator = {
        kind: resolved or report(wrong, str(path), text)
        for kind, (resolved, wrong) in results.items()
    }
    # Where an override spoils the other kind of machine, the file itself serves to compare with.
    reference = results[True][0] or _resolve(trees[True], (), path)[0]
    without = results[False][0]
    if without is not None and reference is not None:
        by_accelerator[False] = _stating_overlay(without, reference)
    return ScenarioDocument(path, text, by_accelerator)


def _certain(
    trees: Mapping[bool, Node],
    results: Mapping[bool, Result],
    overrides: Sequence[Override],
    path: Path,
) -> list[Problem]:
    """Return the problems that concern every machine.

    The file must be valid for machines of either kind, whatever this one is. An override need
    only go with what acts here, so what it spoils elsewhere is left for that machine to report.
    """
    (with_accelerator, first), (without, second) = results[True], results[False]
    if with_accelerator is None and without is None:
        return [*first, *second]
    everywhere = [*first, *second]
    if not overrides:
        return everywhere
    of_the_file = {problem for tree in trees.values() for problem in validate(tree, str(path))[1]}
    return [problem for problem in everywhere if problem in of_the_file]


def _stating_overlay(without: Resolved, reference: Resolved) -> Resolved:
    """Say what ``when`` changed: what differs from the reference and no override set."""
    candidates = [value for value in without.values if value.origin != OVERRIDDEN]
    changed = differences(reference.values, candidates)
    sentences = tuple(f"{change}, as this machine has no accelerator" for change in changed)
    return Resolved(without.scenario, without.values, sentences)


def _resolve(root: Node, overrides: Sequence[Override], path: Path) -> Result:
    spread = spread_mix(root)
    problems = beneath_lists(spread, overrides)
    if problems:
        return None, problems
    tree = spread_mix(apply(spread, overrides))
    scenario, problems = validate(tree, str(path))
    if scenario is None:
        return None, problems
    return Resolved(scenario, effective_values(scenario, tree, path.name), ()), []
