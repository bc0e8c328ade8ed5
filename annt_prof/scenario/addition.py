"""One more technique in a scenario's mix, as lines of YAML and in the text of a file."""

from __future__ import annotations

import dataclasses
import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from annt_prof.errors import UserError
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Mapping

_MIX = "techniques"
_WIDEST = 1_000_000  # columns: lines that somebody wrote are not broken


def lines_to_add(name: str) -> str:
    """Return the YAML that turns a technique on with its default options, written out.

    Raises:
        UserError: No such technique, or its plug-in cannot be loaded.
    """
    return _written({_MIX: {name: _defaults(name)}})


def with_technique(text: str, name: str) -> str:
    """Return a scenario's text with a technique and its default options before the rest of the mix.

    What else the text holds, comments included, stays; blanks may be laid out otherwise.

    Args:
        text: Of a valid scenario.
        name: Of the technique.

    Raises:
        UserError: The mix has it already, the text is no scenario, or there is no such technique.
    """
    document = _read(text)
    mix = document.get(_MIX)
    if mix is None:
        document[_MIX] = CommentedMap({name: _defaults(name)})
    elif not isinstance(mix, CommentedMap):
        raise UserError("is no mapping from techniques to options", where=_MIX)
    elif name in mix:
        raise UserError(f"{name} is in the scenario's mix already")
    else:
        # At the end it would come behind a comment that belongs to what follows the mix.
        mix.insert(0, name, _defaults(name))
    return _written(document)


def _read(text: str) -> CommentedMap:
    try:
        document = _yaml().load(text)
    except (YAMLError, ValueError, RecursionError):
        document = None
    if not isinstance(document, CommentedMap):
        raise UserError("is not a scenario: no mapping of keys to values")
    return document


def _defaults(name: str) -> dict[str, Any]:
    technique = registry.load(name)
    with registry.answering(name):
        options = technique.options()
        fields = dataclasses.fields(technique.options)
    return {field.name: _plain(getattr(options, field.name)) for field in fields}


def _plain(value: object) -> object:
    """Return a value as YAML has it: tuples are lists there."""
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _written(document: Mapping[str, object]) -> str:
    text = io.StringIO()
    _yaml().dump(document, text)
    return text.getvalue()


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDEST
    return yaml
