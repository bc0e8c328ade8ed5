"""The tuning mix: from technique to options, checked by each technique's own dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from annt_prof.errors import UserError
from annt_prof.techniques import registry

# pydantic looks at the annotation of ChosenTechnique.options as the program runs.
from annt_prof.techniques.technique import Options  # noqa: TC001

if TYPE_CHECKING:
    from collections.abc import Iterator

    from annt_prof.techniques.technique import Technique

STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
"""Closed to unknown keys, and no string passes for a number."""

_PASSED_ON = ("description", "ge", "gt", "le", "lt", "pattern", "min_length", "max_length")


@dataclass(frozen=True)
class ChosenTechnique:
    """One entry of the tuning mix: the technique's name and its validated options."""

    name: str
    options: Options


def options_model(technique: Technique[Any]) -> type[BaseModel]:
    """Return a pydantic model with the fields, constraints and descriptions of the options."""
    options = technique.options
    hints = get_type_hints(options)
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(options):
        hint = hints[field.name]
        settings = {key: field.metadata[key] for key in _PASSED_ON if key in field.metadata}
        if get_origin(hint) is tuple:
            settings["strict"] = False  # YAML has lists only
        if field.default_factory is not dataclasses.MISSING:
            settings["default_factory"] = field.default_factory
        else:
            settings["default"] = field.default
        fields[field.name] = (hint, Field(**settings))
    return create_model(options.__name__, __config__=STRICT, __doc__=technique.summary, **fields)


def parse_mix(value: object) -> tuple[ChosenTechnique, ...]:
    """Return the mix that a mapping from names to options describes, in its order.

    A tuple of :class:`ChosenTechnique` passes unchanged; options of None are the defaults.

    Raises:
        PydanticCustomError: It is no mapping.
        ValidationError: Every unknown technique and wrong option, each with its own place.
    """
    if isinstance(value, tuple) and all(isinstance(item, ChosenTechnique) for item in value):
        return value
    if not isinstance(value, Mapping):
        raise PydanticCustomError("dict_type", "allowed: a mapping from techniques to options")
    mix: list[ChosenTechnique] = []
    errors: list[InitErrorDetails] = []
    for name, options in value.items():
        try:
            mix.append(_choose(str(name), {} if options is None else options))
        except UserError as error:
            problem = PydanticCustomError("technique", "{message}", {"message": error.message})
            errors.append(InitErrorDetails(type=problem, loc=(name,), input=options))
        except ValidationError as error:
            errors.extend(_beneath(name, error))
    if errors:
        raise ValidationError.from_exception_data("techniques", errors)
    return tuple(mix)


def _choose(name: str, options: object) -> ChosenTechnique:
    technique = registry.load(name)
    valid = options_model(technique).model_validate(options)
    given = {key: getattr(valid, key) for key in valid.model_fields_set}
    return ChosenTechnique(name, technique.options(**given))


def _beneath(name: str, error: ValidationError) -> Iterator[InitErrorDetails]:
    for detail in error.errors(include_url=False):
        yield InitErrorDetails(
            type=detail["type"],
            loc=(name, *detail["loc"]),
            input=detail["input"],
            ctx=detail.get("ctx", {}),
        )
