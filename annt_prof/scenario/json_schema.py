"""The scenario's JSON Schema, in draft 7: what the YAML language server supports.

Pydantic writes draft 2020-12. Of the differences, the models meet two: definitions are named
``definitions``, and whatever stands beside a ``$ref`` is ignored, so the reference is wrapped.

Source: https://json-schema.org/draft-07/json-schema-release-notes and
https://json-schema.org/draft/2019-09/release-notes
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic.json_schema import GenerateJsonSchema

from annt_prof.scenario.budget_keys import BUDGETS
from annt_prof.scenario.budget_schema import OVERLAID, WHOLE, budget_definitions
from annt_prof.scenario.mix import options_model
from annt_prof.scenario.schema import Scenario
from annt_prof.techniques import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core.core_schema import IsInstanceSchema, PlainValidatorFunctionSchema

Json = dict[str, Any]

_DEFINITIONS = "#/definitions/"
_PARTIAL = "Partial"
_MIX = "Techniques"


def json_schema(techniques: Sequence[str] | None = None) -> Json:
    """Return the JSON Schema of scenario files.

    Args:
        techniques: Names that the tuning mix may hold; by default all, plug-ins included.

    Raises:
        UserError: A technique's plug-in cannot be loaded.
    """
    schema = Scenario.model_json_schema(
        ref_template=f"{_DEFINITIONS}{{model}}", schema_generator=_Generator
    )
    definitions: Json = schema.pop("$defs")
    definitions[_MIX] = _mix(registry.names() if techniques is None else techniques)
    schema["properties"]["techniques"] |= {"$ref": f"{_DEFINITIONS}{_MIX}", "default": {}}
    partial = {f"{_PARTIAL}{name}": _partial(part) for name, part in definitions.items()}
    partial[f"{_PARTIAL}Scenario"] = _partial(schema)
    # A budget in an overlay is whole, so that nothing of it may be left out there either.
    schema["properties"][BUDGETS]["$ref"] = f"{_DEFINITIONS}{WHOLE}"
    partial[f"{_PARTIAL}Scenario"]["properties"][BUDGETS]["$ref"] = f"{_DEFINITIONS}{OVERLAID}"
    definitions |= budget_definitions(_DEFINITIONS)
    schema["properties"]["when"] = _when()
    whole = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **schema,
        "title": "annt-prof scenario",
        "definitions": {**definitions, **partial},
    }
    draft_7: Json = _tidied(whole)
    return draft_7


class _Generator(GenerateJsonSchema):
    """Leaves the techniques to us: they are a mapping in a file and a tuple in the program."""

    def function_plain_schema(self, schema: PlainValidatorFunctionSchema) -> Json:  # noqa: ARG002
        return {}

    def is_instance_schema(self, schema: IsInstanceSchema) -> Json:  # noqa: ARG002
        return {}  # budgets, whose schema is budget_schema.py's

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002
        return False  # "Lr" says no more than "lr"


def _mix(names: Sequence[str]) -> Json:
    properties = {}
    for name in names:
        technique = registry.load(name)
        options = options_model(technique).model_json_schema(
            ref_template=f"{_DEFINITIONS}{{model}}", schema_generator=_Generator
        )
        properties[name] = {**options, "type": ["object", "null"], "description": technique.summary}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": properties,
    }


def _when() -> Json:
    return {
        "type": ["object", "null"],
        "description": "What replaces the rest on some machines; stated in the output.",
        "additionalProperties": False,
        "properties": {
            "no_accelerator": {
                "anyOf": [{"$ref": f"{_DEFINITIONS}{_PARTIAL}Scenario"}, {"type": "null"}],
                "description": "In effect on a machine without an accelerator.",
            }
        },
    }


def _partial(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the schema with nothing required and no defaults, down to the last reference."""
    if isinstance(schema, list):
        return [_partial(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key not in ("required", "default")}
    partial = {key: _partial(value) for key, value in kept.items() if key != "properties"}
    if "properties" in kept:
        partial["properties"] = {key: _partial(part) for key, part in kept["properties"].items()}
    if "$ref" in partial:
        partial["$ref"] = partial["$ref"].replace(_DEFINITIONS, f"{_DEFINITIONS}{_PARTIAL}")
    return partial


def _tidied(schema: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: _tidied(value) for key, value in schema.items()}
    if tidy.get("additionalProperties") is True:
        del tidy["additionalProperties"]  # which is the default; pydantic's versions differ
    if "$ref" in tidy and len(tidy) > 1:
        tidy["allOf"] = [{"$ref": tidy.pop("$ref")}]
    return tidy
