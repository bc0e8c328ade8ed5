"""A tree of values to a typed scenario, or everything that is wrong with it in the user's words."""

from __future__ import annotations

import dataclasses
import re
import types
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import ValidationError

from annt_prof.errors import UserError, suggestion
from annt_prof.scenario.budget_keys import BUDGETS, budget_keys
from annt_prof.scenario.budget_reading import read_budgets
from annt_prof.scenario.checks import Conflict, conflicts
from annt_prof.scenario.problems import Problem, problem_at
from annt_prof.scenario.schema import Scenario, Section
from annt_prof.scenario.wording import describe, unknown_key
from annt_prof.techniques import registry
from annt_prof.text import printable

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from annt_prof.scenario.tree import KeyPath, Node

_ALLOWED_TYPE = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "a string",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "tuple_type": "a list",
}
_ALLOWED_RANGE = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_YAML_1_1_BOOLEANS = {"on": "true", "yes": "true", "off": "false", "no": "false"}


def validate(root: Node, file: str) -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario that a tree describes, or None, and everything wrong with the tree.

    Args:
        root: The tree.
        file: The file's name as the user gave it, for the places of budgets.
    """
    # Budgets are read from the tree itself, since each keeps its place in the file.
    budgets, problems = read_budgets(root.child(BUDGETS), file)
    try:
        scenario = Scenario.model_validate({**root.plain(), BUDGETS: budgets})
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [*problems, *(_problem(detail, root) for detail in details)]
    unexcused = [conflict for conflict in conflicts(scenario) if not _excused(conflict, root)]
    problems += [_contradiction(conflict, root) for conflict in unexcused]
    return (None if problems else scenario), problems


def _excused(conflict: Conflict, root: Node) -> bool:
    """Whether an override sets the one key that may differ, and no other that takes part."""
    overridden = [
        path for path in conflict.paths if (node := root.find(path)) and node.origin.outside
    ]
    return overridden == [conflict.unless_overridden]


def _contradiction(conflict: Conflict, root: Node) -> Problem:
    """Place a conflict: in the overlay if it takes part, at the first key that was given else."""
    given = [(path, node) for path in conflict.paths if (node := root.find(path)) is not None]
    given.sort(key=lambda pair: not pair[1].origin.overlay)
    path, node = given[0] if given else (conflict.paths[0], root.deepest(conflict.paths[0]))
    return problem_at(path, conflict.message, node.origin)


def allowed_keys(path: KeyPath) -> tuple[str, ...]:
    """Return the keys that may stand in the mapping at a path; none where anything may."""
    match path:
        case ("techniques",):
            return registry.names()
        case ("techniques", str(name)):
            try:
                options = registry.load(name).options
            except UserError:
                return ()
            return tuple(field.name for field in dataclasses.fields(options))
        case ("budgets", *_):
            return budget_keys(path[1:])
    section: type[Section] = Scenario
    for key in path:
        field = section.model_fields.get(str(key))
        below = _section_of(field.annotation) if field else None
        if below is None:
            return ()
        section = below
    return tuple(section.model_fields)


def _section_of(annotation: Any) -> type[Section] | None:  # noqa: ANN401 - a type expression
    choices = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()
    for choice in choices or (annotation,):
        if isinstance(choice, type) and issubclass(choice, Section):
            return choice
    return None


def _problem(detail: ErrorDetails, root: Node) -> Problem:
    path: KeyPath = detail["loc"]
    node = root.deepest(path)
    at_key = detail["type"] in ("missing", "extra_forbidden", "technique")
    return problem_at(path, _message(detail), node.origin, at_key=at_key)


def _message(detail: ErrorDetails) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    path: KeyPath = detail["loc"]
    if kind == "missing":
        return "missing; this key is required"
    if kind == "extra_forbidden":
        return unknown_key(str(path[-1]), allowed_keys(path[:-1]))
    if kind == "literal_error":
        return _wrong_choice(given, re.findall(r"'([^']*)'", context["expected"]))
    if kind in _ALLOWED_TYPE:
        return (
            f"found {describe(given)}; allowed: {_ALLOWED_TYPE[kind]}{_boolean_hint(kind, given)}"
        )
    if kind in _ALLOWED_RANGE:
        bound, words = _ALLOWED_RANGE[kind]
        return f"found {describe(given)}; allowed: {words} {_number(context[bound])}"
    if kind == "string_pattern_mismatch" and path == ("name",):
        return (
            f"found {describe(given)}; allowed: letters, digits, dots, hyphens and underscores, "
            "a letter or digit first, at most 100"
        )
    if kind == "string_too_short":
        return "found an empty string"
    return printable(detail["msg"])


def _wrong_choice(given: object, choices: list[str]) -> str:
    listed = ", ".join(choices)
    if not isinstance(given, str):
        return f"found {describe(given)}; allowed: {listed}"
    near = suggestion(given, choices)
    if near.startswith("did you mean"):
        return f"found {describe(given)}; {near} (allowed: {listed})"
    return f"found {describe(given)}; allowed: {listed}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _boolean_hint(kind: str, given: object) -> str:
    meant = _YAML_1_1_BOOLEANS.get(given.lower()) if isinstance(given, str) else None
    if kind != "bool_type" or meant is None:
        return ""
    return f" (in YAML 1.2 {given} is a string; write {meant})"
